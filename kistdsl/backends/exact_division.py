"""Division by a constant as a multiplication and a fused multiply-add, with a proof for that constant.

With zh = RN(1 / c) and zl = RN(1 / c - zh), the two steps q = RN(x zh + RN(x zl)) give RN(x / c) for
every x, for most c (Brisebarre, Muller and Raina 2004). Where they could fail, x / c lies so near to the
middle between two floats that x solves a congruence modulo c with a remainder of a few units: a handful
of x, which are tried here in exact arithmetic. No constant is trusted without this proof.

Holds where nothing overflows or is subnormal; who uses it has to see to that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

PRECISION = {"float64": 53, "float32": 24}
"""Bits of the significand."""


@dataclass(frozen=True)
class Reciprocal:
    """x / c = RN(x high + RN(x low)); `low` is 0 for a power of two, where x high alone is exact."""

    high: float
    low: float


@lru_cache(maxsize=4096)
def reciprocal(c: float, precision: int) -> Reciprocal | None:
    """The two factors that replace a division by c > 0, or None where they would not always be exact."""
    exact = 1 / Fraction(c)
    high = nearest(exact, precision)
    low = nearest(exact - high, precision)
    if low == 0:
        return Reciprocal(float(high), 0.0)
    # |x high + RN(x low) - x / c| <= error * |x / c|
    error = Fraction(c) * (abs(exact - high - low) + abs(low) * Fraction(1, 2**precision))
    mantissa = Fraction(c) / Fraction(2) ** (math.frexp(c)[1] - precision)
    for x in _doubtful(int(mantissa), precision, error):
        if nearest(x * high + nearest(x * low, precision), precision) != nearest(x / Fraction(c), precision):
            return None
    return Reciprocal(float(high), float(low))


def _doubtful(c: int, precision: int, error: Fraction) -> Iterator[Fraction]:
    """All x of `precision` bits for which x / c lies within `error` of a middle between two floats."""
    twos = (c & -c).bit_length() - 1
    odd = c >> twos
    top = 2**precision
    for power in (precision, precision + 1):  # x >= c, x < c
        largest = math.floor(error * top * 2**power)
        for remainder in (n for n in range(-largest, largest + 1) if n and n % 2**twos == 0):
            # x 2^power = remainder (mod c)
            x = (remainder >> twos) * pow(2 ** (power - twos), -1, odd) % odd if odd > 1 else 0
            start = x + -(-(top // 2 - x) // odd) * odd
            for candidate in range(start, top, odd):
                yield Fraction(candidate)


def nearest(x: Fraction, precision: int) -> Fraction:
    """x rounded to `precision` bits, ties to even, without limits on the exponent."""
    if x == 0:
        return x
    exponent = abs(x).numerator.bit_length() - abs(x).denominator.bit_length() - precision
    if abs(x) / Fraction(2) ** exponent >= 2**precision:
        exponent += 1
    unit = Fraction(2) ** exponent
    return round(x / unit) * unit
