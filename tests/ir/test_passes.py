"""The passes: what each is for, that it keeps every bit, and that a broken one is caught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.backends.numpy_backend import NumpyKernel
from kistdsl.diagnostics import InputError
from kistdsl.ir import nodes as ir
from kistdsl.ir.lower import lower
from kistdsl.ir.passes import PASSES, optimise
from kistdsl.ir.printer import to_text
from kistdsl.ir.verify import CompilerBug, verify
from kistdsl.language import checked
from kistdsl.language import memberships as mf
from tests.ir.programs import SPAN, programs, tables
from tests.ir.test_reference import AREA, GRAY, program, says


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() == b.tobytes() or np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("name", [name for name, _ in PASSES])
@given(data=st.data())
def test_each_pass_keeps_every_rule_grade(name, data):
    before = data.draw(programs())
    dtype = data.draw(st.sampled_from(ir.DTYPES))
    try:
        lowered = lower(before, dtype)
    except InputError:
        return
    for each, run in PASSES:
        after = run(lowered)
        if each == name:
            break
        lowered = after
    with np.errstate(over="ignore"):
        columns = [c.astype(dtype) for c in data.draw(tables(before))]
    assert same(NumpyKernel(verify(lowered, "before")).matrix(columns), NumpyKernel(after).matrix(columns))


@given(programs())
def test_nothing_is_left_to_share_or_drop(source):
    done = optimise(lower(source))
    assert len(set(done.nodes)) == len(done.nodes)
    assert to_text(optimise(lower(source))) == to_text(done)


def count(done: ir.Program, kind: type) -> int:
    return sum(isinstance(node, kind) for node in done.nodes)


def test_a_membership_that_two_rules_share_is_computed_once():
    low = says(GRAY, "low")
    both = checked.And((low, says(AREA, "high")), SPAN)
    done = optimise(lower(program((low, 1.0, "crack"), (both, 0.8, "anomalous"))))
    assert count(done, ir.Ramp) == 2
    assert count(done, ir.Step) == 0  # the open sides of low and high


def test_one_clamp_a_conjunction():
    both = checked.And((says(GRAY, "mid"), says(AREA, "high")), SPAN)
    assert count(optimise(lower(program((both, 1.0, "crack")))), ir.Clamp) == 1


def test_gamma_is_folded_only_where_no_bit_changes():
    power, other = replace(GRAY, gamma=256.0), replace(GRAY, gamma=255.0)
    for column, divisions in ((power, 0), (other, 1)):
        assert count(optimise(lower(program((says(column, "low"), 1.0, "crack")))), ir.Divide) == divisions


@pytest.mark.parametrize("dtype", ir.DTYPES)
def test_gamma_is_folded_into_steps_whatever_it_is(dtype):
    flat = checked.Term("band", None, mf.Rectangle(0.1, 0.7))
    band = checked.Proposition("gray", 255.0, flat, (), False, SPAN)
    done = optimise(lower(program((band, 1.0, "crack")), dtype))
    assert count(done, ir.Divide) == 0
    first, last = (node.at for node in done.nodes if isinstance(node, ir.Step))
    real = np.dtype(dtype).type
    for x, edge, out in ((first, 0.1, -np.inf), (last, 0.7, np.inf)):
        inside, outside = real(x) / real(255), np.nextafter(real(x), real(out)) / real(255)
        assert (inside >= real(edge)) == (out < 0) or inside == real(edge)
        assert (outside < real(edge)) if out < 0 else (outside > real(edge))


def test_a_rule_that_never_wins_is_dead_but_in_the_matrix():
    low = says(GRAY, "low")
    both = checked.And((low, says(AREA, "high")), SPAN)
    again = (says(AREA, "high"), 0.1, "crack")
    done = optimise(lower(program((low, 0.9, "crack"), (both, 0.9, "anomalous"), again)))
    assert [rule.live for rule in done.rules] == [True, False, True]
    alone = optimise(lower(program((low, 0.9, "crack"), (both, 0.9, "anomalous"))))
    assert [rule.live for rule in alone.rules] == [True, True]  # a missing area must still be seen


def test_double_negation_is_not_folded():
    twice = checked.Not(checked.Not(says(GRAY, "low"), SPAN), SPAN)
    assert count(optimise(lower(program((twice, 1.0, "crack")))), ir.Complement) == 2


@pytest.mark.parametrize(
    ("nodes", "says_what"),
    [
        ((ir.Clamp(0),), "not before it"),
        ((ir.Column(7), ir.Clamp(0)), "reads no column"),
        ((ir.Column(0), ir.Complement(0)), r"operands in \[0, 1\]"),
        ((ir.Column(0), ir.Divide(0, 0.0), ir.Clamp(1)), "divisor"),
        ((ir.Column(0), ir.Ramp(0, 0.1, -1.0, falling=False), ir.Clamp(1)), "width"),
        ((ir.Column(0), ir.Clamp(0), ir.Weigh(1, 2.0)), "truth value"),
        ((ir.Column(0),), "is no grade"),
    ],
)
def test_broken_programs_are_caught(nodes, says_what):
    rule = ir.Rule("r", len(nodes) - 1, 0)
    broken = ir.Program("float64", ("area",), nodes, (rule,), ("anomalous",), 0.8, "")
    with pytest.raises(CompilerBug, match=says_what):
        verify(broken, "a pass")


def test_float32_constants_are_float32():
    done = optimise(lower(program((says(GRAY, "low"), 0.8, "crack")), "float32"))
    assert done.alpha == float(np.float32(0.8))
    bad = replace(done, nodes=(ir.Column(0), ir.Divide(0, 0.1), ir.Clamp(1)), rules=(ir.Rule("r", 2, 0),))
    with pytest.raises(CompilerBug, match="is no float32"):
        verify(bad, "a pass")


def test_numbers_that_float32_cannot_hold_are_said():
    tiny = mf.Gaussian(0.5, 1e-60)
    term = checked.Term("sharp", None, tiny)
    rule = checked.Proposition("area", 1.0, term, (), False, SPAN)
    with pytest.raises(InputError, match=r"sharp.*float32.*use float64"):
        lower(program((rule, 1.0, "crack")), "float32")
