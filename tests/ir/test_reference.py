"""The meaning itself, by hand: equations 1 to 7."""

from __future__ import annotations

import math

from kistdsl.ir import reference
from kistdsl.language import checked
from kistdsl.language import memberships as mf
from kistdsl.schema import BUILTIN
from tests.ir.programs import SPAN, SYNTAX

AREA, GRAY = checked.Column(BUILTIN["area"], 1.0), checked.Column(BUILTIN["gray"], 255.0)


def says(column: checked.Column, term: str, *hedges: str, negated: bool = False) -> checked.Proposition:
    function = checked.Term(term, None, mf.STANDARD_TERMS[term])
    return checked.Proposition(column.name, column.gamma, function, hedges, negated, SPAN)


def program(*rules: tuple[checked.Condition, float, str], norms: str = "zadeh") -> checked.Program:
    made = tuple(
        checked.Rule(f"r{i}", None, condition, target, tv, i, SPAN, SYNTAX)
        for i, (condition, tv, target) in enumerate(rules)
    )
    return checked.Program(
        "hand", None, 0.8, norms, (AREA, GRAY), (AREA, GRAY), (), ("anomalous", "crack"), made, (), ""
    )


def grade(rules: checked.Program, area: float, gray: float, **options: bool) -> reference.Outcome:
    return reference.evaluate(rules, {"area": area, "gray": gray}, **options)


def test_a_tie_at_alpha_passes():
    rules = program((checked.And((says(AREA, "high"), says(GRAY, "low")), SPAN), 0.8, "anomalous"))
    assert grade(rules, 0.8, 51.0).anomalous
    assert grade(rules, 0.8, 51.0).grade == 0.8
    assert not grade(rules, math.nextafter(0.8, 0), 51.0).anomalous


def test_the_grade_is_truth_value_times_truth_not_their_minimum():
    assert grade(program((says(AREA, "high"), 0.5, "crack")), 0.7, 0.0).grade == 0.5 * (
        (0.7 - 0.6) / (0.8 - 0.6)
    )


def test_the_first_of_equal_rules_wins():
    rules = program((says(AREA, "high"), 0.8, "crack"), (says(AREA, "high"), 0.8, "anomalous"))
    assert (grade(rules, 1.0, 0.0).rule, grade(rules, 1.0, 0.0).target) == (0, "crack")


def test_hedges_apply_from_the_innermost_outwards_and_not_last():
    t = (0.7 - 0.6) / (0.8 - 0.6)
    rules = program((says(AREA, "high", "somewhat", "very", negated=True), 1.0, "crack"))
    assert grade(rules, 0.7, 0.0).grade == 1.0 - math.sqrt(t * t)


def test_nan_stays_unless_skipped():
    rules = program((says(AREA, "high"), 1.0, "crack"), (says(GRAY, "low"), 0.8, "anomalous"))
    unknown = grade(rules, math.nan, 0.0)
    assert math.isnan(unknown.grade)
    assert (unknown.rule, unknown.target, unknown.anomalous) == (None, None, False)
    skipped = grade(rules, math.nan, 0.0, skip_missing=True)
    assert (skipped.grade, skipped.rule, skipped.anomalous) == (0.8, 1, True)
    assert math.isnan(grade(rules, math.nan, math.nan, skip_missing=True).grade)


def test_without_rules_the_grade_is_zero():
    assert grade(program(), 1.0, 0.0) == reference.Outcome(0.0, None, None, (), anomalous=False)
