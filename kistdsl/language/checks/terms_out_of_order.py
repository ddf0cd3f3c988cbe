"""K215: `low` right of `high`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.dominance import NOISE
from kistdsl.language.extremes import best_on_column
from kistdsl.language.literals import FINITE, Literal

SCALES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("low",), ("mid", "middle", "medium"), ("high",)),
    (("tiny",), ("small",), ("medium", "mid"), ("large", "big"), ("huge",)),
    (("black",), ("dark",), ("gray", "grey"), ("bright", "light"), ("white",)),
    (("short",), ("long",)),
    (("thin", "narrow"), ("thick", "wide")),
    (("weak", "faint"), ("strong",)),
    (("few",), ("many",)),
)
"""Families of words in rising order; words of one rank mean the same."""


def _rank(scale: tuple[tuple[str, ...], ...], name: str) -> int | None:
    return next((i for i, words in enumerate(scale) if name.lower() in words), None)


def _core(term: checked.Term) -> tuple[float, float]:
    """Where the term's membership is largest."""
    extreme = best_on_column((Literal("", term.function, 1.0, (), 0, -FINITE, FINITE),))
    return extreme.low, extreme.high


def _right_of(a: checked.Term, b: checked.Term) -> bool:
    """Whether a's core begins and ends at higher values than b's; a rounding makes no difference."""
    pairs = list(zip(_core(a), _core(b), strict=True))
    same = [math.isclose(x, y, rel_tol=NOISE, abs_tol=NOISE) for x, y in pairs]
    return not all(same) and all(near or x > y for near, (x, y) in zip(same, pairs, strict=True))


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    terms = context.program.terms
    told = set()
    for scale in SCALES:
        ranked = [(rank, t) for t in terms if (rank := _rank(scale, t.name)) is not None]
        for (rank_a, a), (rank_b, b) in combinations(ranked, 2):
            if rank_a == rank_b or a.column != b.column:
                continue
            lower, upper = (a, b) if rank_a < rank_b else (b, a)
            shown = lower if lower.span is not None else upper
            if shown.span is None or shown in told or not _right_of(lower, upper):
                continue
            told |= {lower, upper}
            other = upper if shown is lower else lower
            yield CHECK.at(
                shown.span,
                f"`{lower.name}` lies at higher values than `{upper.name}`",
                labels=[Label(other.span, f"`{other.name}` is defined here")] if other.span else [],
                help=f"swap the numbers of `{lower.name}` and `{upper.name}`",
            )


CHECK = Check(
    code="K215",
    slug="terms-out-of-order",
    title="terms whose words and values run in opposite directions",
    severity=WARNING,
    explanation="""
Words such as low, mid, high or dark, bright have an order. Here the set of the lower word lies at higher
values than the set of the higher word, so that every rule reads the wrong way round.
""",
    bad="""term low of gray = trapmf(100, 150, inf, inf)
term high of gray = trapmf(-inf, -inf, 100, 150)
IF gray is low THEN anomalous
IF gray is high AND area is high THEN anomalous
""",
    good="""term low of gray = trapmf(-inf, -inf, 100, 150)
term high of gray = trapmf(100, 150, inf, inf)
IF gray is low THEN anomalous
IF gray is high AND area is high THEN anomalous
""",
    run=_run,
)
