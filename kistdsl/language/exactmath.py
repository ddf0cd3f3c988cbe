"""Elementary functions that give the same bits everywhere, and that never step backwards.

Each function is built from + - * /, comparisons, floor, frexp and ldexp alone, all of which IEEE 754
fixes exactly. The NumPy, Numba, torch and C backends repeat these steps in this order, without fused
multiply-add, and so agree with Python bit for bit.

Every function is also monotone as a function from floats to floats, by construction: a Horner scheme
with positive coefficients and a non-negative argument is a chain of monotone roundings, and the seams
between binades are clamped. That makes alpha-cuts of memberships exact closed intervals, found by
bisection (`kistdsl.language.memberships`).

Measured against the C library: `exp` within 2 ulp, `cbrt` within 4 ulp, `log` within
5e-16 * max(1, |log x|) absolutely, `power(x, y)` within 1 ulp for each multiplication of a whole y up
to 64, else within 2 + 3 * y * max(1, |log x|) ulp.
"""

from __future__ import annotations

import math

LOG2E = 1.4426950408889634
LN2_HI = 6.93147180369123816490e-01
"""ln 2 to 32 bits: k * LN2_HI is exact for the k that occur."""
LN2_LO = 1.90821492927058770002e-10
LN2 = 0.6931471805599453
EXP_LIMIT = 800.0
"""exp is 0 below -EXP_LIMIT and infinite above EXP_LIMIT; arguments are clamped there first."""
EXP_COEFFICIENTS: tuple[float, ...] = tuple(1.0 / math.factorial(n) for n in range(17, -1, -1))
"""Horner coefficients of exp on [0, ln 2], highest power first."""
LOG_COEFFICIENTS: tuple[float, ...] = tuple(2.0 / (2 * n + 1) for n in range(17, -1, -1))
"""Horner coefficients of 2 atanh(s) / s in s^2 on [0, 1/9], highest power first."""
WHOLE_POWER_LIMIT = 64
"""`power` multiplies for whole exponents up to this one."""


def exp(x: float) -> float:
    """e to the x. NaN in, NaN out; exp(0) is exactly 1; underflows gradually to 0, overflows to inf."""
    if x != x:
        return x
    x = min(max(x, -EXP_LIMIT), EXP_LIMIT)
    k = float(math.floor(x * LOG2E))
    r = max((x - k * LN2_HI) - k * LN2_LO, 0.0)
    p = EXP_COEFFICIENTS[0]
    for coefficient in EXP_COEFFICIENTS[1:]:
        p = p * r + coefficient
    p = min(p, 2.0)
    half = math.floor(k / 2.0)
    # Two exact powers of two: one alone would leave the range of float64 at either end.
    return (p * math.ldexp(1.0, half)) * math.ldexp(1.0, int(k) - half)


def log(x: float) -> float:
    """Natural logarithm of x >= 0. NaN in, NaN out; log(0) is -inf; log(1) is exactly 0."""
    if x != x or x == math.inf:
        return x
    if x == 0.0:
        return -math.inf
    mantissa, exponent = math.frexp(x)
    e = float(exponent - 1)
    # s = (m - 1) / (m + 1) in the form that rounds monotonically.
    s = 1.0 - 2.0 / (1.0 + 2.0 * mantissa)
    z = s * s
    p = LOG_COEFFICIENTS[0]
    for coefficient in LOG_COEFFICIENTS[1:]:
        p = p * z + coefficient
    value = e * LN2_HI + (s * p + e * LN2_LO)
    seam = (e + 1.0) * LN2_HI + (e + 1.0) * LN2_LO
    return min(value, seam)


def whole_power(x: float, n: int) -> float:
    """x to the n >= 1 by repeated squaring, the least significant bit of n first."""
    result: float | None = None
    square = x
    while True:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n == 0:
            assert result is not None
            return result
        square = square * square


def is_whole_power(y: float) -> bool:
    """Whether `power(x, y)` multiplies instead of taking logarithms."""
    return y == math.floor(y) and 1.0 <= y <= WHOLE_POWER_LIMIT


def power(x: float, y: float) -> float:
    """x to the y for x >= 0 and y > 0. NaN in, NaN out; power(0, y) is 0 and power(1, y) is 1."""
    if is_whole_power(y):
        return whole_power(x, int(y))
    return exp(y * log(x))


def cbrt(x: float) -> float:
    """Cube root of x >= 0. NaN in, NaN out; exact for powers of eight; cbrt(1) is exactly 1."""
    if x != x or x == 0.0 or x == math.inf:
        return x
    mantissa, exponent = math.frexp(x)
    q = math.floor((exponent - 1) / 3.0)
    m = math.ldexp(mantissa, exponent - 3 * q)  # in [1, 8)
    return min(exp(log(m) / 3.0), 2.0) * math.ldexp(1.0, q)
