"""Where along one property the decision flips: exact to the last float."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kistdsl.ir import reference
from kistdsl.language.floatline import before, behind
from kistdsl.language.intervals import complement, deciding_values, intersection, nearest, needed_truth
from kistdsl.language.literals import ranges_of

from ..ir.programs import programs


@settings(max_examples=60)
@given(st.data())
def test_deciding_values_are_exact(data: st.DataObject) -> None:
    program = data.draw(programs(norms=("zadeh",)))
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    ranges = ranges_of(program)
    values = {
        c.name: min(max(rng.uniform(-0.2, 1.4) * c.gamma, ranges[c.name][0]), ranges[c.name][1])
        for c in program.columns
    }
    for column in program.columns:
        low, high = ranges[column.name]
        found = deciding_values(program, values, column.name)
        assert found is not None

        def anomalous(value: float, name: str = column.name) -> bool:
            return reference.evaluate(program, {**values, name: value}).anomalous

        probes = {low, high, values[column.name]}
        for a, b in found:
            probes |= {a, b, before(a), behind(b), a + (b - a) / 2}
        for a, b in complement(found, low, high):
            probes |= {a, b, a + (b - a) / 2}
        probes |= {low + (min(high, 1e3) - low) * rng.random() for _ in range(10)}
        for value in probes:
            if low <= value <= high:
                assert anomalous(value) == any(a <= value <= b for a, b in found), (column.name, value)


@settings(max_examples=50)
@given(st.data())
def test_other_norms_up_to_rounding(data: st.DataObject) -> None:
    program = data.draw(programs(norms=("product", "lukasiewicz")))
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    values = {c.name: rng.random() * c.gamma for c in program.columns}
    for column in program.columns:
        found = deciding_values(program, values, column.name)
        low, high = ranges_of(program)[column.name]
        if found is None:
            continue
        for _ in range(10):
            value = low + (min(high, 1e3) - low) * rng.random()
            outcome = reference.evaluate(program, {**values, column.name: value})
            if abs(outcome.grade - program.alpha) > 1e-12:
                assert outcome.anomalous == any(a <= value <= b for a, b in found)


def test_interval_algebra() -> None:
    first, second = ((0.0, 1.0), (2.0, 3.0)), ((0.5, 2.0),)
    assert intersection(first, second) == ((0.5, 1.0), (2.0, 2.0))
    assert complement(first, 0.0, 4.0) == ((behind(1.0), before(2.0)), (behind(3.0), 4.0))
    assert complement((), 0.0, 1.0) == ((0.0, 1.0),)
    assert nearest(first, 1.4) == 1.0
    assert nearest(first, 2.5) == 2.5
    assert nearest((), 2.5) is None


@pytest.mark.parametrize(("tv", "alpha", "expected"), [(0.8, 0.8, 1.0), (1.0, 0.8, 0.8), (0.7, 0.8, None)])
def test_needed_truth(tv: float, alpha: float, expected: float | None) -> None:
    found = needed_truth(tv, alpha)
    assert found == expected or (found is not None and expected is not None and math.isclose(found, expected))
    if found is not None:
        assert tv * found >= alpha
        assert tv * before(found) < alpha
