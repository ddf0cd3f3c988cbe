"""Conditions taken apart: literals of one property each, and normal forms over them.

Under zadeh norms 1 - min(a, b) equals max(1 - a, 1 - b) to the last bit, because rounding is monotone.
A condition is therefore an AND/OR tree of literals, a literal being a proposition under some number of
negations; a rule's truth value moves into the literals for the same reason. Nothing is approximated:
a literal is evaluated by the steps of the evaluator, in their order.

Equation: (4) to (7) of the paper, read backwards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise
from typing import TypeAlias

from kistdsl.language import checked
from kistdsl.language.floatline import before, behind, first_where, from_ordinal, last_where, ordinal
from kistdsl.language.memberships import HEDGES, MembershipFunction

FINITE = sys.float_info.max
"""Stands for infinity as the end of a property's range: a region's property is a finite number."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`scale * (1 - ...(hedges(F(v / divisor)))) + offset` with `negations` times `1 -`; v in [low, high].

    `source` is the proposition it was read from, for its place in the text.
    """

    column: str
    function: MembershipFunction
    divisor: float
    hedges: tuple[str, ...]
    negations: int
    low: float
    high: float
    scale: float = 1.0
    offset: float = 0.0
    source: checked.Proposition | None = field(compare=False, repr=False, default=None)
    _hash: int = field(init=False, compare=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Literals are looked up a dozen times each: one hash for all."""
        what = (self.column, self.function, self.divisor, self.hedges, self.negations)
        object.__setattr__(self, "_hash", hash((*what, self.scale, self.offset)))

    def __hash__(self) -> int:
        return self._hash

    def __call__(self, value: float) -> float:
        m = self.function.evaluate(value / self.divisor)
        for hedge in reversed(self.hedges):
            m = HEDGES[hedge].evaluate(m)
        for _ in range(self.negations):
            m = 1.0 - m
        return self.scale * m + self.offset

    def starts(self) -> tuple[float, ...]:
        """First floats of the segments of [low, high] on which the literal is monotone; the first is low."""
        return _starts(self.function, self.divisor, self.low, self.high)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _starts(function: MembershipFunction, divisor: float, low: float, high: float) -> tuple[float, ...]:
    found = {low}
    for kink in function.kink_points():
        # All floats v with v / divisor == kink form a run; it is a segment of its own.
        if high / divisor < kink or low / divisor > kink:
            continue
        if low / divisor < kink:
            found.add(first_where(partial(_reaches, divisor, kink), *_around(kink * divisor, low, high)))
        if high / divisor > kink:
            found.add(
                behind(last_where(partial(_within, divisor, kink), *_around(kink * divisor, low, high)))
            )
    return tuple(sorted(found))


def _around(value: float, low: float, high: float) -> tuple[float, float]:
    """A few floats about a product: its quotient with either factor is the other one among them."""
    if not abs(value) < FINITE / 4 or abs(value) < 1e-290:
        return low, high
    rank = ordinal(value)
    return max(low, from_ordinal(rank - 8)), min(high, from_ordinal(rank + 8))


def _reaches(divisor: float, kink: float, value: float) -> bool:
    return value / divisor >= kink


def _within(divisor: float, kink: float, value: float) -> bool:
    return value / divisor <= kink


def segments(literals: tuple[Literal, ...]) -> Iterator[tuple[float, float]]:
    """Closed runs of floats that cover the column's range; every literal is monotone on each."""
    high = literals[0].high
    starts = sorted({start for literal in literals for start in literal.starts()})
    for start, following in pairwise([*starts, behind(high)]):
        yield start, before(following) if following <= high else high


