"""Division as multiplication and fused multiply-add: the proof, against all there is to try."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.backends.exact_division import nearest, reciprocal


def tried(c: Fraction, precision: int) -> bool:
    """Whether the two steps divide every significand by c correctly."""
    exact = 1 / c
    high = nearest(exact, precision)
    low = nearest(exact - high, precision)
    return all(
        nearest(x * high + nearest(x * low, precision), precision) == nearest(x / c, precision)
        for x in range(2 ** (precision - 1), 2**precision)
    )


@pytest.mark.parametrize("precision", [6, 7, 8])
def test_the_proof_finds_exactly_the_constants_that_work(precision):
    for c in range(2 ** (precision - 1), 2**precision):
        assert (reciprocal(float(c), precision) is not None) == tried(Fraction(c), precision), c


@given(st.floats(1e-3, 1e3), st.lists(st.floats(1e-30, 1e30), min_size=5, max_size=5))
def test_proven_constants_divide_correctly(c, xs):
    factors = reciprocal(c, 53)
    if factors is None:
        return
    for x in xs:
        low = Fraction(x) * Fraction(factors.low)
        q = nearest(Fraction(x) * Fraction(factors.high) + nearest(low, 53), 53)
        assert float(q) == x / c


@given(st.floats(-1e300, 1e300))
def test_nearest_is_float_rounding(x):
    assert float(nearest(Fraction(x) / 3, 53)) == x / 3 or abs(x) < 1e-300


def test_most_constants_are_proven():
    draw = random.Random(1)
    constants = [draw.uniform(0.01, 300) for _ in range(300)]
    for precision, rounded in ((53, float), (24, lambda c: float(np.float32(c)))):
        assert sum(reciprocal(rounded(c), precision) is not None for c in constants) > 280


def test_a_power_of_two_needs_one_factor():
    assert reciprocal(4.0, 53).low == 0.0
