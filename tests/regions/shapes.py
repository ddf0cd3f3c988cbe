"""Shapes with known properties, and both ways of measuring them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.layers import layers
from kistdsl.regions.picture import Picture
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.region import Region
from kistdsl.regions.workspace import Workspace

Mask = NDArray[np.bool_]


def picture_of(mask: Mask, gray: NDArray[np.generic] | None = None) -> Picture:
    """An image whose residual is 1 on the mask."""
    levels = np.full(mask.shape, 100, np.uint8) if gray is None else gray
    return Picture.of(levels, mask.astype(np.float32))


def region_of(mask: Mask, gray: NDArray[np.generic] | None = None) -> Region:
    """The mask as one region, connected or not."""
    rows, columns = np.nonzero(mask)
    return Region(rows, columns, picture_of(mask, gray))


def measured(mask: Mask, name: str, gray: NDArray[np.generic] | None = None) -> float:
    """The property of a connected mask; the kernel's value, which must be the plain one."""
    plain = PROPERTIES[name](region_of(mask, gray))
    picture = picture_of(mask, gray)
    (layer,) = layers(Workspace(frozenset([name])), picture.residual, np.array([0.5]), picture, [name])
    (value,) = layer.columns[name]
    assert value == plain, name
    return float(value)


def disc(radius: float, size: int, cy: float | None = None, cx: float | None = None) -> Mask:
    """Pixels within `radius` of a centre, by default the image's."""
    y, x = np.mgrid[:size, :size]
    middle = (size - 1) / 2
    mask: Mask = (y - (middle if cy is None else cy)) ** 2 + (x - (middle if cx is None else cx)) ** 2 <= (
        radius * radius
    )
    return mask


def box(height: int, width: int, margin: int = 4) -> Mask:
    """A rectangle in the middle of an image."""
    return np.pad(np.ones((height, width), np.bool_), margin)


def ring(outer: float, inner: float, size: int) -> Mask:
    return disc(outer, size) & ~disc(inner, size)


def ell(arm: int, thickness: int, margin: int = 4) -> Mask:
    """An L of two arms of the same length."""
    mask = np.zeros((arm, arm), np.bool_)
    mask[:, :thickness] = True
    mask[-thickness:, :] = True
    return np.pad(mask, margin)


def diagonal(n: int, margin: int = 4) -> Mask:
    """Pixels that touch at corners only, falling to the right."""
    return np.pad(np.eye(n, dtype=np.bool_), margin)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], times: int) -> NDArray[np.float64]:
    """White noise averaged over the four neighbours a few times: regions of all shapes."""
    noise = rng.standard_normal(shape)
    for _ in range(times):
        shifted = (np.roll(noise, 1, 0), np.roll(noise, -1, 0), np.roll(noise, 1, 1), np.roll(noise, -1, 1))
        noise = (noise + sum(shifted)) / 5
    return noise
