"""K301: clauses that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.checks.places import shape_labels, value_text
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.extremes import best_on_column
from kistdsl.language.literals import Conjunction, Literal, by_column
from kistdsl.language.wording import grade


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        if facts.barred and facts.trusted and analysis.starved(facts) is None:
            yield _report(analysis, facts)


def _report(analysis: Analysis, facts: RuleFacts) -> Diagnostic:
    best = facts.best
    assert best is not None
    assert best.column is not None
    sources = _sources(_core(by_column(best.group)[best.column], analysis.alpha))
    column, extreme = analysis.columns[best.column], best.columns[best.column]
    truth = extreme.value / facts.rule.truth_value
    many = "both" if len(sources) == 2 else "all"
    where = f"{many} are at most {truth:.2f} at {value_text(column, extreme.witness)}"
    if extreme.value == 0.0:
        where = f"whatever the value of {column.name}, one of them is 0"
    labels = [Label(s.span, "and this one", primary=True) for s in sources[1:-1]]
    labels.append(Label(sources[-1].span, where, primary=True))
    return CHECK.at(
        sources[0].span,
        f"this rule can never fire: its best grade is {grade(best.value, analysis.alpha)}, "
        f"alpha is {grade(analysis.alpha, best.value)}",
        labels=[*labels, *shape_labels(sources, column, extreme.witness)],
        help=_advice(facts, sources),
    )


def _core(literals: tuple[Literal, ...], alpha: float) -> tuple[Literal, ...]:
    """The fewest of the literals that already keep the rule from alpha (none of them can go)."""
    kept = list(literals)
    for literal in literals:
        rest = tuple(f for f in kept if f is not literal)
        if rest and best_on_column(rest).value < alpha:
            kept = list(rest)
    return tuple(kept)


def _sources(literals: Conjunction | tuple[Literal, ...]) -> list[checked.Proposition]:
    found = [f.source for f in literals if f.source is not None]
    return sorted(found, key=lambda p: p.span.start)


def _advice(facts: RuleFacts, sources: list[checked.Proposition]) -> str:
    plain_conjunction = isinstance(facts.rule.condition, checked.And)
    if plain_conjunction and len(sources) == 2:
        return "did you mean OR?"
    return "no value satisfies them together: drop one, or join them with OR"


CHECK = Check(
    code="K301",
    slug="contradictory-clause",
    title="a rule whose clauses exclude each other",
    severity=WARNING,
    explanation="""
A rule's grade is its truth value times the truth of its condition, and AND takes the smallest of its clauses.
Here clauses about one property cannot hold together well enough: the best grade over all values is below
alpha, so the rule never fires. The message gives that best grade and the value of the property that reaches it.

Mostly OR was meant, or one of the clauses was to speak of another property.
""",
    bad="rule blob: IF area is low AND area is high THEN anomalous\n",
    good="rule blob: IF area is low OR area is high THEN anomalous\n",
    run=_run,
)
