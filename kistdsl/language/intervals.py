"""Where along one property a rule set decides "anomalous", the other properties held fixed: to the last float.

Under zadeh norms `grade >= alpha` is an AND/OR tree of tests of single literals, each a few closed intervals
of floats. Under other norms the truth of a rule is searched on runs where all its clauses about the property
rise together or fall together, up to rounding; where they pull in both directions the answer is None,
"not proved".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from kistdsl.language import checked
from kistdsl.language.floatline import Interval, before, behind, first_where, last_where, merged
from kistdsl.language.grading import truth
from kistdsl.language.literals import (
    AllOf,
    Form,
    Literal,
    Ranges,
    form_of,
    literal_of,
    ranges_of,
    segments,
)

Intervals: TypeAlias = tuple[Interval, ...]


def intersection(first: Intervals, second: Intervals) -> Intervals:
    """Values in both sets of disjoint closed intervals."""
    found = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return merged((low, high) for low, high in found if low <= high)


def complement(intervals: Intervals, low: float, high: float) -> Intervals:
    """The floats of [low, high] in none of the ascending, disjoint `intervals`."""
    found = []
    start = low
    for a, b in intervals:
        if a > start:
            found.append((start, before(a)))
        start = behind(b)
    if start <= high:
        found.append((start, high))
    return tuple(found)


def needed_truth(truth_value: float, alpha: float) -> float | None:
    """The smallest truth t with truth_value * t >= alpha in float64; None when even 1 is not enough."""
    if truth_value < alpha:
        return None
    return first_where(lambda t: truth_value * t >= alpha, 0.0, 1.0)


def firing_values(
    program: checked.Program, rule: checked.Rule, values: Mapping[str, float], column: str
) -> Intervals | None:
    """Values of one property that bring one rule to alpha, the others being as in `values`.

    Args:
        program: the rule's program.
        rule: one of its rules.
        values: a finite number for every other property that the rule uses.
        column: the property that varies over its range.

    Returns:
        Disjoint closed intervals, ascending; None when not proved.
    """
    ranges = ranges_of(program)
    level = needed_truth(rule.truth_value, program.alpha)
    if level is None:
        return ()
    if program.norms == "zadeh":
        return _reached(form_of(rule.condition, ranges), values, column, level, ranges[column])
    return _searched(program, rule, values, column, ranges)


def deciding_values(program: checked.Program, values: Mapping[str, float], column: str) -> Intervals | None:
    """Values of one property at which the region is anomalous; like `firing_values`, over all rules."""
    found: list[Interval] = []
    for rule in program.rules:
        intervals = firing_values(program, rule, values, column)
        if intervals is None:
            return None
        found.extend(intervals)
    return merged(found)


def _reached(
    form: Form, values: Mapping[str, float], column: str, level: float, whole: Interval
) -> Intervals:
    if isinstance(form, Literal):
        if form.column == column:
            return level_set(form, (form,), level)
        return (whole,) if form(values[form.column]) >= level else ()
    found = [_reached(part, values, column, level, whole) for part in form.parts]
    if isinstance(form, AllOf):
        kept: Intervals = (whole,)
        for intervals in found:
            kept = intersection(kept, intervals)
        return kept
    return merged(interval for intervals in found for interval in intervals)


def level_set(measure: Callable[[float], float], literals: tuple[Literal, ...], level: float) -> Intervals:
    """{v: measure(v) >= level} over the column's range; measure is monotone where all literals are."""
    found: list[Interval] = []
    for low, high in segments(literals):
        at_low, at_high = measure(low) >= level, measure(high) >= level
        holds = partial(_holds, measure, level)
        if at_low:
            found.append((low, high if at_high else last_where(holds, low, high)))
        elif at_high:
            found.append((first_where(holds, low, high), high))
    return merged(found)


def _holds(measure: Callable[[float], float], level: float, value: float) -> bool:
    return measure(value) >= level


def _searched(
    program: checked.Program, rule: checked.Rule, values: Mapping[str, float], column: str, ranges: Ranges
) -> Intervals | None:
    """Norms other than zadeh: bisection where all clauses about the property pull one way."""

    def grade(value: float) -> float:
        return rule.truth_value * truth(rule.condition, {**values, column: value}, program.norms).low

    literals = _signed(rule.condition, column, ranges)
    if not literals:
        return (ranges[column],) if grade(ranges[column][0]) >= program.alpha else ()
    for low, high in segments(literals):
        rises = [f(low) < f(high) for f in literals]
        falls = [f(low) > f(high) for f in literals]
        if any(rises) and any(falls):
            return None
    return level_set(grade, literals, program.alpha)


def _signed(condition: checked.Condition, column: str, ranges: Ranges) -> tuple[Literal, ...]:
    """The literals of one property, negated as often as the NOTs around them say."""
    found: list[Literal] = []
    todo: list[tuple[checked.Condition, int]] = [(condition, 0)]
    while todo:
        node, negations = todo.pop()
        if isinstance(node, checked.Proposition):
            if node.column == column:
                found.append(literal_of(node, ranges, negations % 2))
        elif isinstance(node, checked.Not):
            todo.append((node.operand, negations + 1))
        else:
            todo.extend((operand, negations) for operand in node.operands)
    return tuple(found)


def nearest(intervals: Sequence[Interval], value: float) -> float | None:
    """The float in the intervals that lies nearest to a value; None when there is none."""
    ends = [min(max(value, low), high) for low, high in intervals]
    return min(ends, key=lambda end: abs(end - value), default=None)


def deciding_proposition(
    condition: checked.Condition, values: Mapping[str, float], norms: str
) -> checked.Proposition:
    """The proposition that a condition's truth hangs on: AND's weakest operand, OR's strongest.

    Under zadeh norms the truth is this proposition's membership, or 1 - it under NOT.
    """
    node, positive = condition, True
    while not isinstance(node, checked.Proposition):
        if isinstance(node, checked.Not):
            node, positive = node.operand, not positive
            continue
        truths = [truth(operand, values, norms).low for operand in node.operands]
        pick = min if isinstance(node, checked.And) else max
        node = node.operands[truths.index(pick(truths))]
    return node
