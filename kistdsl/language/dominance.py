"""Is one condition nowhere above another? Exact for zadeh norms and straight sets, hedges included.

A = max of conjunctions, B = min of clauses. A exceeds B somewhere exactly when, for some conjunction and
some clause, a level t exists with b(v) <= t < a(v) for every property's value v, a and b being what the
conjunction and the clause say of that property. For one property the levels form a few intervals, found on
runs of floats on which one literal is the smallest of the conjunction and one the largest of the clause.

Two straight lines, or a straight one and a bent one, meet at places that bisection finds. Where the
meeting places of two curves are not known, the answer is "not proved".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from kistdsl.language.extremes import best_on_column, worst_on_column
from kistdsl.language.floatline import from_ordinal, last_where, ordinal
from kistdsl.language.literals import (
    Conjunction,
    Form,
    Literal,
    NotProvedError,
    by_column,
    conjunctive,
    disjunctive,
    segments,
)

NOISE = 1e-9
"""Differences of grades up to this one are rounding, not meaning."""

Levels: TypeAlias = tuple[tuple[float, float], ...]
Literals: TypeAlias = tuple[Literal, ...]


def never_above(
    a: Form | Sequence[Conjunction], b: Form | Sequence[Conjunction], floor: float = -math.inf
) -> bool:
    """Whether a <= b (up to `NOISE`) wherever a is at least `floor`, over all regions.

    Args:
        a: a form, or its disjunctive normal form.
        b: a form, or its conjunctive normal form.
        floor: only regions where a reaches this value count.

    Raises:
        NotProvedError: too large, or curves whose meeting places are not known.
    """
    upper = a if isinstance(a, tuple | list) else disjunctive(a)  # type: ignore[arg-type]
    lower = b if isinstance(b, tuple | list) else conjunctive(b)  # type: ignore[arg-type]
    return not any(exceeds(group, clause, floor) for group in upper for clause in lower)


def exceeds(group: Conjunction, clause: Conjunction, floor: float = -math.inf) -> bool:
    """Whether min(group) > max(clause) + NOISE somewhere, with min(group) >= floor."""
    a, b = _columns(group), _columns(clause)
    top = min((best_on_column(a[name]).value for name in a if name not in b), default=math.inf)
    bottom = max((worst_on_column(b[name]).value for name in b if name not in a), default=-math.inf)
    if top < floor:
        return False
    levels: Levels = ((max(bottom, floor - 2.0 * NOISE), top),)
    for name in a:
        if name in b:
            levels = _both(levels, _levels(a[name], b[name]))
        if not levels:
            return False
    return any(high - low > NOISE for low, high in levels)


@lru_cache(maxsize=32768)
def _columns(group: Conjunction) -> dict[str, Literals]:
    return by_column(group)


def _both(first: Levels, second: Levels) -> Levels:
    """Intersections that are wider than noise."""
    found = []
    for a in first:
        for b in second:
            low, high = max(a[0], b[0]), min(a[1], b[1])
            if high - low > NOISE:
                found.append((low, high))
    return tuple(found)


@lru_cache(maxsize=16384)
def _levels(a: Literals, b: Literals) -> Levels:
    """All t with max(b)(v) <= t < min(a)(v) for some v, one interval a run; not merged."""
    if any(_nowhere_above(f, g) for f in a for g in b):
        return ()  # min(a) <= f <= g <= max(b)
    found: list[tuple[float, float]] = []
    for low, high in segments((*a, *b)):
        if _beneath(a, b, low, high):
            continue
        points = _cut_points(a, b, low, high)
        for start, end in pairwise(points) if len(points) > 1 else [(low, low)]:
            found.extend(_window(a, b, start, end))
    return tuple(found)


def _nowhere_above(f: Literal, g: Literal) -> bool:
    """Whether the two are one membership and f is scaled and shifted no higher: rounding keeps the order."""
    return (
        (f.function is g.function or f.function == g.function)
        and f.scale <= g.scale
        and f.offset <= g.offset
        and (f.divisor, f.hedges, f.negations) == (g.divisor, g.hedges, g.negations)
    )


def _beneath(a: Literals, b: Literals, low: float, high: float) -> bool:
    """Whether the ends of a segment, on which all literals are monotone, show min(a) <= max(b) + NOISE."""
    highest = min([max(f(low), f(high)) for f in a])
    lowest = max([min(g(low), g(high)) for g in b])
    return highest - lowest <= NOISE


def _window(a: Literals, b: Literals, start: float, end: float) -> Iterator[tuple[float, float]]:
    """On a run where min(a) - max(b) keeps its sign: the levels between them."""

    def above(v: float) -> float:
        return min([f(v) for f in a])

    def below(v: float) -> float:
        return max([f(v) for f in b])

    middle = from_ordinal((ordinal(start) + ordinal(end)) // 2)
    halfway = start + (end - start) / 2.0
    if any(above(v) - below(v) > NOISE for v in (middle, halfway)):
        yield min(below(start), below(end)), max(above(start), above(end))
        return
    # The two touch at an end at most.
    yield from ((below(v), above(v)) for v in (start, end) if above(v) - below(v) > NOISE)


def _cut_points(a: Literals, b: Literals, low: float, high: float) -> list[float]:
    """The segment's ends and every place between them where two of the literals may meet."""
    points = {low, high}
    literals = tuple(dict.fromkeys((*a, *b)))
    for i, f in enumerate(literals):
        for g in literals[i + 1 :]:
            points.update(_meetings(f, g, low, high))
    return sorted(points)


