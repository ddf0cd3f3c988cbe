"""The reconstruction methods of Tables II and III: how each trains on normal images, and its map at test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from kistdsl.kist.config import Settings
from kistdsl.kist.losses import (
    focal_frequency,
    multiscale_gradient_dissimilarity,
    squared_error,
    ssim_map,
    weighted_frequency,
)
from kistdsl.kist.models.base import Reconstruction, reconstruct
from kistdsl.kist.seed import torch_generator

RIAD_SETS = 3
"""Disjoint masks of RIAD: each pixel is removed, and painted in, once."""

_RIAD_MEAN_FILTER = 21  # side of the mean filter of RIAD's score map, at 256 pixels


class Method(Protocol):
    """A way to train a reconstruction network and to read anomalies off it."""

    def reconstruct(self, network: nn.Module, images: Tensor, draw: torch.Generator) -> Reconstruction:
        """(B, C, S, S) in [0, 1] to the reconstruction that the losses compare it with."""
        ...

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        """(B,) loss of normal images."""
        ...

    def error(self, images: Tensor, output: Tensor) -> Tensor:
        """(B, 1, S, S) error of each pixel, at least 0, for the anomalous and background terms of eq. 13."""
        ...

    def score(self, network: nn.Module, images: Tensor) -> Tensor:
        """(B, 1, S, S) anomaly map before any filter."""
        ...


class L2:
    """Eq. 8: mean squared error; the map is e(x), averaged over channels."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def reconstruct(self, network: nn.Module, images: Tensor, draw: torch.Generator) -> Reconstruction:
        return reconstruct(network, images)

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        return squared_error(images, output).mean((1, 2, 3))

    def error(self, images: Tensor, output: Tensor) -> Tensor:
        return squared_error(images, output)

    def score(self, network: nn.Module, images: Tensor) -> Tensor:
        return self.error(images, reconstruct(network, images).image)


class Ssim(L2):
    """Bergmann et al. [16]: loss and map are 1 - SSIM (window 11, sigma 1.5)."""

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        return self.error(images, output).mean((1, 2, 3))

    def error(self, images: Tensor, output: Tensor) -> Tensor:
        return 1 - ssim_map(images, output)


class Ffl(L2):
    """Focal frequency loss beside the mean squared error; the map is e(x)."""

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        focal = focal_frequency(images, output, self.settings.ffl_exponent)
        return focal + self.settings.ffl_l2 * super().loss(images, output)


class Wfd(L2):
    """Weighted frequency loss [17] as we read it; the map is e(x)."""

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        return weighted_frequency(images, output, self.settings.wfd_gain)


def disjoint_masks(size: int, side: int, draw: torch.Generator) -> Tensor:
    """RIAD's masks: squares of `side` pixels dealt at random into three disjoint, together complete sets.

    Returns:
        (3, 1, size, size) float, 1 where a pixel is removed; the three add up to 1 everywhere.
    """
    cells = -(-size // side)
    order = torch.randperm(cells * cells, generator=draw) % RIAD_SETS
    of_pixel = order.view(cells, cells).repeat_interleave(side, 0).repeat_interleave(side, 1)
    sets = torch.arange(RIAD_SETS).view(-1, 1, 1, 1)
    return (of_pixel[:size, :size] == sets).float()


class Riad(L2):
    """Inpainting [18]: each pixel is reconstructed from an image in which it was removed.

    Trains with L2 + MSGMS + SSIM, one side of the squares a step; the map is the mean over all sides of
    the multi-scale gradient dissimilarity, smoothed by a mean filter (21 pixels at 256).
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sides = sorted({max(2, round(settings.scaled(side))) for side in settings.riad_scales})
        filter_side = round(settings.scaled(_RIAD_MEAN_FILTER))
        self.filter_side = filter_side + 1 - filter_side % 2
        self._at_test: list[Tensor] = []

    def reconstruct(self, network: nn.Module, images: Tensor, draw: torch.Generator) -> Reconstruction:
        choice = int(torch.randint(len(self.sides), (), generator=draw))
        return self._inpaint(network, images, disjoint_masks(images.shape[-1], self.sides[choice], draw))

    def _inpaint(self, network: nn.Module, images: Tensor, masks: Tensor) -> Reconstruction:
        removed = masks.to(images.device)
        parts = [reconstruct(network, images * (1 - mask)) for mask in removed]
        whole = sum((part.image * mask for part, mask in zip(parts, removed, strict=True)), images * 0)
        return Reconstruction(whole, torch.stack([part.penalty for part in parts]).mean(0))

    def loss(self, images: Tensor, output: Tensor) -> Tensor:
        gradient = multiscale_gradient_dissimilarity(images, output)
        structure = 1 - ssim_map(images, output)
        return super().loss(images, output) + (gradient + structure).mean((1, 2, 3))

    def _masks_at_test(self, size: int) -> list[Tensor]:
        """Of every side; drawn once, so that an exported model holds them."""
        if not self._at_test:
            draws = [torch_generator(self.settings.seed, "riad at test", side) for side in self.sides]
            self._at_test = [
                disjoint_masks(size, side, draw) for side, draw in zip(self.sides, draws, strict=True)
            ]
        return self._at_test

    def score(self, network: nn.Module, images: Tensor) -> Tensor:
        maps = []
        for masks in self._masks_at_test(int(images.shape[-1])):
            output = self._inpaint(network, images, masks).image
            maps.append(multiscale_gradient_dissimilarity(images, output))
        mean = torch.stack(maps).mean(0)
        frame = self.filter_side // 2
        return avg_pool2d(pad(mean, (frame,) * 4, mode="replicate"), self.filter_side, 1)


METHODS: dict[str, Callable[[Settings], Method]] = {
    "l2": L2,
    "ssim": Ssim,
    "ffl": Ffl,
    "wfd": Wfd,
    "riad": Riad,
}
"""Every method that learns from normal images, by its name on the command line."""
