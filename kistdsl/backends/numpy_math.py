"""`kistdsl.language.exactmath` on float64 arrays, the same steps in the same order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.language import exactmath as em

Array = NDArray[np.float64]


def exp(x: Array) -> Array:
    """See `exactmath.exp`."""
    x = np.clip(x, -em.EXP_LIMIT, em.EXP_LIMIT)
    known = np.where(np.isnan(x), 0.0, x)
    k = np.floor(known * em.LOG2E)
    r = np.maximum((known - k * em.LN2_HI) - k * em.LN2_LO, 0.0)
    p = np.full_like(r, em.EXP_COEFFICIENTS[0])
    for coefficient in em.EXP_COEFFICIENTS[1:]:
        p = p * r + coefficient
    p = np.minimum(p, 2.0)
    half = np.floor(k / 2.0).astype(np.int32)
    value = np.ldexp(np.ldexp(p, half), k.astype(np.int32) - half)
    return np.where(np.isnan(x), x, value)


def log(x: Array) -> Array:
    """See `exactmath.log`."""
    mantissa, exponent = np.frexp(x)
    e = exponent.astype(np.float64) - 1.0
    s = 1.0 - 2.0 / (1.0 + 2.0 * mantissa)
    z = s * s
    p = np.full_like(z, em.LOG_COEFFICIENTS[0])
    for coefficient in em.LOG_COEFFICIENTS[1:]:
        p = p * z + coefficient
    value = e * em.LN2_HI + (s * p + e * em.LN2_LO)
    value = np.minimum(value, (e + 1.0) * em.LN2_HI + (e + 1.0) * em.LN2_LO)
    value = np.where(x == 0.0, -np.inf, value)
    return np.where(np.isnan(x) | np.isposinf(x), x, value)


def power(x: Array, y: float) -> Array:
    """See `exactmath.power`."""
    if not em.is_whole_power(y):
        return exp(y * log(x))
    n, square = int(y), x
    result: Array | None = None
    while True:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n == 0 and result is not None:
            return result
        square = square * square


def cbrt(x: Array) -> Array:
    """See `exactmath.cbrt`."""
    plain = np.isfinite(x) & (x > 0.0)
    mantissa, exponent = np.frexp(np.where(plain, x, 1.0))
    q = np.floor((exponent - 1) / 3.0).astype(np.int32)
    m = np.ldexp(mantissa, exponent - 3 * q)
    return np.where(plain, np.ldexp(np.minimum(exp(log(m) / 3.0), 2.0), q), x)
