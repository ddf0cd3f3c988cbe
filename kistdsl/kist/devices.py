"""Which device a run works on."""

from __future__ import annotations

import torch

from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings


def choose_device(settings: Settings) -> torch.device:
    """The device that the settings name.

    Raises:
        InputError: cuda is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if settings.device == "cuda" and not available:
        raise InputError("device cuda: this torch sees no CUDA device; take --device cpu")
    return torch.device("cuda" if available and settings.device != "cpu" else "cpu")
