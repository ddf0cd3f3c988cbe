"""Gray levels as whole numbers, and exact statistics of them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError

Codes: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

SCALE_16 = 257.0
"""Codes a gray level in 16-bit images: 65535 / 255."""

SCALE_FRACTIONAL = 256.0
"""Codes a gray level where levels are fractions: they are read to the nearest 1/256."""


def gray_codes(levels: NDArray[np.generic], axes: int, name: str) -> tuple[Codes, float]:
    """Gray or colour levels as contiguous whole numbers, and how many of them make one gray level.

    Args:
        levels: (H, W) or (H, W, 3), uint8, uint16 or floating in 0..255.
        axes: how many axes the array must have.
        name: what messages call the image.

    Raises:
        InputError: another shape or dtype, NaN, or a level outside 0..255.
    """
    if levels.ndim != axes or levels.size == 0:
        what = "(H, W)" if axes == 2 else "(H, W, 3)"
        raise InputError(f"{name}: gray levels are {what}, not of shape {levels.shape}")
    if levels.dtype == np.uint8:
        return np.ascontiguousarray(levels, dtype=np.uint8), 1.0
    if levels.dtype == np.uint16:
        return np.ascontiguousarray(levels, dtype=np.uint16), SCALE_16
    if levels.dtype.kind != "f":
        raise InputError(f"{name}: gray levels of {levels.dtype}; uint8, uint16 or floating are read")
    values = levels.astype(np.float64)
    if not (values.min() >= 0.0 and values.max() <= 255.0):  # NaN fails as well
        raise InputError(f"{name}: gray levels lie in 0..255, not {values.min():g}..{values.max():g}")
    return np.ascontiguousarray(np.floor(values * SCALE_FRACTIONAL + 0.5), dtype=np.uint16), SCALE_FRACTIONAL


def median_code(codes: Codes) -> float:
    """Median of whole numbers; of an even number of them the mean of the middle two."""
    counts = np.cumsum(np.bincount(codes.ravel()))
    n = int(counts[-1])
    low, high = np.searchsorted(counts, [(n - 1) // 2, n // 2], side="right")
    return (int(low) + int(high)) / 2.0


def block_deviations(codes: Codes, side: int) -> NDArray[np.float64]:
    """Standard deviation (divisor N) of each side x side block, those at the far edges cut off.

    Args:
        codes: (H, W) whole numbers.
        side: pixels.

    Returns:
        (ceil(H / side), ceil(W / side)) float64, in codes.
    """
    rows, columns = (np.arange(0, n, side) for n in codes.shape)

    def sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
        by_rows = np.add.reduceat(values, rows, axis=0)
        total: NDArray[np.int64] = np.add.reduceat(by_rows, columns, axis=1)
        return total

    values = codes.astype(np.int64)
    heights = np.diff([*rows, codes.shape[0]])
    widths = np.diff([*columns, codes.shape[1]])
    n = np.outer(heights, widths)
    mean = sums(values) / n
    result: NDArray[np.float64] = np.sqrt(np.maximum(sums(values * values) / n - mean * mean, 0.0))
    return result
