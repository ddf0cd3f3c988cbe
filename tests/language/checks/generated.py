"""Random conditions and rule sets, and what brute force over their critical points says of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import Source, Span
from kistdsl.language import ast, checked
from kistdsl.language.literals import Literal, literal_of
from kistdsl.language.memberships import (
    HEDGES,
    Gaussian,
    MembershipFunction,
    Points,
    Rectangle,
    Sigmoid,
    SShape,
    Trapezoid,
    Triangle,
    ZShape,
)
from kistdsl.schema import ColumnSpec, Schema

SPAN = Span(Source("generated.kr", "\n" * 100), 0, 0)
COLUMNS = tuple(
    checked.Column(ColumnSpec(name, "ratio", low, high, 1.0, name), gamma)
    for name, low, high, gamma in (("p", 0.0, 1.0, 1.0), ("q", 0.0, 10.0, 7.0), ("r", 0.0, math.inf, 0.5))
)
RANGES = {"p": (0.0, 1.0), "q": (0.0, 10.0), "r": (0.0, 1.7976931348623157e308)}


def grid(rng: random.Random, n: int, low: float = -0.2, high: float = 1.4, steps: int = 16) -> list[float]:
    return sorted(low + (high - low) * rng.randrange(steps + 1) / steps for _ in range(n))


def straight_set(rng: random.Random) -> MembershipFunction:
    kind = rng.choice(["trap", "trap", "left", "right", "tri", "rect", "points"])
    if kind == "trap":
        return Trapezoid(*grid(rng, 4))
    if kind == "left":
        return Trapezoid(-math.inf, -math.inf, *grid(rng, 2))
    if kind == "right":
        return Trapezoid(*grid(rng, 2), math.inf, math.inf)
    if kind == "tri":
        return Triangle(*grid(rng, 3))
    if kind == "rect":
        return Rectangle(*grid(rng, 2))
    xs = grid(rng, rng.randint(1, 5))
    return Points(tuple((x, rng.randrange(9) / 8) for x in xs))


def curved_set(rng: random.Random) -> MembershipFunction:
    kind = rng.choice(["gauss", "sig", "s", "z"])
    if kind == "gauss":
        return Gaussian(rng.random(), rng.choice([0.1, 0.3]))
    if kind == "sig":
        return Sigmoid(rng.choice([-20.0, -5.0, 5.0, 20.0]), rng.random())
    return (SShape if kind == "s" else ZShape)(*grid(rng, 2))


class Generator:
    """Rule sets from few terms, so that clauses meet again and again."""

    def __init__(
        self, seed: int, *, columns: int = 2, terms: int = 3, hedges: bool = False, curved: bool = False
    ) -> None:
        self.rng = random.Random(seed)
        self.hedges = hedges
        self.columns = COLUMNS[:columns]
        make = [straight_set, curved_set] if curved else [straight_set]
        self.terms = tuple(
            checked.Term(f"t{i}", None, self.rng.choice(make)(self.rng), SPAN) for i in range(terms)
        )

    def proposition(self) -> checked.Proposition:
        rng = self.rng
        column = rng.choice(self.columns)
        hedges = (
            tuple(rng.choice(list(HEDGES)) for _ in range(rng.choice([0, 0, 1, 1, 2]))) if self.hedges else ()
        )
        return checked.Proposition(
            column.name, column.gamma, rng.choice(self.terms), hedges, rng.random() < 0.2, SPAN
        )

    def condition(self, depth: int = 3) -> checked.Condition:
        rng = self.rng
        if depth == 0 or rng.random() < 0.35:
            return self.proposition()
        kind = rng.choice(["and", "and", "or", "not"])
        if kind == "not":
            return checked.Not(self.condition(depth - 1), SPAN)
        operands = tuple(self.condition(depth - 1) for _ in range(rng.choice([2, 2, 3])))
        return checked.And(operands, SPAN) if kind == "and" else checked.Or(operands, SPAN)

    def conjunction(self) -> checked.Condition:
        operands = tuple(self.proposition() for _ in range(self.rng.choice([1, 2, 2, 3])))
        return operands[0] if len(operands) == 1 else checked.And(operands, SPAN)

    def rule(self, name: str, classes: Sequence[str] = ("anomalous",)) -> checked.Rule:
        rng = self.rng
        condition = self.conjunction() if rng.random() < 0.6 else self.condition()
        truth_value = rng.choice([1.0, 1.0, 0.9, 0.8, 0.5])
        target = rng.choice(classes)
        syntax = ast.Rule(SPAN, None, None, ast.Proposition(SPAN, *_NAMES), ast.Name(SPAN, target), None)
        return checked.Rule(name, None, condition, target, truth_value, 1, SPAN, syntax)


_NAMES = (ast.Name(SPAN, "p"), False, (), ast.Name(SPAN, "t"))


def propositions(condition: checked.Condition) -> Iterator[checked.Proposition]:
    if isinstance(condition, checked.Proposition):
        yield condition
    elif isinstance(condition, checked.Not):
        yield from propositions(condition.operand)
    else:
        for operand in condition.operands:
            yield from propositions(operand)


def critical_points(
    conditions: Sequence[checked.Condition],
    column: str,
    dense: int = 33,
    cap: float = 20.0,
    scales: Sequence[float] = (1.0,),
) -> list[float]:
    """Kinks, crossings of every two sets, floats beside them, midpoints and a dense grid, in the range.

    `scales` are truth values: sets cross as each of them scales them.
    """
    low, high = RANGES[column]
    high = min(high, cap)
    literals = [literal_of(p, RANGES) for c in conditions for p in propositions(c) if p.column == column]
    kinks = {low, high}
    for literal in literals:
        kinks.update(k * literal.divisor for k in literal.function.kink_points())
    points = {*kinks, *(low + (high - low) * i / (dense - 1) for i in range(dense))}
    ordered = sorted(k for k in points if low <= k <= high)
    points.update((a + b) / 2 for a, b in pairwise(ordered))
    for a, b in pairwise(sorted(k for k in kinks if low <= k <= high)):
        points.update(_crossings(literals, a, b, scales))
        points.update(_levels(literals, a, b))
    near = {math.nextafter(p, d) for p in kinks for d in (-math.inf, math.inf)}
    return sorted(p for p in {*points, *near} if low <= p <= high)


def _crossings(literals: Sequence[Literal], a: float, b: float, scales: Sequence[float]) -> Iterator[float]:
    """Where straight memberships, plain or negated, meet between two neighbouring kinks."""
    inside = [a + (b - a) * share for share in (1e-6, 1 - 1e-6)]
    lines = []
    for literal in dict.fromkeys(literals):
        at = [literal(x) for x in inside]
        for scale in scales:
            lines += [[scale * y for y in at], [scale * (1 - y) for y in at]]
    for i, f in enumerate(lines):
        for g in lines[i + 1 :]:
            d0, d1 = f[0] - g[0], f[1] - g[1]
            if d0 * d1 < 0:
                yield inside[0] + (inside[1] - inside[0]) * d0 / (d0 - d1)


LEVELS = (0.81, 0.85, 0.9, 0.95)
"""Between alpha and 1: where a tie above alpha may be won, however steep a set is."""


def _levels(literals: Sequence[Literal], a: float, b: float) -> Iterator[float]:
    """Where straight memberships take the levels between two neighbouring kinks."""
    inside = [a + (b - a) * share for share in (1e-6, 1 - 1e-6)]
    for literal in dict.fromkeys(literals):
        y0, y1 = (literal(x) for x in inside)
        for level in LEVELS:
            if min(y0, y1) < level < max(y0, y1):
                yield inside[0] + (inside[1] - inside[0]) * (level - y0) / (y1 - y0)


def table(points: dict[str, list[float]]) -> dict[str, NDArray[np.float64]]:
    """Axes of the full grid over all properties, for broadcasting: property i varies along axis i."""
    n = len(points)
    return {
        name: np.asarray(values).reshape([-1 if j == i else 1 for j in range(n)])
        for i, (name, values) in enumerate(points.items())
    }


Join = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
NORMS: dict[str, tuple[Join, Join]] = {
    "zadeh": (np.minimum, np.maximum),
    "product": (lambda a, b: a * b, lambda a, b: a + b - a * b),
    "lukasiewicz": (lambda a, b: np.maximum(a + b - 1.0, 0.0), lambda a, b: np.minimum(a + b, 1.0)),
}
"""AND and OR of every family, as the language reference writes them."""


def truth(
    condition: checked.Condition, axes: dict[str, NDArray[np.float64]], norms: str = "zadeh"
) -> NDArray[np.float64]:
    """The condition on the grid, by the definition."""
    if isinstance(condition, checked.Proposition):
        axis = axes[condition.column]
        literal = literal_of(condition, RANGES)
        return np.array([literal(float(v)) for v in axis.ravel()]).reshape(axis.shape)
    if isinstance(condition, checked.Not):
        return 1.0 - truth(condition.operand, axes, norms)
    join = NORMS[norms][not isinstance(condition, checked.And)]
    value = truth(condition.operands[0], axes, norms)
    for operand in condition.operands[1:]:
        value = join(value, truth(operand, axes, norms))
    return value


def all_axes(
    conditions: Sequence[checked.Condition],
    columns: Sequence[checked.Column],
    dense: int = 33,
    scales: Sequence[float] = (1.0,),
) -> dict[str, NDArray[np.float64]]:
    return table({c.name: critical_points(conditions, c.name, dense, scales=scales) for c in columns})


# --- whole files -----------------------------------------------------------------------------

SCHEMA = Schema([column.spec for column in COLUMNS])


def function_text(function: MembershipFunction) -> str:
    """The set as the language writes it."""
    numbers = [repr(float(x)) for x in function.arguments]
    if function.kind == "points":
        numbers = [f"({x}, {y})" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    return f"{function.kind}({', '.join(numbers)})"


def condition_text(condition: checked.Condition) -> str:
    """The condition as the language writes it, in brackets throughout."""
    if isinstance(condition, checked.Proposition):
        words = [condition.column, "is", *(["NOT"] if condition.negated else []), *condition.hedges]
        return " ".join([*words, condition.term.name])
    if isinstance(condition, checked.Not):
        return f"NOT ({condition_text(condition.operand)})"
    sign = " AND " if isinstance(condition, checked.And) else " OR "
    return sign.join(f"({condition_text(operand)})" for operand in condition.operands)


def file_text(generator: Generator, rules: int, classes: Sequence[str] = ("anomalous",)) -> str:
    """A rule file of this many rules, one a line."""
    lines = [f"property {c.name} scale {c.gamma!r}" for c in generator.columns]
    lines += [f"term {t.name} = {function_text(t.function)}" for t in generator.terms]
    lines += [f"class {name}" for name in classes if name != "anomalous"]
    for i in range(rules):
        rule = generator.rule(f"r{i}", classes)
        lines.append(
            f"rule r{i}: IF {condition_text(rule.condition)} THEN {rule.target} ({rule.truth_value!r})"
        )
    return "\n".join(lines) + "\n"
