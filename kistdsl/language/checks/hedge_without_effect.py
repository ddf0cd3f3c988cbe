"""K309: a hedge upon a set that knows only yes and no."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Fix, Label
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, plain, propositions
from kistdsl.language.checks.fixes import proposition_text
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.literals import literal_of, segments


def crisp(analysis: Analysis, proposition: checked.Proposition) -> bool:
    """Whether the term takes only the values 0 and 1 over the property's range."""
    literal = literal_of(plain(proposition), analysis.ranges)
    return all(
        literal(low) == literal(high) and literal(low) in (0.0, 1.0) for low, high in segments((literal,))
    )


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for rule in context.program.rules:
        for clause in propositions(rule.condition):
            key = (clause.column, clause.term.name)
            if key in analysis.weak or key in analysis.constant:
                continue  # said at the term
            if clause.hedges and crisp(analysis, clause):
                definition = clause.term.span
                hedges = " ".join(clause.hedges)
                yield CHECK.at(
                    clause.span,
                    f"`{hedges}` has no effect: `{clause.term.name}` is either 0 or 1",
                    labels=[Label(definition, "vertical edges only")] if definition is not None else [],
                    help="hedges bend memberships between 0 and 1; give the set a slope, or drop the hedge",
                    fix=Fix(
                        clause.span,
                        proposition_text(clause, negated=clause.negated, hedges=()),
                    ),
                )


CHECK = Check(
    code="K309",
    slug="hedge-without-effect",
    title="a hedge upon a set without slopes",
    severity=WARNING,
    explanation="""
`very` squares a membership, `somewhat` takes its root: 0 stays 0 and 1 stays 1. A set with vertical edges has
no values between, so the hedge does nothing.
""",
    bad="term dark of gray = rectmf(0, 40)\nIF gray is very dark AND area is high THEN anomalous\n",
    good="term dark of gray = trapmf(0, 0, 40, 60)\nIF gray is very dark AND area is high THEN anomalous\n",
    run=_run,
)
