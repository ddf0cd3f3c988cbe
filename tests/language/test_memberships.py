"""Membership functions: values worked out by hand, and cuts and bounds against the function itself."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.language.floatline import before, behind
from kistdsl.language.memberships import HEDGES, MEMBERSHIPS, STANDARD_TERMS, MembershipFunction
from tests.ir.programs import functions

INF, NAN = math.inf, math.nan


def build(name: str, *arguments: float) -> MembershipFunction:
    kind = MEMBERSHIPS[name]
    assert kind.validate(arguments) is None
    return kind.build(arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "x", "want"),
    [
        ("trapmf", (0.2, 0.4, 0.6, 0.8), 0.4, 1.0),
        ("trapmf", (0.2, 0.4, 0.6, 0.8), 0.2, 0.0),
        ("trapmf", (0.0, 2.0, 4.0, 8.0), 0.5, 0.25),
        ("trapmf", (0.0, 2.0, 4.0, 8.0), 7.0, 0.25),
        ("trapmf", (0.0, 0.0, 35.0, 50.0), 0.0, 1.0),
        ("trapmf", (0.0, 0.0, 35.0, 50.0), -1e-300, 0.0),
        ("trapmf", (-INF, -INF, 0.2, 0.4), -INF, 1.0),
        ("trapmf", (0.6, 0.8, INF, INF), INF, 1.0),
        ("trimf", (0.0, 1.0, 3.0), 2.0, 0.5),
        ("trimf", (1.0, 1.0, 3.0), 1.0, 1.0),
        ("rectmf", (1.0, 2.0), 2.0, 1.0),
        ("rectmf", (1.0, 2.0), math.nextafter(2.0, 3.0), 0.0),
        ("gaussmf", (1.0, 2.0), 1.0, 1.0),
        ("gbellmf", (2.0, 1.0, 5.0), 7.0, 0.5),
        ("gbellmf", (2.0, 1.5, 5.0), INF, 0.0),
        ("sigmf", (3.0, 2.0), 2.0, 0.5),
        ("sigmf", (-3.0, 2.0), INF, 0.0),
        ("smf", (0.0, 4.0), 1.0, 0.125),
        ("smf", (0.0, 4.0), 2.0, 0.5),
        ("smf", (1.0, 1.0), 1.0, 1.0),
        ("zmf", (0.0, 4.0), 3.0, 0.125),
        ("zmf", (1.0, 1.0), 1.0, 1.0),
        ("zmf", (1.0, 1.0), math.nextafter(1.0, 2.0), 0.0),
        ("pimf", (0.0, 4.0, 5.0, 9.0), 4.5, 1.0),
        ("points", (0.0, 0.25, 2.0, 0.75), 1.0, 0.5),
        ("points", (0.0, 0.25, 2.0, 0.75), -5.0, 0.25),
        ("points", (0.0, 0.0, 1.0, 0.2, 1.0, 0.9, 2.0, 1.0), 1.0, 0.9),
    ],
)
def test_values_by_hand(name, arguments, x, want):
    assert build(name, *arguments).evaluate(x) == want


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("trapmf", (0.4, 0.2, 0.6, 0.8), "a = 0.4 must not be above b = 0.2"),
        ("trapmf", (-INF, 0.2, 0.6, 0.8), "both infinite or both finite"),
        ("trapmf", (INF, INF, INF, INF), "no finite value reaches 1"),
        ("trapmf", (-1e308, 1e308, 1e308, 1e308), "too far apart"),
        ("rectmf", (INF, INF), "no finite value"),
        ("gaussmf", (0.0, 0.0), "sigma must be above 0"),
        ("gbellmf", (1.0, -1.0, 0.0), "slope must be above 0"),
        ("sigmf", (0.0, 1.0), "slope must not be 0"),
        ("smf", (0.0, INF), "b must be a finite number"),
        ("points", (0.0, 1.5), "y = 1.5 must lie between 0 and 1"),
        ("points", (1.0, 0.5, 0.0, 0.5), "x1 = 1 must not be above x2 = 0"),
    ],
)
def test_numbers_without_a_meaning(name, arguments, says):
    assert says in str(MEMBERSHIPS[name].validate(arguments))


@given(functions(), st.floats(allow_nan=False))
def test_values_lie_in_the_unit_interval(function, x):
    value = function.evaluate(x)
    assert 0.0 <= value <= function.supremum() <= 1.0
    assert math.copysign(1.0, value) == 1.0
    assert math.isnan(function.evaluate(NAN))


@given(functions(), st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1)), st.floats(allow_nan=False))
def test_cuts_are_exact_at_their_ends(function, level, x):
    cut = function.cut(level)
    near = [p for low, high in cut for p in (before(low), low, high, behind(high))]
    for value in [x, *near, *function.kink_points()]:
        assert (function.evaluate(value) >= level) == any(low <= value <= high for low, high in cut)
    assert all(high < low for (_, high), (low, _) in pairwise(cut))


@given(functions(), st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 1))
def test_bounds_hold_and_are_reached(function, a, b, share):
    low, high = min(a, b), max(a, b)
    least, most = function.bounds(low, high)
    inside = min(max(low + share * (high - low), low), high)
    assert least <= function.evaluate(inside) <= most
    candidates = [low, high, *function.kink_points()]
    candidates += [f(k) for k in function.kink_points() for f in (before, behind)]
    values = {function.evaluate(x) for x in candidates if low <= x <= high}
    assert {least, most} <= values


@given(functions(), st.floats(-5, 5))
def test_monotone_between_kinks(function, x):
    following = behind(x)
    kinks = function.kink_points()
    if any(x <= k <= following for k in kinks):
        return
    left = max([k for k in kinks if k < x], default=-INF)
    right = min([k for k in kinks if k > following], default=INF)
    rising = function.evaluate(behind(left)) <= function.evaluate(before(right))
    a, b = function.evaluate(x), function.evaluate(following)
    assert a <= b if rising else a >= b


@given(functions(), st.floats(-4, 4, width=32))
def test_float32_keeps_to_float32(function, x):
    with np.errstate(all="ignore"):
        narrow = function.cast(np.float32)
        if MEMBERSHIPS[function.kind].validate([float(a) for a in narrow.arguments]):
            return  # sigma rounded to 0, say: `kistdsl.ir.rounding.cast` refuses that
        value = narrow.evaluate(np.float32(x))
    assert value == np.float32(value)
    assert 0.0 <= value <= 1.0


@given(functions())
def test_arguments_build_the_same_function_again(function):
    assert MEMBERSHIPS[function.kind].build(function.arguments) == function


def test_hedges():
    values = {name: hedge.evaluate(0.125) for name, hedge in HEDGES.items()}
    assert values == {
        "very": 0.015625,
        "extremely": 0.001953125,
        "somewhat": math.sqrt(0.125),
        "slightly": 0.5,
    }
    assert all(hedge.evaluate(edge) == edge for hedge in HEDGES.values() for edge in (0.0, 1.0))
    assert all(math.isnan(hedge.evaluate(NAN)) for hedge in HEDGES.values())


def test_standard_terms_are_figure_5():
    low, mid, high = STANDARD_TERMS["low"], STANDARD_TERMS["mid"], STANDARD_TERMS["high"]
    assert [f.evaluate(0.3) for f in (low, mid, high)] == [
        (0.4 - 0.3) / (0.4 - 0.2),
        (0.3 - 0.2) / (0.4 - 0.2),
        0.0,
    ]
