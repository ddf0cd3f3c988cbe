"""Candidate maps: where regions may come from, beside the residual (not in the paper).

A map is an image of how odd each pixel is by one simple measure; its regions are those of the residual:
connected pixels above a threshold. One declaration and one small function each. `NAME@P` is the map NAME
smoothed over P percent of the image's shorter side: `darkness@2.5` finds wide shadows where `darkness`
finds cracks.
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
        name: "residual" or one of `MAPS`, with `@P` behind it when smoothed over P percent.
        levels: thresholds, ascending.
    """

    name: str
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        split_name(self.name)
        object.__setattr__(self, "levels", tuple(checked(self.levels).tolist()))

    @classmethod
    def by_spread(
        cls, name: str, mu: float, sigma: float, step: float = 0.3, reach: float = 3.0
    ) -> CandidateMap:
        """Thresholds by eq. 9 from the map's own mean and deviation over normal images. Equation: (9)"""
        return cls(name, tuple(thresholds(mu, sigma, step, reach).tolist()))

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """(T,) float64, ascending."""
        return np.array(self.levels, dtype=np.float64)

    def of(self, picture: Picture) -> NDArray[np.floating]:
        """The map of one image, (H, W)."""
        return map_values(self.name, picture)


def split_name(name: str) -> tuple[str, float]:
    """(map, smoothing in percent of the shorter side, 0 for none) of `NAME` or `NAME@P`.

    >>> split_name("darkness@2.5")
    ('darkness', 2.5)

    Raises:
        InputError: no such map, or P is not a number in (0, 50].
    """
    base, at, percent = name.partition("@")
    if base != RESIDUAL and base not in MAPS:
        raise InputError(f"no candidate map {base!r}; there are {RESIDUAL}, {', '.join(MAPS)}")
    if not at:
        return base, 0.0
    try:
        share = float(percent)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 50.0:
        raise InputError(f"candidate map {name!r}: behind @ stands a percentage above 0, up to 50")
    return base, share


def map_values(name: str, picture: Picture) -> NDArray[np.floating]:
    """The map `name` of one image, (H, W) floating, smoothed if the name says so.

    Raises:
        InputError: as `split_name`.
    """
    base, percent = split_name(name)
    values = picture.residual if base == RESIDUAL else MAPS[base](picture)
    return smoothed(values, percent / 100 * min(picture.shape)) if percent else values


def smoothed(values: NDArray[np.floating], sigma: float) -> NDArray[np.float32]:
    """Three box means along each axis: near a Gaussian, and as fast for a wide one.

    Args:
        values: (H, W) floating, finite.
        sigma: deviation in pixels, at least 0; the boxes are the odd widths whose variances add up to
            nearest its square.

    Returns:
        (H, W) float32; windows are cut off at the image's edges.
    """
    short = int(((4 * sigma * sigma + 1) ** 0.5 - 1) / 2)
    missing = sigma * sigma - 3 * _box_variance(short)
    longer = round(missing / (_box_variance(short + 1) - _box_variance(short)))
    out = values.astype(np.float64)
    for number in range(3):
        reach = short + (number < longer)
        out = _box_mean(_box_mean(out, reach).T, reach).T
    return out.astype(np.float32)


def _box_variance(reach: int) -> float:
    """Variance of a box of width 2 reach + 1: (width^2 - 1) / 12."""
    return reach * (reach + 1) / 3


def _box_mean(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Mean of the up to 2 reach + 1 rows around each row."""
    height = values.shape[0]
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    rows = np.arange(height)
    top, bottom = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, height)
    mean: NDArray[np.float64] = (sums[bottom] - sums[top]) / (bottom - top)[:, None]
    return mean


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


def _over_local_median(picture: Picture) -> NDArray[np.float64]:
    """Gray over the median gray around it (both at least one level)."""
    height, width = picture.shape
    step = max(1, -(-max(height, width) // GRID))
    levels = (picture.codes[::step, ::step] / picture.scale + 0.5).astype(np.uint8)
    reach = max(1, min(levels.shape) // WINDOW_SHARE)
    around = np.empty(levels.shape, np.uint8)
    _local_median(levels, reach, around, np.zeros(256, np.int64))
    around = np.maximum(around, 1)
    if step > 1:
        around = np.repeat(np.repeat(around, step, 0), step, 1)[:height, :width]
    ratio: NDArray[np.float64] = np.maximum(picture.codes / picture.scale, 1.0) / around
    return ratio


@njit
def _local_median(
    levels: NDArray[np.uint8], reach: int, out: NDArray[np.uint8], counts: NDArray[np.int64]
) -> None:
    """Lower median of each (2 reach + 1)-square window, cut off at the edges (Huang's sliding counts).

    `out` is as large as `levels`; `counts` has 256 places.
    """
    height, width = levels.shape
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
