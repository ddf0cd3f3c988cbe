"""K214: two words for one set."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.dominance import NOISE, never_above
from kistdsl.language.literals import FINITE, Literal, NotProvedError


def _literal(analysis: Analysis, term: checked.Term) -> Literal:
    low, high = analysis.ranges.get(term.column or "", (-FINITE, FINITE))
    return Literal(term.column or "", term.function, 1.0, (), 0, low, high)


def _identical(a: Literal, b: Literal) -> bool:
    kinks = {*a.function.kink_points(), *b.function.kink_points(), 0.0}
    if any(abs(a(v) - b(v)) > NOISE for v in kinks if a.low <= v <= a.high):
        return False
    try:
        return never_above(a, b) and never_above(b, a)
    except NotProvedError:
        return False


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    scopes: dict[str | None, list[checked.Term]] = {}
    for term in context.program.terms:
        if term.span is not None and (term.column, term.name) not in analysis.weak:
            scopes.setdefault(term.column, []).append(term)
    told = set()
    for terms in scopes.values():
        for first, second in combinations(terms, 2):
            if second.name in told or first.span is None or second.span is None:
                continue
            if _identical(_literal(analysis, first), _literal(analysis, second)):
                told.add(second.name)
                of = f" of {second.column}" if second.column else ""
                yield CHECK.at(
                    second.span,
                    f"`{second.name}`{of} is the same set as `{first.name}`",
                    labels=[Label(first.span, f"`{first.name}` is defined here")],
                    help="a copied line with one number left unchanged?",
                )


CHECK = Check(
    code="K214",
    slug="identical-terms",
    title="two terms that are the same fuzzy set",
    severity=WARNING,
    explanation="""
Two terms of one property (or two shared terms) have the same membership for every value. Mostly a line was
copied and its numbers were not changed; then one of the two words does not mean what its rules think it means.
""",
    bad="""term dark of gray = trapmf(0, 0, 40, 60)
term sooty of gray = trapmf(0, 0, 40, 60)
IF gray is dark AND area is high THEN anomalous
IF gray is sooty AND shape is high THEN anomalous
""",
    good="""term dark of gray = trapmf(0, 0, 40, 60)
term sooty of gray = trapmf(0, 0, 20, 30)
IF gray is dark AND area is high THEN anomalous
IF gray is sooty AND shape is high THEN anomalous
""",
    run=_run,
)