# --- trees -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AllOf:
    """The smallest of its parts."""

    parts: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The largest of its parts."""

    parts: tuple[Form, ...]


Form: TypeAlias = Literal | AllOf | AnyOf
Conjunction: TypeAlias = frozenset[Literal]


class NotProvedError(Exception):
    """An exact answer would cost too much, or the mathematics at hand does not give it: nothing is said."""


Ranges: TypeAlias = dict[str, tuple[float, float]]


def ranges_of(program: checked.Program) -> Ranges:
    """(low, high) of every property, in its own unit, with finite ends."""
    columns = (*program.declared, *program.columns)
    return {c.name: (max(c.spec.low, -FINITE), min(c.spec.high, FINITE)) for c in columns}


def literal_of(
    proposition: checked.Proposition,
    ranges: Ranges,
    negations: int = 0,
    scale: float = 1.0,
    offset: float = 0.0,
) -> Literal:
    """The literal of a proposition under `negations` more negations."""
    low, high = ranges[proposition.column]
    return Literal(
        proposition.column,
        proposition.term.function,
        proposition.divisor,
        proposition.hedges,
        negations + proposition.negated,
        low,
        high,
        scale,
        offset,
        source=proposition,
    )


def form_of(condition: checked.Condition, ranges: Ranges, scale: float = 1.0, offset: float = 0.0) -> Form:
    """`scale * condition + offset` as an AND/OR tree of literals; no recursion, however deep it nests."""
    return _Builder(ranges, scale, offset).build(condition)


class _Builder:
    """Walks a condition with a stack of its own: nesting may be ten thousand deep."""

    def __init__(self, ranges: Ranges, scale: float, offset: float) -> None:
        self.ranges, self.scale, self.offset = ranges, scale, offset

    def build(self, condition: checked.Condition) -> Form:
        done: list[Form] = []
        todo: list[tuple[checked.Condition, int, bool]] = [(condition, 0, False)]
        while todo:
            node, negations, visited = todo.pop()
            if isinstance(node, checked.Proposition):
                done.append(literal_of(node, self.ranges, negations, self.scale, self.offset))
            elif isinstance(node, checked.Not):
                todo.append((node.operand, negations + 1, False))
            elif visited:
                parts = done[-len(node.operands) :]
                del done[-len(node.operands) :]
                done.append(self._joined(isinstance(node, checked.And) == (negations % 2 == 0), parts))
            else:
                todo.append((node, negations, True))
                todo.extend((operand, negations, False) for operand in reversed(node.operands))
        return done[0]

    @staticmethod
    def _joined(conjunctive: bool, parts: list[Form]) -> Form:
        kind: type[AllOf] | type[AnyOf] = AllOf if conjunctive else AnyOf
        flat: list[Form] = []
        for part in parts:
            flat.extend(part.parts if isinstance(part, kind) else (part,))
        return kind(tuple(flat))


# --- normal forms ----------------------------------------------------------------------------

SIZE = 256
"""Most conjunctions (or clauses) of a normal form before the answer is "not proved"."""
DEPTH = 100
"""Most alternations of AND and OR before the answer is "not proved"."""


def disjunctive(form: Form) -> tuple[Conjunction, ...]:
    """Conjunctions whose largest value is the form's.

    Raises:
        NotProvedError: there would be more than `SIZE`.
    """
    _shallow(form)
    return _normal(form, AllOf)


def conjunctive(form: Form) -> tuple[Conjunction, ...]:
    """Clauses (disjunctions) whose smallest value is the form's; bounded like `disjunctive`."""
    _shallow(form)
    return _normal(form, AnyOf)


def _normal(form: Form, product: type[AllOf] | type[AnyOf]) -> tuple[Conjunction, ...]:
    if isinstance(form, Literal):
        return (frozenset((form,)),)
    if len(form.parts) <= SIZE and all(isinstance(part, Literal) for part in form.parts):
        return _flat(form, product)
    parts = [_normal(part, product) for part in form.parts]
    if not isinstance(form, product):
        return _absorbed([group for part in parts for group in part])
    groups: tuple[Conjunction, ...] = (frozenset(),)
    for part in parts:
        groups = _absorbed([group | more for group in groups for more in part])
    return groups


def _flat(form: AllOf | AnyOf, product: type[AllOf] | type[AnyOf]) -> tuple[Conjunction, ...]:
    """What most rules are, one AND or OR of clauses, without the work of the general case."""
    literals = [part for part in form.parts if isinstance(part, Literal)]
    if isinstance(form, product):
        return (frozenset(literals),)
    return tuple(dict.fromkeys(frozenset((literal,)) for literal in literals))


def _shallow(form: Form) -> None:
    """Raises NotProvedError where AND and OR alternate too deeply for a normal form."""
    todo = [(form, 1)]
    while todo:
        node, level = todo.pop()
        if level > DEPTH:
            raise NotProvedError
        if not isinstance(node, Literal):
            todo.extend((part, level + 1) for part in node.parts)


def _absorbed(groups: list[Conjunction]) -> tuple[Conjunction, ...]:
    """Without the groups that contain another one: they change nothing."""
    if len(groups) > SIZE * 8:
        raise NotProvedError
    kept: list[Conjunction] = []
    for group in sorted(dict.fromkeys(groups), key=len):
        if not any(smaller <= group for smaller in kept):
            kept.append(group)
            if len(kept) > SIZE:
                raise NotProvedError
    return tuple(kept)


def by_column(group: Conjunction) -> dict[str, tuple[Literal, ...]]:
    """The literals of each property, in a fixed order."""
    columns: dict[str, list[Literal]] = {}
    for literal in group:
        columns.setdefault(literal.column, []).append(literal)
    return {
        name: tuple(sorted(columns[name], key=order) if len(columns[name]) > 1 else columns[name])
        for name in sorted(columns)
    }


def order(
    literal: Literal,
) -> tuple[str, str, tuple[float, ...], float, tuple[str, ...], int, float, float]:
    """A key that puts any literals into one and the same order."""
    function = literal.function
    return (
        literal.column,
        function.kind,
        function.arguments,
        literal.divisor,
        literal.hedges,
        literal.negations,
        literal.scale,
        literal.offset,
    )
