"""K303: one clause that keeps its rule from alpha."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.checks.places import value_text
from kistdsl.language.checks.starving import starved_by_term
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import grade


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        clause = analysis.starved(facts)
        if clause is None or facts.best is None or starved_by_term(analysis, facts) is not None:
            continue
        column, extreme = analysis.columns[clause.column], facts.best.columns[clause.column]
        constant = (clause.column, clause.term.name) in analysis.constant
        reason = f"every value of {column.name} is `{clause.term.name}`" if constant else None
        definition = clause.term.span
        yield CHECK.at(
            clause.span,
            f"this rule can never fire: its best grade is {grade(facts.best.value, analysis.alpha)}, "
            f"at {value_text(column, extreme.witness)}; "
            f"alpha is {grade(analysis.alpha, facts.best.value)}",
            labels=[Label(definition, f"`{clause.term.name}` is defined here")] if definition else [],
            help=reason or f"no value of {column.name} satisfies this clause well enough",
        )


CHECK = Check(
    code="K303",
    slug="clause-out-of-reach",
    title="a single clause that no region satisfies well enough",
    severity=WARNING,
    explanation="""
One clause alone keeps the rule from alpha: whatever the value of its property, the clause is not true enough.
Often it negates a set that covers nearly the whole range, or a hedge such as `very` squares a membership that
is already below 1.
""",
    bad="""term common of gray = points((0, 0.5), (20, 1), (255, 1))
IF gray is NOT common AND area is high THEN anomalous
""",
    good="""term common of gray = points((0, 0), (20, 1), (255, 1))
IF gray is NOT common AND area is high THEN anomalous
""",
    run=_run,
)
