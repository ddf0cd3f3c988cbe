"""Membership functions: what a fuzzy set is, to the last bit.

`evaluate` is THE meaning; every backend repeats its steps. Three habits make that possible:

- only + - * /, comparisons and `kistdsl.language.exactmath` are used, and divisions stay divisions:
  `(x - a) / (b - a)` reaches exactly 1 at b, a multiplication with a reciprocal often does not;
- each function is a chain of operations that round monotonically, so between two neighbouring kink
  points it is monotone on floats too, and `cut` and `bounds` are exact;
- NaN in, NaN out; a value is never -0.0.

`evaluate` takes a Python float, or any float type with the same arithmetic after `cast` (NumPy's
float32, say): `function.cast(float32).evaluate(float32(x))` is the meaning in float32. There exp, log
and powers are computed in float64 and rounded once.

This module imports the standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import ClassVar, Protocol, Self, TypeVar, runtime_checkable

from kistdsl.language import exactmath
from kistdsl.language.floatline import Interval, before, behind, level_set

__all__ = [
    "HEDGES",
    "MEMBERSHIPS",
    "STANDARD_TERMS",
    "Gaussian",
    "GeneralizedBell",
    "Hedge",
    "MembershipFunction",
    "MembershipKind",
    "PiShape",
    "Points",
    "Rectangle",
    "SShape",
    "Sigmoid",
    "Trapezoid",
    "Triangle",
    "ZShape",
]

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


def _unit(t: _F) -> float:
    """t clamped to [0, 1]; NaN stays; -0.0 becomes 0.0."""
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return t


def _rise(x: float, a: float, b: float) -> float:
    """0 up to a, 1 from b on, a straight line between; a step at b where a == b."""
    if a == b:
        return 0.0 if x < b else 1.0 if x >= b else x
    return _unit((x - a) / (b - a))


def _fall(x: float, c: float, d: float) -> float:
    """1 up to c, 0 from d on, a straight line between; a step behind c where c == d."""
    if c == d:
        return 0.0 if x > c else 1.0 if x <= c else x
    return _unit((d - x) / (d - c))


def _smooth(t: float) -> float:
    """[0, 1] onto itself with level ends: 2 t^2, then 1 - 2 (1 - t)^2."""
    if t <= 0.5:
        return 2.0 * (t * t)
    u = 1.0 - t
    return 1.0 - 2.0 * (u * u)


def _minimum(a: float, b: float) -> float:
    """The smaller one; NaN if either is NaN."""
    return a if (a < b or a != a) else b


def _like(x: _F, value: float) -> _F:
    """`value` in the float type of x."""
    return value if isinstance(x, int | float) and type(x) in (int, float) else type(x)(value)  # type: ignore[return-value]


# --- checks of numbers -----------------------------------------------------------------------


def _finite(names: Sequence[str], values: Sequence[float]) -> str | None:
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value):
            return f"{name} must be a finite number, not {value:g}"
    return None


def _ascending(names: Sequence[str], values: Sequence[float]) -> str | None:
    for (first, a), (second, b) in pairwise(zip(names, values, strict=True)):
        if a != a or b != b:
            return f"{first if a != a else second} is not a number"
        if a > b:
            return f"{first} = {a:g} must not be above {second} = {b:g}"
    return None


def _edge(first: str, second: str, a: float, b: float) -> str | None:
    """An edge rises over a finite width, is vertical, or lies at infinity as a whole."""
    if math.isinf(a) != math.isinf(b):
        return f"{first} = {a:g} and {second} = {b:g} must be both infinite or both finite"
    if math.isfinite(a) and math.isinf(b - a):
        return f"{first} = {a:g} and {second} = {b:g} lie too far apart"
    return None


# --- what all have in common -----------------------------------------------------------------


class _Monotone:
    """`bounds`, `cut` and `supremum` of a function that is monotone between its kink points."""

    kind: ClassVar[str]
    piecewise_linear: ClassVar[bool] = True

    def evaluate(self, x: float) -> float:
        raise NotImplementedError

    def kink_points(self) -> tuple[float, ...]:
        raise NotImplementedError

    @property
    def arguments(self) -> tuple[float, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))  # type: ignore[arg-type]

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


def _kinks(*values: float) -> tuple[float, ...]:
    return tuple(sorted({float(v) for v in values if math.isfinite(v)}))


# --- the kinds -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trapezoid(_Monotone):
    """`trapmf(a, b, c, d)`: rises from a to b, 1 up to c, falls to d; a = b = -inf never rises.

    Equation: min(clamp((x - a) / (b - a)), clamp((d - x) / (d - c))); Fig. 5 of the paper.
    """

    kind: ClassVar[str] = "trapmf"
    a: float
    b: float
    c: float
    d: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        a, b, c, d = arguments
        if b == math.inf or c == -math.inf:
            return "b must lie below inf and c above -inf, or no finite value reaches 1"
        return _ascending("abcd", arguments) or _edge("a", "b", a, b) or _edge("c", "d", c, d)

    def evaluate(self, x: float) -> float:
        return _minimum(_rise(x, self.a, self.b), _fall(x, self.c, self.d))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Triangle(_Monotone):
    """`trimf(a, b, c)`: rises from a to b, falls to c."""

    kind: ClassVar[str] = "trimf"
    a: float
    b: float
    c: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        a, b, c = arguments
        return (
            _finite("abc", arguments)
            or _ascending("abc", arguments)
            or _edge("a", "b", a, b)
            or _edge("b", "c", b, c)
        )

    def evaluate(self, x: float) -> float:
        return _minimum(_rise(x, self.a, self.b), _fall(x, self.b, self.c))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b, self.c)


@dataclass(frozen=True)
class Rectangle(_Monotone):
    """`rectmf(a, b)`: 1 on the closed interval [a, b], else 0; infinite ends allowed."""

    kind: ClassVar[str] = "rectmf"
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        a, b = arguments
        if a == math.inf or b == -math.inf:
            return "no finite value lies between a and b"
        return _ascending("ab", arguments)

    def evaluate(self, x: float) -> float:
        return _minimum(_rise(x, self.a, self.a), _fall(x, self.b, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b)


@dataclass(frozen=True)
class Gaussian(_Monotone):
    """`gaussmf(mean, sigma)`: exp(-((x - mean) / sigma)^2 / 2)."""

    kind: ClassVar[str] = "gaussmf"
    piecewise_linear: ClassVar[bool] = False
    mean: float
    sigma: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        if message := _finite(("mean", "sigma"), arguments):
            return message
        return None if arguments[1] > 0 else f"sigma must be above 0, not {arguments[1]:g}"

    def evaluate(self, x: float) -> float:
        t = (x - self.mean) / self.sigma
        return _like(x, exactmath.exp(float(-0.5 * (t * t))))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.mean)


@dataclass(frozen=True)
class GeneralizedBell(_Monotone):
    """`gbellmf(width, slope, center)`: 1 / (1 + |(x - center) / width|^(2 slope))."""

    kind: ClassVar[str] = "gbellmf"
    piecewise_linear: ClassVar[bool] = False
    width: float
    slope: float
    center: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        names = ("width", "slope", "center")
        if message := _finite(names, arguments):
            return message
        for name, value in zip(names[:2], arguments[:2], strict=True):
            if value <= 0:
                return f"{name} must be above 0, not {value:g}"
        return None

    def evaluate(self, x: float) -> float:
        t = (x - self.center) / self.width
        distance = -t if t < 0.0 else t
        return 1.0 / (1.0 + _like(x, exactmath.power(float(distance), float(2.0 * self.slope))))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.center)


@dataclass(frozen=True)
class Sigmoid(_Monotone):
    """`sigmf(slope, center)`: 1 / (1 + exp(-slope (x - center))); a negative slope falls."""

    kind: ClassVar[str] = "sigmf"
    piecewise_linear: ClassVar[bool] = False
    slope: float
    center: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        if message := _finite(("slope", "center"), arguments):
            return message
        return None if arguments[0] != 0 else "slope must not be 0"

    def evaluate(self, x: float) -> float:
        t = (x - self.center) * self.slope
        return 1.0 / (1.0 + _like(x, exactmath.exp(float(-t))))

    def kink_points(self) -> tuple[float, ...]:
        return ()


@dataclass(frozen=True)
class SShape(_Monotone):
    """`smf(a, b)`: 0 up to a, 1 from b on, a smooth S between; a step at b where a == b."""

    kind: ClassVar[str] = "smf"
    piecewise_linear: ClassVar[bool] = False
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        return _finite("ab", arguments) or _ascending("ab", arguments) or _edge("a", "b", *arguments)

    def evaluate(self, x: float) -> float:
        return _smooth(_rise(x, self.a, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b)


@dataclass(frozen=True)
class ZShape(_Monotone):
    """`zmf(a, b)`: 1 up to a, 0 from b on, a smooth Z between; a step behind a where a == b."""

    kind: ClassVar[str] = "zmf"
    piecewise_linear: ClassVar[bool] = False
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        return _finite("ab", arguments) or _ascending("ab", arguments) or _edge("a", "b", *arguments)

    def evaluate(self, x: float) -> float:
        return _smooth(_fall(x, self.a, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b)


@dataclass(frozen=True)
class PiShape(_Monotone):
    """`pimf(a, b, c, d)`: an S from a to b, 1 up to c, a Z from c to d; infinite ends as in trapmf."""

    kind: ClassVar[str] = "pimf"
    piecewise_linear: ClassVar[bool] = False
    a: float
    b: float
    c: float
    d: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        return Trapezoid.validate(arguments)

    def evaluate(self, x: float) -> float:
        return _minimum(_smooth(_rise(x, self.a, self.b)), _smooth(_fall(x, self.c, self.d)))

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Knot:
    """One x of a polyline: the value approached from the left, the one at x, the one left to the right."""

    x: float
    left: float
    peak: float
    right: float


@dataclass(frozen=True)
class Points(_Monotone):
    """`points((x, y), ...)`: straight lines between the points, level outside them.

    Two or more points with one x make a vertical edge: the value there is the largest of their y.
    """

    kind: ClassVar[str] = "points"
    points: tuple[tuple[float, float], ...]

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        xs, ys = arguments[::2], arguments[1::2]
        if len(arguments) < 2 or len(xs) != len(ys):
            return "points takes one or more pairs (x, y)"
        names = [f"x{i + 1}" for i in range(len(xs))]
        for x, y in zip(xs, ys, strict=True):
            if not 0.0 <= y <= 1.0:
                return f"y = {y:g} must lie between 0 and 1"
            if not math.isfinite(x):
                return f"x must be a finite number, not {x:g}"
        if math.isinf(xs[-1] - xs[0]):
            return "the first and the last point lie too far apart"
        return _ascending(names, xs)

    @property
    def arguments(self) -> tuple[float, ...]:
        return tuple(v for point in self.points for v in point)

    def knots(self) -> tuple[Knot, ...]:
        """The distinct x, ascending."""
        merged: list[Knot] = []
        for x, y in self.points:
            if merged and merged[-1].x == x:
                last = merged[-1]
                merged[-1] = Knot(last.x, last.left, y if y > last.peak else last.peak, y)
            else:
                merged.append(Knot(x, y, y, y))
        return tuple(merged)

    def evaluate(self, x: float) -> float:
        knots = self.knots()
        if x < knots[0].x:
            return knots[0].left
        for knot, following in pairwise(knots):
            if x == knot.x:
                return knot.peak
            if x < following.x:
                return _segment(x, knot, following)
        last = knots[-1]
        return last.peak if x == last.x else last.right if x > last.x else x

    def kink_points(self) -> tuple[float, ...]:
        return _kinks(*(x for x, _ in self.points))

    def supremum(self) -> float:
        return max(y for _, y in self.points)

    def cast(self, to: Callable[[float], float]) -> Points:
        return Points(tuple((to(x), to(y)) for x, y in self.points))


def _segment(x: float, knot: Knot, following: Knot) -> float:
    """The straight line from knot to the next one, kept between its two ends."""
    low, high = knot.right, following.left
    value = low + (high - low) * ((x - knot.x) / (following.x - knot.x))
    if low <= high:
        return high if value > high else value
    return high if value < high else value


# --- by name ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MembershipKind:
    """One kind as the language knows it.

    Attributes:
        name: the word, `trapmf`.
        parameters: names of the numbers; empty for `points`, which takes any number of pairs.
        validate: a message about numbers without a meaning, or None. Takes exactly as many numbers as
            `parameters` names (any even number for `points`).
        build: the function from valid numbers.
        doc: one line for help and completion.
    """

    name: str
    parameters: tuple[str, ...]
    validate: Callable[[Sequence[float]], str | None]
    build: Callable[[Sequence[float]], MembershipFunction]
    doc: str

    @property
    def variadic(self) -> bool:
        return not self.parameters


def _of(function: type[_Monotone], validate: Callable[[Sequence[float]], str | None]) -> MembershipKind:
    names = tuple(f.name for f in fields(function))  # type: ignore[arg-type]
    doc = (function.__doc__ or "").splitlines()[0]
    return MembershipKind(function.kind, names, validate, lambda arguments: function(*arguments), doc)


def _points(arguments: Sequence[float]) -> Points:
    return Points(tuple(zip(arguments[::2], arguments[1::2], strict=True)))


MEMBERSHIPS: Mapping[str, MembershipKind] = {
    kind.name: kind
    for kind in (
        _of(Trapezoid, Trapezoid.validate),
        _of(Triangle, Triangle.validate),
        _of(Rectangle, Rectangle.validate),
        _of(Gaussian, Gaussian.validate),
        _of(GeneralizedBell, GeneralizedBell.validate),
        _of(Sigmoid, Sigmoid.validate),
        _of(SShape, SShape.validate),
        _of(ZShape, ZShape.validate),
        _of(PiShape, PiShape.validate),
        MembershipKind("points", (), Points.validate, _points, (Points.__doc__ or "").splitlines()[0]),
    )
}
"""Every membership function of the language, by its word."""


# --- hedges ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hedge:
    """A word that bends a membership: increasing on [0, 1], 0 to 0, 1 to 1, NaN to NaN."""

    name: str
    evaluate: Callable[[float], float]
    doc: str


def _square_root(m: float) -> float:
    return _like(m, math.sqrt(float(m)))


def _cube_root(m: float) -> float:
    return _like(m, exactmath.cbrt(float(m)))


HEDGES: Mapping[str, Hedge] = {
    hedge.name: hedge
    for hedge in (
        Hedge("very", lambda m: m * m, "x * x"),
        Hedge("extremely", lambda m: (m * m) * m, "x * x * x"),
        Hedge("somewhat", _square_root, "square root of x"),
        Hedge("slightly", _cube_root, "cube root of x"),
    )
}
"""Every hedge of the language, by its word."""


# --- terms that every file has ----------------------------------------------------------------

STANDARD_TERMS: Mapping[str, Trapezoid] = {
    "low": Trapezoid(-math.inf, -math.inf, 0.2, 0.4),
    "mid": Trapezoid(0.2, 0.4, 0.6, 0.8),
    "high": Trapezoid(0.6, 0.8, math.inf, math.inf),
}
"""Fig. 5, on the standard scale v' = v / gamma; a file may define the names anew."""
