"""Gray levels as whole numbers, and exact statistics of them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.regions.jit import njit

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
    """Median of (H, W) whole numbers; of an even number of them the mean of the middle two."""
    counts = np.zeros(int(np.iinfo(codes.dtype).max) + 1, np.int64)
    _count(codes, counts)
    below = np.cumsum(counts)
    n = int(below[-1])
    low, high = np.searchsorted(below, [(n - 1) // 2, n // 2], side="right")
    return (int(low) + int(high)) / 2.0


@njit
def _count(codes: Codes, counts: NDArray[np.int64]) -> None:
    for y in range(codes.shape[0]):
        line = codes[y]
        for x in range(line.size):
            counts[line[x]] += 1


def block_deviations(codes: Codes, side: int) -> NDArray[np.float64]:
    """Standard deviation (divisor N) of each side x side block, those at the far edges cut off.

    Args:
        codes: (H, W) whole numbers.
        side: pixels.

    Returns:
        (ceil(H / side), ceil(W / side)) float64, in codes.
    """
    height, width = codes.shape
    sums = np.zeros((2, -(-height // side), -(-width // side)), np.int64)
    _sum_blocks(codes, side, sums)
    heights = np.diff([*range(0, height, side), height])
    widths = np.diff([*range(0, width, side), width])
    n = np.outer(heights, widths)
    mean = sums[0] / n
    result: NDArray[np.float64] = np.sqrt(np.maximum(sums[1] / n - mean * mean, 0.0))
    return result


@njit
def _sum_blocks(codes: Codes, side: int, sums: NDArray[np.int64]) -> None:
    """Add up the codes of each block, and their squares."""
    for y in range(codes.shape[0]):
        line, totals, squares = codes[y], sums[0, y // side], sums[1, y // side]
        for b in range(totals.size):
            total = square = np.int64(0)
            for x in range(b * side, min((b + 1) * side, line.size)):
                code = np.int64(line[x])
                total += code
                square += code * code
            totals[b] += total
            squares[b] += square
