"""Pseudo-labelled regions copied onto normal images: many defects from few (not in the paper).

A self-trained network sees a handful of labelled images again and again and learns them by heart. A
region that was labelled is turned, scaled, moved and laid onto a normal image: there the label is known
to the pixel, and everything around it is known to be normal. The same done with pieces of normal images
teaches that a seam alone is no defect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, max_pool2d

RIM = 2
"""Pixels around a region that travel with it."""

RING = (3, 8)
"""The surroundings of a region, whose level its contrast is measured against: this far from it, in pixels."""

_DARKEST = 0.02  # levels below this say nothing about contrast
_LARGEST_GAIN = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Connected regions of label masks.

    Attributes:
        owner: (R,) int64, the image that each region is of.
        masks: (R, 1, S, S) bool, with a rim of `RIM` pixels.
        centre: (R, 2) float32, x and y of the bounding box's middle, in [-1, 1].
        weight: (R,) float32, square root of the pixels: larger regions are drawn more often, yet small ones too.
    """

    owner: Tensor
    masks: Tensor
    centre: Tensor
    weight: Tensor

    @classmethod
    def of(cls, labels: NDArray[np.bool_], device: torch.device) -> Self:
        """The 8-connected regions of (N, S, S) masks; none where all are empty."""
        owner, masks, centre, weight = [], [], [], []
        side = labels.shape[-1]
        for number, label in enumerate(labels):
            count, parts, facts, _ = cv2.connectedComponentsWithStats(label.astype(np.uint8), connectivity=8)
            for part in range(1, count):
                left, top, width, height, area = (int(fact) for fact in facts[part])
                owner.append(number)
                masks.append(cv2.dilate((parts == part).astype(np.uint8), np.ones((3, 3)), iterations=RIM))
                centre.append((2 * (left + width / 2) / side - 1, 2 * (top + height / 2) / side - 1))
                weight.append(sqrt(area))
        shape = (len(masks), 1, side, side)
        stacked = np.array(masks, np.bool_).reshape(shape)
        return cls(
            torch.tensor(owner, dtype=torch.long, device=device),
            torch.from_numpy(stacked).to(device),
            torch.tensor(centre, dtype=torch.float32, device=device).view(-1, 2),
            torch.tensor(weight, dtype=torch.float32),
        )

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Where regions go: drawn once a batch, the same on every process.

    Attributes:
        region: (B,) int64, which region.
        linear: (B, 2, 2) float32, from places on the host to places around the region's centre.
        target: (B, 2) float32, the region's centre on the host, in [-1, 1].
        strength: (B,) float32, factor on the region's contrast to its surroundings.
    """

    region: Tensor
    linear: Tensor
    target: Tensor
    strength: Tensor

    @classmethod
    def draw(
        cls,
        regions: Regions,
        count: int,
        *,
        turn: float,
        size: float,
        fade: float,
        generator: torch.Generator,
    ) -> Self:
        """Draw `count` regions and their places.

        Args:
            regions: at least one.
            turn: largest turn in degrees, either way; 180 for any.
            size: a region is scaled by exp of up to this much, either way.
            fade: deviation of the logarithm of its strength (cut off at twice that).
            generator: on the CPU.
        """
        region = torch.multinomial(regions.weight, count, replacement=True, generator=generator)
        unit = torch.rand(count, 5, generator=generator)
        angle = (2 * unit[:, 0] - 1) * turn * pi / 180
        scale = torch.exp((2 * unit[:, 1] - 1) * size)
        flip = torch.where(unit[:, 2] < 0.5, -1.0, 1.0)
        cos, sin = angle.cos() / scale, angle.sin() / scale
        linear = torch.stack([flip * cos, flip * sin, -sin, cos], 1).view(-1, 2, 2)
        strength = torch.exp(fade * torch.randn(count, generator=generator).clamp(-2, 2))
        return cls(region, linear, 1.8 * unit[:, 3:] - 0.9, strength)

    def part(self, chosen: Callable[[Tensor], Tensor]) -> Self:
        """The same moves for some of the images: `chosen` picks them from each field."""
        return type(self)(
            chosen(self.region), chosen(self.linear), chosen(self.target), chosen(self.strength)
        )


def paste(hosts: Tensor, donors: Tensor, regions: Regions, moves: Moves) -> tuple[Tensor, Tensor]:
    """Lay one region of each donor onto each host, with its contrast to what surrounds it.

    A region's levels relative to its surroundings are what makes it odd; so they are carried over, not
    the levels themselves: (a + s (d - a)) h / a in each channel, d the donor's level, a and h the mean
    levels around the region on donor and host, s the drawn strength.

    Args:
        hosts: (B, C, S, S) in [0, 1], normal images.
        donors: (B, C, S, S) in [0, 1], the images that own `moves.region`.
        regions: whose masks are read.
        moves: of B regions.

    Returns:
        (B, C, S, S) images, and (B, 1, S, S) bool: where the pasted region prevails. Its rim is blended
        over about 2 pixels.
    """
    device = hosts.device
    region = moves.region.to(device)
    linear, target = moves.linear.to(device), moves.target.to(device)
    shift = regions.centre[region] - (linear @ target.unsqueeze(2)).squeeze(2)
    grid = affine_grid(torch.cat([linear, shift.unsqueeze(2)], 2), list(hosts.shape), align_corners=False)
    moved = grid_sample(donors, grid, padding_mode="reflection", align_corners=False)
    inside = grid_sample(regions.masks[region].float(), grid, padding_mode="zeros", align_corners=False)
    blend = avg_pool2d(avg_pool2d(inside, 3, 1, 1), 3, 1, 1)
    around = (near(inside > 0.5, RING[1]) & ~near(inside > 0.5, RING[0])).float()
    strength = moves.strength.to(device).view(-1, 1, 1, 1)
    laid = _with_contrast(moved, _mean_over(moved, around), _mean_over(hosts, around), strength)
    return hosts + blend * (laid - hosts), blend > 0.5


def _mean_over(images: Tensor, mask: Tensor) -> Tensor:
    """(B, C, 1, 1) mean level of each channel over the mask; 0 where it is empty."""
    return (images * mask).sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True).clamp_min(1)


def _with_contrast(moved: Tensor, around: Tensor, host: Tensor, strength: Tensor) -> Tensor:
    """Levels of a region brought to another surface; where the level around it says nothing, as they are."""
    gain = (host / around.clamp_min(_DARKEST)).clamp(1 / _LARGEST_GAIN, _LARGEST_GAIN)
    carried = (around + strength * (moved - around)) * gain
    return torch.where(around > _DARKEST, carried, moved).clamp(0, 1)


def near(masks: Tensor, distance: int) -> Tensor:
    """(B, 1, S, S) bool: within `distance` pixels (square window) of a True pixel of `masks`."""
    side = 2 * distance + 1  # rows, then columns: a square window at the cost of its sides
    rows = max_pool2d(masks.float(), (1, side), 1, (0, distance))
    return max_pool2d(rows, (side, 1), 1, (distance, 0)) > 0
