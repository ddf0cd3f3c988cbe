"""Which device a run works on."""

from __future__ import annotations

import os

import torch

from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings


def choose_device(settings: Settings) -> torch.device:
    """The device that the settings name.

    Raises:
        InputError: cuda is asked for and there is none, or there are fewer devices than processes.
    """
    available = torch.cuda.is_available()
    if settings.device == "cuda" and not available:
        raise InputError("device cuda: this torch sees no CUDA device; take --device cpu")
    if not available or settings.device == "cpu":
        return torch.device("cpu")
    own = int(os.environ.get("LOCAL_RANK", "0"))  # torchrun: each process of a machine has its device
    if own >= torch.cuda.device_count():
        raise InputError(
            f"process {own} of this machine has no CUDA device; there are {torch.cuda.device_count()}"
        )
    device = torch.device("cuda", own)
    torch.cuda.set_device(device)
    return device
