"""The residual thresholds that pseudo-labelling walks through (eq. 9)."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, isfinite

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError

MAX_THRESHOLDS = 255
"""More levels than this do not fit the kernel's one byte a pixel, nor any use."""


def thresholds(mu: float, sigma: float, step: float = 0.3, reach: float = 3.0) -> NDArray[np.float64]:
    """Residual thresholds mu + n * step * sigma for ceil(1 / step) <= n <= floor(reach / step).

    The bounds of n are found with the decimal fraction that `step` is written as, so that a step of 0.3
    gives n = 4..10: seven thresholds, the last at mu + 3 sigma.

    Args:
        mu: mean residual over all pixels of the normal training images.
        sigma: their standard deviation, at least 0.
        step: the paper's s, in (0, reach].
        reach: the last threshold lies at most at mu + reach * sigma; 3 in the paper. Maps with a heavy
            tail need more to take a defect apart from what it touches.

    Returns:
        (T,) float64, ascending.

    Raises:
        InputError: a number that is not finite, a negative sigma, or a step that gives no threshold or
            more than 255 of them.

    Equation: (9)

    >>> thresholds(0.0, 1.0, 0.3).round(12).tolist()
    [1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0]
    """
    if not all(map(isfinite, (mu, sigma, step, reach))):
        raise InputError(
            f"thresholds need finite numbers, not mu {mu}, sigma {sigma}, step {step}, reach {reach}"
        )
    if sigma < 0:
        raise InputError(f"sigma is {sigma}; a standard deviation is at least 0")
    if step <= 0:
        raise InputError(f"step is {step}; it must lie above 0")
    exact = Fraction(repr(float(step)))
    first, last = ceil(1 / exact), floor(Fraction(repr(float(reach))) / exact)
    if last < first:
        raise InputError(f"step {step} gives no threshold between mu + sigma and mu + {reach:g} sigma")
    if last - first + 1 > MAX_THRESHOLDS:
        raise InputError(f"step {step} gives {last - first + 1} thresholds; at most {MAX_THRESHOLDS}")
    return np.array([mu + n * step * sigma for n in range(first, last + 1)], dtype=np.float64)


def checked(values: object) -> NDArray[np.float64]:
    """Any sequence of thresholds as an ascending (T,) float64 array without repetitions.

    Raises:
        InputError: none, more than 255, or one that is not finite.
    """
    array = np.unique(np.asarray(values, dtype=np.float64).ravel())
    if not 1 <= array.size <= MAX_THRESHOLDS:
        raise InputError(f"{array.size} thresholds; between 1 and {MAX_THRESHOLDS} are needed")
    if not np.isfinite(array).all():
        raise InputError("a threshold is not a finite number")
    return array
