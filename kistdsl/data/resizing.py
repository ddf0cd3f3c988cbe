"""Area resizing, exact: the size at which maps and masks are compared moves the figures, so nothing is guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def resize_area(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    """Each new pixel is the mean over the area that it covers of the old ones, taken as unit squares.

    Args:
        values: (H, W) real numbers or bool.
        size: (height, width) wanted, smaller or larger.

    Returns:
        (height, width) float64.

    >>> resize_area(np.array([[0, 4, 2, 2]]), (1, 2))
    array([[2., 2.]])
    """
    means: NDArray[np.float64] = _area_sums(values, size) / (values.shape[0] * values.shape[1])
    return means


def resize_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask at another size: set where at least one half of the covered area was.

    Args:
        mask: (H, W) bool.
        size: (height, width) wanted.

    Returns:
        (height, width) bool; decided in whole numbers, so that exactly one half counts as set.
    """
    if mask.shape == size:
        return mask
    resized: NDArray[np.bool_] = 2 * _area_sums(mask, size) >= mask.shape[0] * mask.shape[1]
    return resized


def _area_sums(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Integrals over the new pixels, in units of 1 / (height * width) old pixels; exact for integers."""
    sums = values.astype(np.int64 if values.dtype.kind in "biu" else np.float64)
    return _sums_along(_sums_along(sums, size[0]).T, size[1]).T


def _sums_along(values: NDArray[Any], count: int) -> NDArray[Any]:
    """Integrals over `count` equal parts of the first axis, in units of 1 / count of a row."""
    rows = values.shape[0]
    running = np.zeros((rows + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=running[1:])
    whole, part = np.divmod(np.arange(count + 1) * rows, count)
    padded = np.concatenate([values, np.zeros_like(values[:1])])
    at_bounds = running[whole] * count + padded[whole] * part[:, None]
    return np.diff(at_bounds, axis=0)
