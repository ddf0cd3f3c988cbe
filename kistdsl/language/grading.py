"""Grades of one region of which some properties may be unknown: bounds that hold whatever their values.

With every property known the two bounds are the same number, the evaluator's own to the last bit: the same
steps in the same order. An unknown property makes each of its propositions a membership in [0, 1].

Equation: (4) rule grade = truth value * truth; (7) grade = max over rules; on intervals, end by end, since
AND, OR and the truth value rise with their operands and NOT falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from kistdsl.language import checked
from kistdsl.language.memberships import HEDGES
from kistdsl.language.norms import FAMILIES


@dataclass(frozen=True, slots=True)
class Bounds:
    """Closed interval [low, high] of truths or grades, within [0, 1]."""

    low: float
    high: float

    @property
    def known(self) -> bool:
        return self.low == self.high


UNKNOWN = Bounds(0.0, 1.0)


def membership(proposition: checked.Proposition, value: float) -> float:
    """negate(hedges(F(v / divisor))); NaN for NaN."""
    m = proposition.term.function.evaluate(value / proposition.divisor)
    for hedge in reversed(proposition.hedges):
        m = HEDGES[hedge].evaluate(m)
    return 1.0 - m if proposition.negated else m


def truth(condition: checked.Condition, values: Mapping[str, float], norms: str) -> Bounds:
    """Bounds of a condition's truth; a property that `values` lacks is unknown."""
    if isinstance(condition, checked.Proposition):
        if condition.column not in values:
            return UNKNOWN
        m = membership(condition, values[condition.column])
        return Bounds(m, m)
    if isinstance(condition, checked.Not):
        inner = truth(condition.operand, values, norms)
        return Bounds(1.0 - inner.high, 1.0 - inner.low)
    family = FAMILIES[norms]
    join = family.both if isinstance(condition, checked.And) else family.either
    found = [truth(operand, values, norms) for operand in condition.operands]
    return Bounds(reduce(join, (b.low for b in found)), reduce(join, (b.high for b in found)))


@dataclass(frozen=True, slots=True)
class RuleGrade:
    """One rule's bounds: `grade` = truth value * `truth`."""

    rule: checked.Rule
    truth: Bounds
    grade: Bounds


def rule_grades(program: checked.Program, values: Mapping[str, float]) -> Iterator[RuleGrade]:
    """The bounds of every rule, in file order."""
    for rule in program.rules:
        t = truth(rule.condition, values, program.norms)
        yield RuleGrade(rule, t, Bounds(rule.truth_value * t.low, rule.truth_value * t.high))
