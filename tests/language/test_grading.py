"""Bounds of grades: the evaluator's own number where all is known, and never crossed where something is not."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kistdsl.ir import reference
from kistdsl.language.grading import rule_grades

from ..ir.programs import programs, tables


@settings(max_examples=60)
@given(st.data())
def test_known_values_give_the_evaluators_bits(data: st.DataObject) -> None:
    program = data.draw(programs())
    columns = data.draw(tables(program, rows=8))
    for row in zip(*columns, strict=True):
        values = dict(zip((c.name for c in program.columns), map(float, row), strict=True))
        if any(math.isnan(v) for v in values.values()):
            continue
        outcome = reference.evaluate(program, values)
        grades = list(rule_grades(program, values))
        assert [g.grade.low for g in grades] == list(outcome.rule_grades)
        assert all(g.grade.known and g.truth.known for g in grades)


@settings(max_examples=50)
@given(st.data())
def test_bounds_hold_whatever_is_unknown(data: st.DataObject) -> None:
    program = data.draw(programs())
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    names = [c.name for c in program.columns]
    known = {name: rng.uniform(-0.2, 1.4) * c.gamma for name, c in zip(names, program.columns, strict=True)}
    listed = {name: value for name, value in known.items() if rng.random() < 0.5}
    bounds = list(rule_grades(program, listed))
    for _ in range(10):
        filled = {c.name: rng.uniform(-0.2, 1.4) * c.gamma for c in program.columns} | listed
        grades = reference.evaluate(program, filled).rule_grades
        for bound, grade in zip(bounds, grades, strict=True):
            assert bound.grade.low - 1e-12 <= grade <= bound.grade.high + 1e-12


@pytest.mark.parametrize("norms", ["zadeh", "product", "lukasiewicz"])
def test_nothing_known(norms: str) -> None:
    from kistdsl.language import checked

    from ..ir.test_reference import AREA, GRAY, program, says

    both = checked.And((says(AREA, "low"), says(GRAY, "low")), says(AREA, "low").span)
    (found,) = rule_grades(program((both, 0.8, "anomalous"), norms=norms), {})
    assert (found.grade.low, found.grade.high) == (0.0, 0.8)
