"""K304: a rule that fires on every region."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.analysis import Analysis, RuleFacts, propositions
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import grade


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        if facts.universal and facts.lowest is not None and not _only_constant(analysis, facts):
            yield CHECK.at(
                facts.rule.condition.span,
                f"this rule fires on every region: its grade is never below {grade(facts.lowest)}, "
                f"alpha is {grade(analysis.alpha)}",
                help="did you mean AND?" if " or " in facts.rule.condition.span.text.lower() else None,
            )


def _only_constant(analysis: Analysis, facts: RuleFacts) -> bool:
    """Whether terms that cover the whole range are the cause: reported at the terms."""
    clauses = list(propositions(facts.rule.condition))
    return all((p.column, p.term.name) in analysis.constant and not p.negated for p in clauses)


CHECK = Check(
    code="K304",
    slug="always-true",
    title="a rule that fires on every region",
    severity=WARNING,
    explanation="""
Whatever the values of its properties, this rule's grade reaches alpha: every region above the residual
threshold becomes anomalous and the other rules no longer matter. That it also wins over the rules of other
classes is not reported beside this (K403, K404): it is the same mistake.
""",
    bad="IF NOT area is low OR NOT area is high THEN anomalous (0.9)\n",
    good="IF NOT area is low AND NOT area is high THEN anomalous (0.9)\n",
    run=_run,
)
