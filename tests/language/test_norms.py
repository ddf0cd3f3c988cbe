"""Families of operators: the table's steps do what its words say, and every stage knows every family."""

from __future__ import annotations

import importlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.engine import rule_parts
from kistdsl.ir import lower
from kistdsl.language.norms import FAMILIES

UNIT = st.floats(0.0, 1.0)
WORDS = {"a b": "a * b", "a + b - a b": "a + b - a * b"}


@pytest.mark.parametrize("name", FAMILIES)
@given(a=UNIT, b=UNIT)
def test_the_steps_are_the_words(name: str, a: float, b: float) -> None:
    family = FAMILIES[name]
    for join, words in ((family.both, family.both_text), (family.either, family.either_text)):
        said = eval(WORDS.get(words, words), {"a": a, "b": b, "min": min, "max": max})
        assert join(a, b) == pytest.approx(said, rel=1e-15, abs=1e-16)
        assert 0.0 <= join(a, b) <= 1.0


@pytest.mark.parametrize(
    ("name", "both", "either"),
    [("zadeh", 0.5, 0.75), ("product", 0.375, 0.875), ("lukasiewicz", 0.25, 1.0)],
)
def test_values(name: str, both: float, either: float) -> None:
    assert (FAMILIES[name].both(0.5, 0.75), FAMILIES[name].either(0.5, 0.75)) == (both, either)


@pytest.mark.parametrize("name", FAMILIES)
def test_nan_stays_nan(name: str) -> None:
    family = FAMILIES[name]
    for join in (family.both, family.either):
        assert all(math.isnan(join(a, b)) for a, b in ((math.nan, 0.5), (0.5, math.nan), (0.0, math.nan)))


def test_every_stage_knows_every_family() -> None:
    tables = (lower.CONJUNCTION, lower.DISJUNCTION, rule_parts._AND, rule_parts._OR)
    assert all(set(table) == set(FAMILIES) for table in tables)


def test_torch_knows_every_family() -> None:
    pytest.importorskip("torch")
    torch_math = importlib.import_module("kistdsl.backends.torch_math")
    assert set(torch_math.CONJUNCTION) == set(torch_math.DISJUNCTION) == set(FAMILIES)
