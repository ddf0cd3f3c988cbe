"""Random flips and transposes of a batch, as tensor operations on its device."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Augmentation = Literal["none", "flips", "dihedral"]


def draw_symmetries(kind: Augmentation, count: int, generator: torch.Generator) -> Tensor:
    """(count, 3) bool: flip left-right, flip up-down, transpose, for each image."""
    coins = torch.randint(2, (count, 3), generator=generator, dtype=torch.bool)
    if kind == "none":
        return torch.zeros_like(coins)
    if kind == "flips":
        coins[:, 2] = False
    return coins


def apply_symmetries(images: Tensor, symmetries: Tensor) -> Tensor:
    """Apply drawn symmetries.

    Args:
        images: (B, C, S, S), any dtype.
        symmetries: (B, 3) bool from `draw_symmetries`.

    Returns:
        (B, C, S, S); flips first, then the transpose.
    """
    coins = symmetries.to(images.device).view(-1, 3, 1, 1, 1)
    images = torch.where(coins[:, 0], images.flip(3), images)
    images = torch.where(coins[:, 1], images.flip(2), images)
    return torch.where(coins[:, 2], images.transpose(2, 3), images)
