"""Numbers are read exactly."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.language.spelling import number_value

from .strategies import number_texts


def nearest(text: str) -> float:
    """The float nearest to the number, through exact fractions."""
    plain = text.rstrip("%")
    mantissa, _, exponent = plain.lower().partition("e")
    exact = Fraction(mantissa if mantissa[-1] != "." else f"{mantissa}0") * Fraction(10) ** int(exponent or 0)
    return float(exact / (100 if text.endswith("%") else 1))


@given(number_texts())
def test_the_nearest_float(text: str) -> None:
    assert number_value(text) == nearest(text)


@given(st.decimals(min_value=0, max_value=100, places=6))
def test_percentages_are_rounded_once(value: object) -> None:
    assert number_value(f"{value}%") == nearest(f"{value}%")


def test_a_case_where_dividing_rounds_twice() -> None:
    assert number_value("2%") == 0.02
    wrong = [n for n in range(1, 100000) if (n / 1000) / 100 != number_value(f"{n / 1000}%")]
    assert wrong, "dividing by 100 would do: the test says nothing"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-inf", -math.inf),
        ("INF", math.inf),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3%", 1e-5),
        ("1e99999999999999999999%", math.inf),
        ("1e-99999999999999999999%", 0.0),
        ("0e99999999999999999999%", 0.0),
        ("-1e99999999999999999999%", -math.inf),
    ],
)
def test_ends_of_the_range(text: str, value: float) -> None:
    assert number_value(text) == value
