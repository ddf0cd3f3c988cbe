"""Candidate maps: where regions may come from, beside the residual (not in the paper).

A map is an image of how odd each pixel is by one simple measure; its regions are those of the residual:
connected pixels above a threshold. One declaration and one small function each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.regions.jit import njit
from kistdsl.regions.picture import Picture
from kistdsl.regions.thresholds import checked, thresholds

RESIDUAL = "residual"
"""The map that is always known: the residual itself."""

GRID = 256
"""Larger images are thinned out to about this many rows and columns before the local median."""

WINDOW_SHARE = 8
"""The local median's window reaches this share of the image's shorter side in each direction."""


@dataclass(frozen=True, slots=True)
class CandidateMap:
    """A map to take regions from, and the thresholds that they lie above.

    Attributes:
        name: "residual" or one of `MAPS`.
        levels: thresholds, ascending.
    """

    name: str
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.name != RESIDUAL and self.name not in MAPS:
            raise InputError(f"no candidate map {self.name!r}; there are {RESIDUAL}, {', '.join(MAPS)}")
        object.__setattr__(self, "levels", tuple(checked(self.levels).tolist()))

    @classmethod
    def by_spread(cls, name: str, mu: float, sigma: float, step: float = 0.3) -> CandidateMap:
        """Thresholds by eq. 9 from the map's own mean and deviation over normal images. Equation: (9)"""
        return cls(name, tuple(thresholds(mu, sigma, step).tolist()))

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """(T,) float64, ascending."""
        return np.array(self.levels, dtype=np.float64)

    def of(self, picture: Picture) -> NDArray[np.floating]:
        """The map of one image, (H, W)."""
        return picture.residual if self.name == RESIDUAL else MAPS[self.name](picture)


def darkness(picture: Picture) -> NDArray[np.float32]:
    """1 - x / local median: 0 as dark as around, 1 black; below 0 where brighter."""
    return (1.0 - _over_local_median(picture)).astype(np.float32)


def brightness(picture: Picture) -> NDArray[np.float32]:
    """x / local median - 1: 0 as bright as around, 1 twice as bright; below 0 where darker."""
    return (_over_local_median(picture) - 1.0).astype(np.float32)


def colour(picture: Picture) -> NDArray[np.float32]:
    """Distance of each pixel's colour from the image's median colour, as in `chroma`; 0 in gray images."""
    if picture.colour is None:
        return np.zeros(picture.shape, np.float32)
    levels = picture.colour.astype(np.float32) / np.float32(picture.colour_scale) + np.float32(1.0)
    green = levels[:, :, 1]
    red = np.log(levels[:, :, 0] / green) - np.float32(picture.log_red_green)
    blue = np.log(levels[:, :, 2] / green) - np.float32(picture.log_blue_green)
    return np.hypot(red, blue).astype(np.float32)


MAPS: dict[str, Callable[[Picture], NDArray[np.float32]]] = {
    "darkness": darkness,
    "brightness": brightness,
    "colour": colour,
}
"""Every candidate map but the residual, by name."""


def spread(values: NDArray[np.floating]) -> tuple[float, float]:
    """(median, 1.4826 times the median absolute deviation): mean and sigma of what is ordinary in a map."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def _over_local_median(picture: Picture) -> NDArray[np.float64]:
    """Gray over the median gray around it (both at least one level)."""
    height, width = picture.shape
    step = max(1, -(-max(height, width) // GRID))
    levels = (picture.codes[::step, ::step] / picture.scale + 0.5).astype(np.uint8)
    reach = max(1, min(levels.shape) // WINDOW_SHARE)
    around = np.maximum(_local_median(levels, reach), 1)
    if step > 1:
        around = np.repeat(np.repeat(around, step, 0), step, 1)[:height, :width]
    ratio: NDArray[np.float64] = np.maximum(picture.codes / picture.scale, 1.0) / around
    return ratio


@njit
def _local_median(levels: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Lower median of each (2 reach + 1)-square window, cut off at the edges (Huang's sliding counts)."""
    height, width = levels.shape
    out = np.empty((height, width), np.uint8)
    counts = np.zeros(256, np.int64)
    for y in range(height):
        top, bottom = max(y - reach, 0), min(y + reach + 1, height)
        counts[:] = 0
        below = pixels = median = 0  # below: pixels of the window under the median
        for x in range(-reach, width):
            entering, leaving = x + reach, x - reach - 1
            for yy in range(top, bottom):
                if entering < width:
                    level = levels[yy, entering]
                    counts[level] += 1
                    below += level < median
                    pixels += 1
                if leaving >= 0:
                    level = levels[yy, leaving]
                    counts[level] -= 1
                    below -= level < median
                    pixels -= 1
            while below > (pixels - 1) // 2:
                median -= 1
                below -= counts[median]
            while below + counts[median] <= (pixels - 1) // 2:
                below += counts[median]
                median += 1
            if x >= 0:
                out[y, x] = median
    return out
