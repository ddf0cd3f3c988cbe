"""Randomness by name: each draw comes from a generator that its own name and the seed make.

No generator lives from one step to the next, so a run that is resumed at step k draws what an
unbroken run draws at step k, and no generator state needs storing.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import numpy as np
import torch


def number(seed: int, *names: object) -> int:
    """A 63-bit number that depends on `seed` and all `names`.

    >>> number(0, "initial", 3) == number(0, "initial", 3) != number(0, "initial", 4)
    True
    """
    text = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_generator(seed: int, *names: object) -> torch.Generator:
    """A CPU generator for what `names` says (small draws move to the device afterwards)."""
    return torch.Generator().manual_seed(number(seed, *names))


def numpy_generator(seed: int, *names: object) -> np.random.Generator:
    """A NumPy generator for what `names` says."""
    return np.random.default_rng(number(seed, *names))


@contextlib.contextmanager
def initial_weights(seed: int, *names: object) -> Iterator[None]:
    """Layers built inside get weights that depend on `seed` and `names` alone; global state is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number(seed, *names))
        yield


@contextlib.contextmanager
def global_draws(device: torch.device, seed: int, *names: object) -> Iterator[None]:
    """Layers that draw from torch's global generator (a user's dropout) draw by name too; it is put back."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(number(seed, *names))
        yield


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    """Ask torch for algorithms that give the same bits each time, where it has them."""
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
