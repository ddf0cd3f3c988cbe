"""The meaning of a checked program: one row, step by step as the equations say. Slow and plain.

Every backend is tested against this module: bit for bit in float64, and in float32 against the same
steps taken in float32 (`dtype="float32"`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kistdsl.ir.nodes import Dtype
from kistdsl.ir.rounding import cast
from kistdsl.language import checked
from kistdsl.language.memberships import HEDGES
from kistdsl.language.norms import FAMILIES

_SCALAR: Mapping[Dtype, Callable[[float], Any]] = {"float64": float, "float32": np.float32}


@dataclass(frozen=True)
class Outcome:
    """What the rules say about one region.

    Attributes:
        grade: the region's anomaly grade in [0, 1], NaN when it is unknown.
        rule: index of the winning rule (the first one with the highest grade); None when grade is NaN or
            there is no rule.
        target: the winner's class; None with it.
        rule_grades: the grade of every rule, in file order.
        anomalous: grade >= alpha in the dtype's arithmetic; False for NaN.
    """

    grade: float
    rule: int | None
    target: str | None
    rule_grades: tuple[float, ...]
    anomalous: bool


def truth_of_proposition(proposition: checked.Proposition, value: float, dtype: Dtype = "float64") -> float:
    """negate(hedges(F(v / gamma))); NaN for NaN."""
    scalar = _SCALAR[dtype]
    function = cast(proposition.term.function, dtype, proposition.term.name).cast(scalar)
    with np.errstate(all="ignore"):
        truth = function.evaluate(scalar(value) / scalar(proposition.divisor))
        for hedge in reversed(proposition.hedges):
            truth = HEDGES[hedge].evaluate(truth)
        return 1.0 - truth if proposition.negated else truth


def truth(
    condition: checked.Condition, values: Mapping[str, float], norms: str, dtype: Dtype = "float64"
) -> float:
    """Truth of a condition for one region, in [0, 1] or NaN. Equation: (1) AND, (2) OR, (3) NOT is 1 - x."""
    if isinstance(condition, checked.Proposition):
        return truth_of_proposition(condition, values[condition.column], dtype)
    if isinstance(condition, checked.Not):
        return 1.0 - truth(condition.operand, values, norms, dtype)
    family = FAMILIES[norms]
    join = family.both if isinstance(condition, checked.And) else family.either
    truths = (truth(operand, values, norms, dtype) for operand in condition.operands)
    return functools.reduce(join, truths)


def evaluate(
    program: checked.Program,
    values: Mapping[str, float],
    *,
    dtype: Dtype = "float64",
    skip_missing: bool = False,
) -> Outcome:
    """Grade one region.

    Args:
        program: a checked program.
        values: a number for each of the program's columns, in its own unit; NaN when unknown.
        dtype: the arithmetic: "float64" or "float32".
        skip_missing: leave rules out whose grade is NaN, instead of making the region's grade NaN.

    Equation: (4) rule grade = truth value * truth; (7) grade = max over rules.
    """
    scalar = _SCALAR[dtype]
    grades = tuple(
        scalar(rule.truth_value) * truth(rule.condition, values, program.norms, dtype)
        for rule in program.rules
    )
    winner: int | None = None
    for i, grade in enumerate(grades):
        if grade != grade:
            if skip_missing:
                continue
            return Outcome(float("nan"), None, None, grades, anomalous=False)
        if winner is None or grade > grades[winner]:
            winner = i
    if winner is None:
        return Outcome(float("nan") if grades else 0.0, None, None, grades, anomalous=False)
    grade = grades[winner]
    anomalous = bool(grade >= scalar(program.alpha))
    return Outcome(grade, winner, program.rules[winner].target, grades, anomalous)
