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
    winner: Extreme | None = None
    for low, high in segments(literals):
        x = _peak(measures, low, high)
        value = min(f(x) for f in measures)
        if winner is None or value > winner.value:
            winner = Extreme(value, *_plateau(measures, value, low, x, high))
        elif value == winner.value and low <= behind(winner.high):
            # The same value goes on behind the end of the segment.
            winner = Extreme(value, winner.low, _plateau(measures, value, low, x, high)[1])
    assert winner is not None
    return winner


def _peak(measures: Sequence[Callable[[float], float]], low: float, high: float) -> float:
    """Where min(measures) is largest on a segment: the rising ones meet the falling ones once."""
    rising = [f for f in measures if f(low) <= f(high)]
    falling = [f for f in measures if f(low) > f(high)]
    if not falling:
        return high
    if not rising:
        return low

    def below(x: float) -> bool:
        return min(f(x) for f in rising) <= min(f(x) for f in falling)

    if not below(low):
        return low
    x = last_where(below, low, high)
    beyond = behind(x)
    if beyond <= high and min(f(beyond) for f in measures) > min(f(x) for f in measures):
        return beyond
    return x


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
