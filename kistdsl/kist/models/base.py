"""What a reconstruction network gives back."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Reconstruction(NamedTuple):
    """A reconstructed batch and what the network itself wants minimised.

    Attributes:
        image: (B, C, S, S) float, [0, 1].
        penalty: (B,) float, added to the loss of each image (zeros where a network has none).
    """

    image: Tensor
    penalty: Tensor


def reconstruct(model: nn.Module, images: Tensor) -> Reconstruction:
    """Run `model`; a network that returns a bare tensor has no penalty.

    Args:
        model: maps (B, C, S, S) to a tensor of that shape or to a `Reconstruction`.
        images: (B, C, S, S) float, [0, 1].
    """
    result = model(images)
    if isinstance(result, Reconstruction):
        return Reconstruction(result.image.float(), result.penalty.float())
    return Reconstruction(result.float(), torch.zeros(len(images), device=images.device))
