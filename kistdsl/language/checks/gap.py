"""K216: values between two terms that neither of them knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis
from kistdsl.language.checks.places import in_main_file
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.extremes import Extreme, worst_on_column
from kistdsl.language.floatline import Interval, merged
from kistdsl.language.literals import FINITE, Literal
from kistdsl.language.wording import grade, quantity

DEEP = 0.5
"""Neighbours that cross at this membership or above leave no gap worth a word: `low` and `mid` do so."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Values (low, high) between two neighbouring terms where no term reaches alpha."""

    before: checked.Term
    after: checked.Term
    low: float
    high: float
    deepest: Extreme


def gaps(terms: list[checked.Term], low: float, high: float, alpha: float) -> Iterator[Gap]:
    """Deep gaps between the terms, within [low, high]; values in the terms' own scale."""
    cuts: list[tuple[Interval, checked.Term]] = []
    for term in terms:
        for a, b in term.function.cut(alpha):
            if a <= high and b >= low:
                cuts.append(((max(a, low), min(b, high)), term))
    covered = merged(interval for interval, _ in cuts)
    for (_, end), (start, _) in pairwise(covered):
        literals = tuple(Literal("", t.function, 1.0, (), 0, end, start) for t in terms)
        deepest = worst_on_column(literals)
        if deepest.value < DEEP:
            before = next(t for interval, t in cuts if interval[1] == end)
            after = next(t for interval, t in cuts if interval[0] == start)
            yield Gap(before, after, end, start, deepest)


def _scopes(analysis: Analysis) -> dict[str | None, list[checked.Term]]:
    scopes: dict[str | None, list[checked.Term]] = {}
    for term in analysis.program.terms:
        if term.column is not None or term.span is not None:
            scopes.setdefault(term.column, []).append(term)
    return scopes


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for name, terms in _scopes(analysis).items():
        column = analysis.columns.get(name) if name is not None else None
        low, high = analysis.ranges[name] if name is not None and column is not None else (-FINITE, FINITE)
        what = f"{name}" if name is not None else "a property"
        for gap in gaps(terms, low, high, analysis.alpha):
            first, second = gap.before.span, gap.after.span
            if first is None or second is None or not in_main_file(context, second):
                continue
            texts = [
                f"{v:.6g}" if column is None else quantity(column.spec, v)
                for v in (gap.low, gap.high, gap.deepest.witness)
            ]
            scale = "" if column is not None else " on the standard scale"
            yield CHECK.at(
                second,
                f"between {texts[0]} and {texts[1]}{scale} no term of {what} reaches alpha "
                f"({analysis.alpha:.2f}); at {texts[2]} the best is {grade(gap.deepest.value)}",
                labels=[Label(first, f"`{gap.before.name}` ends at {texts[0]}")],
                help="let the two sets overlap, define a term for the values between them, or silence this if they "
                "need none: `# kr: ignore[gap-between-terms]`",
            )


CHECK = Check(
    code="K216",
    slug="gap-between-terms",
    title="values between two terms that no term describes",
    severity=WARNING,
    explanation="""
Terms defined for one property (or shared terms) usually cover a stretch of its values together. Between two
neighbours there are values where no term reaches alpha and even the best membership is below one half: no
rule can speak of a region there.

Where that is meant, because what lies between is the sound surface, say so on the line:
`# kr: ignore[gap-between-terms] the tile itself`.

Neighbours that cross at 0.5 or above, as the built-in `low`, `mid` and `high` do, are not reported.
""",
    bad="""term dark of gray = trapmf(0, 0, 40, 60)
term bright of gray = trapmf(140, 160, 255, 255)
IF gray is dark OR gray is bright THEN anomalous
""",
    good="""term dark of gray = trapmf(0, 0, 80, 120)
term bright of gray = trapmf(80, 120, 255, 255)
IF gray is dark OR gray is bright THEN anomalous
""",
    run=_run,
)
