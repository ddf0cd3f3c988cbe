"""One image as the region properties read it: gray, colour, residual, and what is typical of it.

Gray levels are kept as whole numbers ("codes", `scale` of them a gray level), so that sums over a
region are exact and every way of computing them gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.regions.codes import Codes, block_deviations, gray_codes, median_code
from kistdsl.regions.jit import njit

BLOCK = 16
"""Side, in pixels, of the blocks whose median unevenness is the image's typical one."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image and its residual.

    Attributes:
        codes: (H, W) uint8 or uint16, gray in units of 1 / scale gray levels.
        scale: codes a gray level: 1 for 8-bit gray, 257 for 16-bit, 256 for fractional levels.
        residual: (H, W) floating, finite.
        colour: (H, W, 3) codes of red, green, blue, or None for a gray image.
        colour_scale: codes a colour level.
        name: what messages call the image.
    """

    codes: Codes
    scale: float
    residual: NDArray[np.floating]
    colour: Codes | None = None
    colour_scale: float = 1.0
    name: str = field(default="the image")

    @classmethod
    def of(
        cls,
        gray: NDArray[np.generic],
        residual: NDArray[np.generic],
        *,
        image: NDArray[np.generic] | None = None,
        name: str = "the image",
    ) -> Picture:
        """Check and convert one image.

        Args:
            gray: (H, W) uint8 (0..255), uint16 (0..65535) or floating (0..255) gray levels; floating
                levels are read to the nearest 1/256.
            residual: (H, W) floating or integer, finite.
            image: (H, W, 3) RGB like `gray`, for the colour properties; (H, W) counts as no colour.
            name: what messages call the image.

        Raises:
            InputError: sizes differ, a value is NaN or out of range, or a dtype is none of the above.
        """
        errors = as_residual(residual, name)
        codes, scale = gray_codes(np.asarray(gray), 2, name)
        if codes.shape != errors.shape:
            raise InputError(f"{name}: the residual is {_size(errors)} pixels, the image {_size(codes)}")
        if image is None or image.ndim == 2:
            return cls(codes, scale, errors, name=name)
        colour, colour_scale = gray_codes(np.asarray(image), 3, name)
        if colour.shape != (*codes.shape, 3):
            raise InputError(f"{name}: colours of shape {colour.shape}, expected {(*codes.shape, 3)}")
        return cls(codes, scale, errors, colour, colour_scale, name)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.codes.shape[0], self.codes.shape[1]

    @cached_property
    def median_gray(self) -> float:
        """Median gray level of the image, 0..255; of an even number of pixels the mean of the middle two."""
        return median_code(self.codes) / self.scale

    @cached_property
    def typical_unevenness(self) -> float:
        """Median over 16x16 blocks of the standard deviation of gray, in gray levels."""
        return float(np.median(block_deviations(self.codes, BLOCK))) / self.scale

    @cached_property
    def log_red_green(self) -> float:
        """Lower median of log((R + 1) / (G + 1)) over the image; 0 without colour."""
        return self._log_ratio(0)

    @cached_property
    def log_blue_green(self) -> float:
        """Lower median of log((B + 1) / (G + 1)) over the image; 0 without colour."""
        return self._log_ratio(2)

    def _log_ratio(self, channel: int) -> float:
        if self.colour is None:
            return 0.0
        # The logarithm is monotone: the median of the ratios is enough, and float32 tells them apart.
        one = np.float32(self.colour_scale)
        ratio = ((self.colour[:, :, channel] + one) / (self.colour[:, :, 1] + one)).ravel()
        middle = (ratio.size - 1) // 2
        return log(float(np.partition(ratio, middle)[middle]))


def as_residual(residual: NDArray[np.generic], name: str) -> NDArray[np.floating]:
    """A residual (or another candidate map) as a contiguous (H, W) float32 or float64 array.

    Raises:
        InputError: not two-dimensional, empty, not numbers, or not all finite, naming the first such pixel.
    """
    array = np.asarray(residual)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"{name}: a residual is (H, W), not of shape {array.shape}")
    if array.dtype.kind not in "fiub":
        raise InputError(f"{name}: a residual of {array.dtype}, not of numbers")
    dtype = np.float32 if array.dtype in (np.float16, np.float32) else np.float64
    errors: NDArray[np.floating] = np.ascontiguousarray(array, dtype=dtype)
    if not all_finite(errors):
        row, column = np.argwhere(~np.isfinite(errors))[0]
        what = "NaN" if np.isnan(errors[row, column]) else "infinite"
        raise InputError(f"{name}: the residual is {what} at row {row + 1}, column {column + 1}")
    return errors


@njit
def all_finite(values: NDArray[np.floating]) -> bool:
    """Whether none of the (H, W) values is NaN or infinite."""
    found = 0
    for y in range(values.shape[0]):
        line = values[y]
        for x in range(line.size):
            found |= line[x] - line[x] != 0.0
    return found == 0


def _size(array: NDArray[np.generic]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