# --- where two literals meet -----------------------------------------------------------------


def _meetings(f: Literal, g: Literal, low: float, high: float) -> Iterator[float]:
    """Places on a segment (both monotone there) between which f - g keeps its sign."""
    if _apart(f, g, low, high):
        return
    if (f(low) <= f(high)) != (g(low) <= g(high)) or _constant(f, low, high) or _constant(g, low, high):
        yield from _crossing(f, g, low, high)
        return
    if f.function == g.function and f.divisor == g.divisor and (f.negations - g.negations) % 2 == 0:
        yield from _same_set(f, g, low, high)
        return
    if (
        f.hedges == g.hedges
        and f.scale == g.scale
        and f.offset == g.offset
        and (f.negations - g.negations) % 2 == 0
    ):
        # The same steps upon two sets keep the order of the sets.
        f, g = _bare(f), _bare(g)
    split = _extremum(f, g, low, high)
    for start, end in pairwise(sorted({low, split, high})):
        yield from _crossing(f, g, start, end)
    yield split


def _bare(literal: Literal) -> Literal:
    return Literal(literal.column, literal.function, literal.divisor, (), 0, literal.low, literal.high)


def _apart(f: Literal, g: Literal, low: float, high: float) -> bool:
    """Whether the values of one lie all on one side of the other's."""
    ends_f, ends_g = (f(low), f(high)), (g(low), g(high))
    return max(ends_f) <= min(ends_g) or max(ends_g) <= min(ends_f)


def _constant(f: Literal, low: float, high: float) -> bool:
    return f(low) == f(high)


def _crossing(f: Literal, g: Literal, low: float, high: float) -> Iterator[float]:
    """Where f - g changes its sign, given that it does so at most once."""
    at_low, at_high = f(low) - g(low), f(high) - g(high)
    if at_low * at_high < 0.0:
        sign = 1.0 if at_low > 0.0 else -1.0
        yield last_where(lambda v: sign * (f(v) - g(v)) >= 0.0, low, high)


def _same_set(f: Literal, g: Literal, low: float, high: float) -> Iterator[float]:
    """Both bend the same membership m: their ratio is monotone in m, so they meet at most once between.

    Offsets are no larger than rounding; they move that place a little, and may add one at an end.
    """
    split = {low, *_same_value(f, g, low, high), high}
    yield from split
    if f.offset != g.offset:
        for start, end in pairwise(sorted(split)):
            yield from _crossing(f, g, start, end)


def _same_value(f: Literal, g: Literal, low: float, high: float) -> Iterator[float]:
    p, q = _exponent(f), _exponent(g)
    if f.scale == g.scale or p == q:
        return
    ratio = g.scale / f.scale
    m = _meeting_of_powers(ratio, p, q) if f.negations % 2 == 0 else _meeting_of_complements(ratio, p, q)
    if m is not None:
        bare = _bare(f)
        rising = bare(low) <= bare(high)
        if min(bare(low), bare(high)) < m < max(bare(low), bare(high)):
            yield last_where(lambda v: (bare(v) <= m) == rising, low, high)


def _meeting_of_powers(ratio: float, p: float, q: float) -> float | None:
    """m in (0, 1) with m^p = ratio * m^q."""
    m = math.exp(math.log(ratio) / (p - q))
    return m if 0.0 < m < 1.0 else None


def _meeting_of_complements(ratio: float, p: float, q: float) -> float | None:
    """m in (0, 1) with (1 - m^p) = ratio * (1 - m^q): the quotient runs monotonically from 1 to p / q."""
    if not min(1.0, p / q) < ratio < max(1.0, p / q):
        return None
    rising = p > q

    def beneath(m: float) -> bool:
        quotient = -math.expm1(p * math.log(m)) / -math.expm1(q * math.log(m))
        return (quotient <= ratio) == rising

    return last_where(beneath, 1e-300, 1.0 - 1e-12)


EXPONENTS = {"very": 2.0, "extremely": 3.0, "somewhat": 1.0 / 2.0, "slightly": 1.0 / 3.0}


def _exponent(f: Literal) -> float:
    return math.prod(EXPONENTS[hedge] for hedge in f.hedges)


def _curvature(f: Literal) -> int | None:
    """1 convex, -1 concave, 0 straight between its kinks; None when not known."""
    if not f.function.piecewise_linear:
        return None
    bend = _exponent(f) - 1.0
    if abs(bend) < 1e-12:
        return 0
    return (1 if bend > 0 else -1) * (-1 if f.negations % 2 else 1)


def _extremum(f: Literal, g: Literal, low: float, high: float) -> float:
    """Where f - g turns on a segment; low when it does not.

    Raises:
        NotProvedError: the difference is neither straight, nor convex, nor concave.
    """
    bend_f, bend_g = _curvature(f), _curvature(g)
    if bend_f is None or bend_g is None or bend_f * bend_g > 0:
        raise NotProvedError
    if bend_f == bend_g == 0:
        return low
    sign = 1.0 if bend_f - bend_g > 0 else -1.0  # sign * (f - g) is convex
    a, b = low, high
    for _ in range(200):
        x, y = a + (b - a) / 3.0, b - (b - a) / 3.0
        if not a < x < y < b:
            break
        if sign * (f(x) - g(x)) <= sign * (f(y) - g(y)):
            b = y
        else:
            a = x
    return a
