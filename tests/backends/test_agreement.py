"""Every backend gives the reference's bits, on generated programs and tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.backends.base import NO_RULE
from kistdsl.backends.registry import backend
from kistdsl.backends.tolerances import TOLERANCES
from kistdsl.diagnostics import InputError
from kistdsl.ir import reference
from kistdsl.ir.lower import lower
from kistdsl.ir.nodes import DTYPES
from kistdsl.ir.passes import optimise
from tests.ir.programs import programs, tables

BACKENDS = ["numpy", "numba"]


def same_bits(got: np.ndarray, want: np.ndarray) -> None:
    """Equal bit for bit; any NaN equals any NaN."""
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    kind = {4: np.uint32, 8: np.uint64}[want.dtype.itemsize]
    differs = (got.view(kind) != want.view(kind)) & ~(np.isnan(got) & np.isnan(want))
    assert not differs.any(), (np.argwhere(differs)[:5], got[differs][:5], want[differs][:5])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BACKENDS)
@given(data=st.data())
@settings(max_examples=25)  # an example compiles four kernels
def test_all_results_equal_the_reference(name, dtype, data):
    program, skip_missing = data.draw(programs()), data.draw(st.booleans())
    try:
        lowered = optimise(lower(program, dtype))
    except InputError:
        return  # a number that float32 cannot hold: said, not rounded away
    with np.errstate(over="ignore"):
        columns = [c.astype(dtype) for c in data.draw(tables(program))]
    names = [c.name for c in program.columns]
    outcomes = [
        reference.evaluate(
            program, dict(zip(names, row, strict=True)), dtype=dtype, skip_missing=skip_missing
        )
        for row in zip(*columns, strict=True)
    ]
    assert TOLERANCES[name, dtype] == 0.0
    kernel = backend(name).compile(lowered)
    want = np.array([o.grade for o in outcomes], dtype)
    same_bits(kernel.grade(columns, skip_missing=skip_missing), want)
    winners = kernel.evaluate(columns, skip_missing=skip_missing)
    same_bits(winners.grade, want)
    rules = [NO_RULE if o.rule is None else o.rule for o in outcomes]
    np.testing.assert_array_equal(winners.rule, rules)
    targets = [NO_RULE if o.target is None else program.classes.index(o.target) for o in outcomes]
    np.testing.assert_array_equal(winners.target, targets)
    same_bits(kernel.matrix(columns), np.array([o.rule_grades for o in outcomes], dtype))
    decided = kernel.decide(columns, skip_missing=skip_missing)
    np.testing.assert_array_equal(decided, [o.anomalous for o in outcomes])


@pytest.mark.parametrize(("dtype", "truth_value"), [("float64", 1e-310), ("float32", 1e-40)])
@pytest.mark.parametrize("name", BACKENDS)
def test_a_tiny_truth_value_gives_no_negative_zero(name, dtype, truth_value):
    """Just below an edge a value that is not clamped yet is negative, and its product with the truth value -0.0."""
    rules = kistdsl.compile(
        f"IF area is high THEN anomalous ({truth_value})\nIF gray is low THEN anomalous ({truth_value})"
    )
    program = rules.program
    edge = np.dtype(dtype).type(0.6)
    area = np.array([np.nextafter(edge, np.dtype(dtype).type(0)), edge, 1.0] * 13, dtype)
    gray = np.full(area.shape, 255.0, dtype)
    want = [
        reference.evaluate(program, {"area": a, "gray": g}, dtype=dtype).grade
        for a, g in zip(area, gray, strict=True)
    ]
    kernel = backend(name).compile(rules.lowered(dtype))
    same_bits(kernel.grade([area, gray]), np.array(want, dtype))
    same_bits(kernel.evaluate([area, gray]).grade, np.array(want, dtype))
