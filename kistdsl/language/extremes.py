"""The best and the worst value of a condition over all values of its properties: exact, to the last bit.

Under zadeh norms the best value of a conjunction is the smallest of its per-property bests, and one
property's best is found on runs of floats on which each literal is monotone: there the rising literals
meet the falling ones at one place, which bisection finds. This holds for every membership function and
every hedge of the language, straight or curved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kistdsl.language.floatline import behind, first_where, last_where
from kistdsl.language.literals import (
    Conjunction,
    Form,
    Literal,
    by_column,
    conjunctive,
    disjunctive,
    segments,
)


@dataclass(frozen=True, slots=True)
class Extreme:
    """A best (or worst) value of one property's literals, and a run [low, high] where it is taken."""

    value: float
    low: float
    high: float

    @property
    def witness(self) -> float:
        """A short number in the run."""
        return short_number(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Best:
    """The best value of a condition.

    Attributes:
        value: the largest value over all regions.
        group: the conjunction that reaches it.
        column: the property that keeps the conjunction from more; None when it has no literal.
        columns: each property's own best in that conjunction.
    """

    value: float
    group: Conjunction
    column: str | None
    columns: dict[str, Extreme]


def best(form: Form) -> Best:
    """The largest value of a form, and where it is taken.

    Raises:
        NotProvedError: the form is too large.
    """
    return max((best_of_group(group) for group in disjunctive(form)), key=lambda b: b.value)


def best_of_group(group: Conjunction) -> Best:
    """The largest value of a conjunction: the smallest of its properties' bests."""
    columns = {name: best_on_column(literals) for name, literals in by_column(group).items()}
    weakest = min(columns, key=lambda name: columns[name].value, default=None)
    return Best(columns[weakest].value if weakest is not None else 1.0, group, weakest, columns)


def worst(form: Form) -> float:
    """The smallest value of a form; raises NotProvedError like `best`."""
    return min(
        max(worst_on_column(literals).value for literals in by_column(clause).values())
        for clause in conjunctive(form)
    )


@lru_cache(maxsize=8192)
def best_on_column(literals: tuple[Literal, ...]) -> Extreme:
    """The largest value of min(literals), all of one property, over its range."""
    return _largest(literals, literals)


@lru_cache(maxsize=8192)
def worst_on_column(literals: tuple[Literal, ...]) -> Extreme:
    """The smallest value of max(literals), all of one property, over its range."""
    mirrored = [_mirrored(literal) for literal in literals]
    found = _largest(literals, mirrored)
    return Extreme(-found.value, found.low, found.high)


def _mirrored(literal: Literal) -> Callable[[float], float]:
    return lambda value: -literal(value)


def _largest(literals: tuple[Literal, ...], measures: Sequence[Callable[[float], float]]) -> Extreme:
    """The largest value of min(measures), and the first run of floats that takes it."""
    peaks = []
    for low, high in segments(literals):
        x, value = _peak(measures, low, high)
        peaks.append((value, low, x, high))
    value = max(peak[0] for peak in peaks)
    first = next(i for i, peak in enumerate(peaks) if peak[0] == value)
    start, end = _plateau(measures, value, *peaks[first][1:])
    for peak, low, x, high in peaks[first + 1 :]:
        if peak < value or low > behind(end):
            break
        start_here, end_here = _plateau(measures, value, low, x, high)
        if start_here > behind(end):
            break
        end = end_here
    return Extreme(value, start, end)


def _peak(measures: Sequence[Callable[[float], float]], low: float, high: float) -> tuple[float, float]:
    """(x, value) where min(measures) is largest on a segment: the rising ones meet the falling ones once."""
    at_low, at_high = [f(low) for f in measures], [f(high) for f in measures]
    rising = [f for f, a, b in zip(measures, at_low, at_high, strict=True) if a <= b]
    if len(rising) == len(measures):
        return high, min(at_high)
    falling = [f for f, a, b in zip(measures, at_low, at_high, strict=True) if a > b]

    def below(x: float) -> bool:
        return min(f(x) for f in rising) <= min(f(x) for f in falling)

    if not rising or not below(low):
        return low, min(at_low)
    x = last_where(below, low, high)
    return max(((v, min(f(v) for f in measures)) for v in (x, behind(x)) if v <= high), key=lambda p: p[1])


def _plateau(
    measures: Sequence[Callable[[float], float]], value: float, low: float, x: float, high: float
) -> tuple[float, float]:
    """The run around x within the segment on which min(measures) keeps its largest value."""

    def reached(v: float) -> bool:
        return min(f(v) for f in measures) >= value

    return first_where(reached, low, x), last_where(reached, x, high)


def short_number(low: float, high: float) -> float:
    """A number in [low, high] with few digits, near the middle; low and high finite."""
    if low <= 0.0 <= high and (low < 0.0 or high > 1e9 or high < 1e-9):
        return 0.0
    if high - low < 1e-9 * abs(high):
        return min((low, high), key=lambda v: len(repr(v)))  # the end that is written shorter
    middle = low + (high - low) / 2.0 if abs(high) < 1e9 and abs(low) < 1e9 else _small_end(low, high)
    for digits in range(1, 17):
        candidate = float(f"{middle:.{digits}g}")
        if low <= candidate <= high:
            return candidate
    return low if low == high else middle


def _small_end(low: float, high: float) -> float:
    """Where one end stands for infinity: a little inside the other end."""
    end = low if abs(low) <= abs(high) else high
    inside = end * 1.25 if (end > 0) == (end == low) else end * 0.8
    return inside if low <= inside <= high else end
