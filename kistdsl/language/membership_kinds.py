"""The membership functions, one class a kind; `evaluate` is THE meaning (see `kistdsl.language.memberships`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from kistdsl.language import exactmath
from kistdsl.language.membership_base import (
    Monotone,
    ascending,
    edge,
    fall,
    finite,
    kinks,
    like,
    minimum,
    rise,
    smooth,
)


@dataclass(frozen=True)
class Trapezoid(Monotone):
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
        return ascending("abcd", arguments) or edge("a", "b", a, b) or edge("c", "d", c, d)

    def evaluate(self, x: float) -> float:
        return minimum(rise(x, self.a, self.b), fall(x, self.c, self.d))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Triangle(Monotone):
    """`trimf(a, b, c)`: rises from a to b, falls to c."""

    kind: ClassVar[str] = "trimf"
    a: float
    b: float
    c: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        a, b, c = arguments
        return (
            finite("abc", arguments)
            or ascending("abc", arguments)
            or edge("a", "b", a, b)
            or edge("b", "c", b, c)
        )

    def evaluate(self, x: float) -> float:
        return minimum(rise(x, self.a, self.b), fall(x, self.b, self.c))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b, self.c)


@dataclass(frozen=True)
class Rectangle(Monotone):
    """`rectmf(a, b)`: 1 on the closed interval [a, b], else 0; infinite ends allowed."""

    kind: ClassVar[str] = "rectmf"
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        a, b = arguments
        if a == math.inf or b == -math.inf:
            return "no finite value lies between a and b"
        return ascending("ab", arguments)

    def evaluate(self, x: float) -> float:
        return minimum(rise(x, self.a, self.a), fall(x, self.b, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b)


@dataclass(frozen=True)
class Gaussian(Monotone):
    """`gaussmf(mean, sigma)`: exp(-((x - mean) / sigma)^2 / 2)."""

    kind: ClassVar[str] = "gaussmf"
    piecewise_linear: ClassVar[bool] = False
    mean: float
    sigma: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        if message := finite(("mean", "sigma"), arguments):
            return message
        return None if arguments[1] > 0 else f"sigma must be above 0, not {arguments[1]:g}"

    def evaluate(self, x: float) -> float:
        t = (x - self.mean) / self.sigma
        return like(x, exactmath.exp(float(-0.5 * (t * t))))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.mean)


@dataclass(frozen=True)
class GeneralizedBell(Monotone):
    """`gbellmf(width, slope, center)`: 1 / (1 + |(x - center) / width|^(2 slope))."""

    kind: ClassVar[str] = "gbellmf"
    piecewise_linear: ClassVar[bool] = False
    width: float
    slope: float
    center: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        names = ("width", "slope", "center")
        if message := finite(names, arguments):
            return message
        for name, value in zip(names[:2], arguments[:2], strict=True):
            if value <= 0:
                return f"{name} must be above 0, not {value:g}"
        return None

    def evaluate(self, x: float) -> float:
        t = (x - self.center) / self.width
        distance = -t if t < 0.0 else t
        return 1.0 / (1.0 + like(x, exactmath.power(float(distance), float(2.0 * self.slope))))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.center)


@dataclass(frozen=True)
class Sigmoid(Monotone):
    """`sigmf(slope, center)`: 1 / (1 + exp(-slope (x - center))); a negative slope falls."""

    kind: ClassVar[str] = "sigmf"
    piecewise_linear: ClassVar[bool] = False
    slope: float
    center: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        if message := finite(("slope", "center"), arguments):
            return message
        return None if arguments[0] != 0 else "slope must not be 0"

    def evaluate(self, x: float) -> float:
        t = (x - self.center) * self.slope
        return 1.0 / (1.0 + like(x, exactmath.exp(float(-t))))

    def kink_points(self) -> tuple[float, ...]:
        return ()


@dataclass(frozen=True)
class SShape(Monotone):
    """`smf(a, b)`: 0 up to a, 1 from b on, a smooth S between; a step at b where a == b."""

    kind: ClassVar[str] = "smf"
    piecewise_linear: ClassVar[bool] = False
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        return finite("ab", arguments) or ascending("ab", arguments) or edge("a", "b", *arguments)

    def evaluate(self, x: float) -> float:
        return smooth(rise(x, self.a, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b)


@dataclass(frozen=True)
class ZShape(Monotone):
    """`zmf(a, b)`: 1 up to a, 0 from b on, a smooth Z between; a step behind a where a == b."""

    kind: ClassVar[str] = "zmf"
    piecewise_linear: ClassVar[bool] = False
    a: float
    b: float

    @staticmethod
    def validate(arguments: Sequence[float]) -> str | None:
        return finite("ab", arguments) or ascending("ab", arguments) or edge("a", "b", *arguments)

    def evaluate(self, x: float) -> float:
        return smooth(fall(x, self.a, self.b))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b)


@dataclass(frozen=True)
class PiShape(Monotone):
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
        return minimum(smooth(rise(x, self.a, self.b)), smooth(fall(x, self.c, self.d)))

    def kink_points(self) -> tuple[float, ...]:
        return kinks(self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Knot:
    """One x of a polyline: the value approached from the left, the one at x, the one left to the right."""

    x: float
    left: float
    peak: float
    right: float


@dataclass(frozen=True)
class Points(Monotone):
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
        return ascending(names, xs)

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
        return kinks(*(x for x, _ in self.points))

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
