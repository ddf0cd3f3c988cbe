"""K310: a rule that fires at one value only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.checks.places import truth_span, value_text
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.extremes import best_of_group, best_on_column
from kistdsl.language.floatline import Interval
from kistdsl.language.intervals import level_set
from kistdsl.language.literals import Conjunction, Literal, by_column
from kistdsl.language.wording import grade

THIN = 1e-9
"""Runs of values narrower than this share of their size hold no measured value but by chance."""


def _lowest(literals: tuple[Literal, ...], value: float) -> float:
    return min(literal(value) for literal in literals)


def _thin(interval: Interval, scale: float) -> bool:
    """Whether a run is a single value; 0 is one that regions do take (a `border` of 0 touches the edge)."""
    low, high = interval
    return high - low <= THIN * max(abs(low), abs(high), scale) and not low <= 0.0 <= high


def needle(analysis: Analysis, group: Conjunction) -> tuple[tuple[Literal, ...], float] | None:
    """The literals of a property that bring a conjunction to alpha at single values only, and one such value."""
    for literals in by_column(group).values():
        scale = analysis.columns[literals[0].column].gamma
        value = _single(literals, analysis.alpha, scale)
        if value is not None:
            return literals, value
    return None


@lru_cache(maxsize=8192)
def _single(literals: tuple[Literal, ...], alpha: float, scale: float) -> float | None:
    """The first value where the literals of one property reach alpha, if they do so at single values only."""
    if any(literal.function.kind == "rectmf" for literal in literals):
        return None  # a value asked for as such
    peak = best_on_column(literals)
    if peak.value >= alpha and not _thin((peak.low, peak.high), scale):
        return None  # the run of the largest value alone has room: the rest need not be searched
    found = level_set(partial(_lowest, literals), literals, alpha)
    return found[0][0] if found and all(_thin(interval, scale) for interval in found) else None


def _reaching(analysis: Analysis, facts: RuleFacts) -> list[Conjunction]:
    groups = facts.groups or ()
    return [group for group in groups if best_of_group(group).value >= analysis.alpha]


def _demand(truth: float) -> str:
    return "hold fully" if truth > 1.0 - 1e-9 else f"be true to {truth:.3g} at least"


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        if facts.barred or facts.best is None:
            continue
        needles = [needle(analysis, group) for group in _reaching(analysis, facts)]
        first = needles[0] if needles else None
        if first is None or any(found is None for found in needles):
            continue
        literals, value = first
        source = literals[0].source
        column = analysis.columns[literals[0].column]
        tv = facts.rule.truth_value
        labels = [Label(source.term.span, "reaches 1 there alone")] if source and source.term.span else []
        yield CHECK.at(
            source.span if source is not None else truth_span(facts.rule),
            f"this rule fires at {value_text(column, value)} exactly and nowhere beside it: with truth value "
            f"{grade(tv)} and alpha {grade(analysis.alpha)} its condition must {_demand(analysis.alpha / tv)}",
            labels=labels,
            help="give the set a level top, raise the truth value, or lower alpha",
        )


CHECK = Check(
    code="K310",
    slug="fires-at-one-value",
    title="a rule that fires at a single value of a property",
    severity=WARNING,
    explanation="""
A rule's grade is its truth value times the truth of its condition. With a truth value equal to alpha the
condition must hold fully, and a set with a pointed top (a triangle, a bell) does so at one value only, which
no measured region has but by chance. The same happens where a property's range ends just as a set reaches 1.
""",
    bad="term dark of gray = trimf(20, 40, 60)\nIF gray is dark AND area is high THEN anomalous (0.8)\n",
    good="term dark of gray = trapmf(20, 35, 45, 60)\nIF gray is dark AND area is high THEN anomalous (0.8)\n",
    run=_run,
)
