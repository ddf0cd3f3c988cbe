"""K210: a set whose highest point lies below 1."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.checks.starving import consequence
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    reported = set()
    for use in analysis.uses:
        term = use.term
        peak = term.function.supremum()
        key = (term.name, term.column)
        if peak >= 1.0 or key in reported:
            continue
        reported.add(key)
        yield CHECK.at(
            term.span or use.proposition.span,
            f"`{term.name}` never reaches 1: its highest membership is {peak:g}{consequence(analysis, term, None)}",
            help="let one of its points have y = 1",
        )


CHECK = Check(
    code="K210",
    slug="term-below-one",
    title="a fuzzy set that never reaches 1",
    severity=WARNING,
    explanation="""
A fuzzy set says how well a value fits a word: 1 means that it fits fully. A set that stays below 1 has no
value that fits fully, and every rule that uses it is capped: with tv = alpha = 0.8 only a membership of
exactly 1 lets a rule fire.

Give the set a point with y = 1. To trust a rule less, lower its truth value instead.
""",
    bad="term dim of gray = points((0, 0.7), (80, 0.7), (120, 0))\nIF gray is dim THEN anomalous\n",
    good="term dim of gray = points((0, 1), (80, 1), (120, 0))\nIF gray is dim THEN anomalous (0.8)\n",
    run=_run,
)
