"""Alpha-cuts decide as grades do, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kistdsl.diagnostics import InputError
from kistdsl.ir import cuts, reference
from kistdsl.ir.lower import lower
from kistdsl.ir.nodes import DTYPES
from kistdsl.ir.passes import optimise
from kistdsl.language import checked
from tests.ir.programs import SPAN, programs, tables
from tests.ir.test_reference import AREA, GRAY, program, says


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@settings(max_examples=40)
def test_a_cut_decides_as_the_reference_does(dtype, data):
    source = data.draw(programs(norms=("zadeh",)))
    try:
        lowered = optimise(lower(source, dtype))
    except InputError:
        return
    cut = cuts.decision(lowered)
    assert cut is not None
    with np.errstate(over="ignore"):
        columns = [c.astype(dtype) for c in data.draw(tables(source))]
    names = [c.name for c in source.columns]
    for row in zip(*columns, strict=True):
        if not np.isnan(row).any():
            values = dict(zip(names, row, strict=True))
            want = reference.evaluate(source, values, dtype=dtype).anomalous
            assert cuts.holds(cut, [float(x) for x in row]) == want


@given(st.data())
@settings(max_examples=40)
def test_at_the_very_ends_of_the_intervals(data):
    source = data.draw(programs(norms=("zadeh",)))
    lowered = optimise(lower(source))
    cut = cuts.decision(lowered)
    ends = {float(x) for x in _ends(cut)} | {0.5}
    names = [c.name for c in source.columns]
    near = [
        f(x)
        for x in ends
        for f in (lambda v: np.nextafter(v, -np.inf), float, lambda v: np.nextafter(v, np.inf))
    ]
    for _ in range(20):
        row = [float(data.draw(st.sampled_from(near))) for _ in names]
        want = reference.evaluate(source, dict(zip(names, row, strict=True))).anomalous
        assert cuts.holds(cut, row) == want


def _ends(cut: cuts.Cut) -> list[float]:
    if isinstance(cut, cuts.Inside):
        return [end for interval in cut.intervals for end in interval]
    return [end for part in cut.parts for end in _ends(part)]


def test_a_conjunction_is_one_interval_a_property():
    both = checked.And((says(GRAY, "low"), says(AREA, "high")), SPAN)
    cut = cuts.decision(optimise(lower(program((both, 0.8, "crack")))))
    # tv = alpha: only a membership of exactly 1 passes
    assert cut == cuts.AllOf(
        (cuts.Inside(0, ((0.8, np.inf),)), cuts.Inside(1, ((-np.inf, 51.0),)))
    ) or cut == (cuts.AllOf((cuts.Inside(1, ((-np.inf, 51.0),)), cuts.Inside(0, ((0.8, np.inf),)))))


def test_a_rule_that_cannot_reach_alpha_has_no_cut():
    assert cuts.decision(optimise(lower(program((says(GRAY, "low"), 0.5, "crack"))))) == cuts.NEVER


def test_other_norms_do_not_decompose():
    both = checked.And((says(GRAY, "low"), says(AREA, "high")), SPAN)
    assert cuts.decision(optimise(lower(program((both, 1.0, "crack"), norms="product")))) is None
