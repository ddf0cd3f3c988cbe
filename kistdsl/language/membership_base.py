"""What all membership functions share: the pieces they are made of, checks of numbers, cuts and bounds.

The pieces are chains of operations that round monotonically, NaN in, NaN out, never -0.0; see
`kistdsl.language.memberships`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import ClassVar, Protocol, Self, TypeVar, runtime_checkable

from kistdsl.language.floatline import Interval, before, behind, level_set

_F = TypeVar("_F", bound=float)


@runtime_checkable
class MembershipFunction(Protocol):
    """A fuzzy set on the real line, with values in [0, 1]."""

    kind: ClassVar[str]
    piecewise_linear: ClassVar[bool]

    @property
    def arguments(self) -> tuple[float, ...]:
        """The numbers as the language writes them: `MEMBERSHIPS[kind].build(arguments)` gives it back."""

    def evaluate(self, x: float) -> float:
        """Membership of x in [0, 1]; NaN for NaN."""

    def kink_points(self) -> tuple[float, ...]:
        """Finite x, ascending, between which the function is monotone (vertical edges included)."""

    def supremum(self) -> float:
        """The largest value over all x."""

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        """(smallest, largest) value over the closed interval [low, high]; infinite ends allowed."""

    def cut(self, level: float) -> tuple[Interval, ...]:
        """{x: evaluate(x) >= level} as disjoint closed intervals, ascending; NaN is in none."""

    def cast(self, to: Callable[[float], float]) -> Self:
        """The same function with its numbers rounded to another float type."""


# --- pieces ----------------------------------------------------------------------------------


def unit(t: _F) -> float:
    """t clamped to [0, 1]; NaN stays; -0.0 becomes 0.0."""
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return t


def rise(x: float, a: float, b: float) -> float:
    """0 up to a, 1 from b on, a straight line between; a step at b where a == b."""
    if a == b:
        return 0.0 if x < b else 1.0 if x >= b else x
    return unit((x - a) / (b - a))


def fall(x: float, c: float, d: float) -> float:
    """1 up to c, 0 from d on, a straight line between; a step behind c where c == d."""
    if c == d:
        return 0.0 if x > c else 1.0 if x <= c else x
    return unit((d - x) / (d - c))


def smooth(t: float) -> float:
    """[0, 1] onto itself with level ends: 2 t^2, then 1 - 2 (1 - t)^2."""
    if t <= 0.5:
        return 2.0 * (t * t)
    u = 1.0 - t
    return 1.0 - 2.0 * (u * u)


def minimum(a: float, b: float) -> float:
    """The smaller one; NaN if either is NaN."""
    return a if (a < b or a != a) else b


def like(x: _F, value: float) -> _F:
    """`value` in the float type of x."""
    return value if isinstance(x, int | float) and type(x) in (int, float) else type(x)(value)  # type: ignore[return-value]


# --- checks of numbers -----------------------------------------------------------------------


def finite(names: Sequence[str], values: Sequence[float]) -> str | None:
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value):
            return f"{name} must be a finite number, not {value:g}"
    return None


def ascending(names: Sequence[str], values: Sequence[float]) -> str | None:
    for (first, a), (second, b) in pairwise(zip(names, values, strict=True)):
        if a != a or b != b:
            return f"{first if a != a else second} is not a number"
        if a > b:
            return f"{first} = {a:g} must not be above {second} = {b:g}"
    return None


def edge(first: str, second: str, a: float, b: float) -> str | None:
    """An edge rises over a finite width, is vertical, or lies at infinity as a whole."""
    if math.isinf(a) != math.isinf(b):
        return f"{first} = {a:g} and {second} = {b:g} must be both infinite or both finite"
    if math.isfinite(a) and math.isinf(b - a):
        return f"{first} = {a:g} and {second} = {b:g} lie too far apart"
    return None


# --- what all have in common -----------------------------------------------------------------


class Monotone:
    """`bounds`, `cut` and `supremum` of a function that is monotone between its kink points."""

    kind: ClassVar[str]
    piecewise_linear: ClassVar[bool] = True
    __match_args__: ClassVar[tuple[str, ...]]
    """Names of the arguments in order; dataclasses fill it in."""

    def evaluate(self, x: float) -> float:
        raise NotImplementedError

    def kink_points(self) -> tuple[float, ...]:
        raise NotImplementedError

    @property
    def arguments(self) -> tuple[float, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    def supremum(self) -> float:
        return 1.0

    def _candidates(self, low: float, high: float) -> Iterator[float]:
        """Where an extreme over [low, high] can lie: the ends, each kink, and the floats beside it."""
        yield low
        yield high
        for kink in self.kink_points():
            for x in (before(kink), kink, behind(kink)):
                if low <= x <= high:
                    yield x

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        values = [self.evaluate(x) for x in self._candidates(low, high)]
        return min(values), max(values)

    def cut(self, level: float) -> tuple[Interval, ...]:
        return level_set(lambda x: self.evaluate(x) >= level, self.kink_points())

    def cast(self, to: Callable[[float], float]) -> Self:
        return replace(self, **{f.name: to(getattr(self, f.name)) for f in fields(self)})  # type: ignore[type-var, arg-type]


def kinks(*values: float) -> tuple[float, ...]:
    return tuple(sorted({float(v) for v in values if math.isfinite(v)}))
