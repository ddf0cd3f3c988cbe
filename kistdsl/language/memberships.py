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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

from kistdsl.language import exactmath
from kistdsl.language.membership_base import MembershipFunction, Monotone, like
from kistdsl.language.membership_kinds import (
    Gaussian,
    GeneralizedBell,
    Knot,
    PiShape,
    Points,
    Rectangle,
    Sigmoid,
    SShape,
    Trapezoid,
    Triangle,
    ZShape,
)

__all__ = [
    "HEDGES",
    "MEMBERSHIPS",
    "STANDARD_TERMS",
    "Gaussian",
    "GeneralizedBell",
    "Hedge",
    "Knot",
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


def _of(function: type[Monotone], validate: Callable[[Sequence[float]], str | None]) -> MembershipKind:
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
    return like(m, math.sqrt(float(m)))


def _cube_root(m: float) -> float:
    return like(m, exactmath.cbrt(float(m)))


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
