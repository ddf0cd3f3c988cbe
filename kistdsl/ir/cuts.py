"""The decision grade >= alpha without grades: closed intervals of the properties, joined by and and or.

Under the norms "zadeh" a minimum reaches a level where both sides do, a maximum where either does, and
every other step takes one number, so that the level moves down through the steps to the columns. Each
move is made by bisection over floats on the very arithmetic of the step: the intervals decide as the
grades do, to the last bit, ties included. NaN lies in no interval, so a caller with missing values has
to look at them first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from kistdsl.ir import nodes as ir
from kistdsl.ir.rounding import ROUND
from kistdsl.ir.scalar import apply
from kistdsl.language.floatline import Interval, first_where, last_where, level_set, merged


@dataclass(frozen=True, slots=True)
class Inside:
    """Column `column` of the program lies in one of the intervals (ascending, disjoint, not all)."""

    column: int
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; no part: always."""

    parts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds; no part: never."""

    parts: tuple[Cut, ...]


Cut: TypeAlias = Inside | AllOf | AnyOf

ALWAYS = AllOf(())
NEVER = AnyOf(())
_EVERYTHING: tuple[Interval, ...] = ((-math.inf, math.inf),)


class _NoCut(Exception):
    """The norms do not decompose."""


@lru_cache(maxsize=64)
def cuts(program: ir.Program) -> tuple[Cut, ...] | None:
    """For each live rule, in order, where its grade reaches alpha.

    Args:
        program: optimised IR; intervals are in the properties' own units, exact for its dtype.

    Returns:
        One cut a rule, or None when some rule joins two properties by other norms than min and max.
    """
    try:
        return tuple(_between(program, rule.grade, program.alpha, math.inf) for _, rule in program.live_rules)
    except _NoCut:
        return None


def decision(program: ir.Program) -> Cut | None:
    """Where the region's grade reaches alpha: any rule's cut (eq. 7, 10). None as in `cuts`."""
    parts = cuts(program)
    return None if parts is None else _any(parts)


def holds(cut: Cut, values: tuple[float, ...] | list[float]) -> bool:
    """Whether a row of values, one a column of the program, none NaN, lies in the cut."""
    if isinstance(cut, Inside):
        x = values[cut.column]
        return any(low <= x <= high for low, high in cut.intervals)
    join = all if isinstance(cut, AllOf) else any
    return join(holds(part, values) for part in cut.parts)


# --- levels moving down -------------------------------------------------------------------------


def _between(program: ir.Program, index: int, low: float, high: float) -> Cut:
    """Where low <= node `index` <= high; one of the two may be infinite."""
    while True:
        node = program.nodes[index]
        if isinstance(node, ir.Column):
            return _inside(node.index, ((low, high),))
        if isinstance(node, ir.Minimum | ir.Maximum):
            return _all((_lower(program, node, low), _upper(program, node, high)))
        if len(ir.operands(node)) != 1:
            raise _NoCut
        (index,) = ir.operands(node)
        intervals = _pulled_back(program.dtype, node, low, high)
        if len(intervals) != 1:
            return _any(_between(program, index, *interval) for interval in intervals)
        ((low, high),) = intervals
        if (low, high) == _EVERYTHING[0]:
            return ALWAYS


def _lower(program: ir.Program, node: ir.Minimum | ir.Maximum, low: float) -> Cut:
    """Where a minimum or maximum is >= low."""
    if low == -math.inf:
        return ALWAYS
    join = _all if isinstance(node, ir.Minimum) else _any
    return join(_between(program, operand, low, math.inf) for operand in ir.operands(node))


def _upper(program: ir.Program, node: ir.Minimum | ir.Maximum, high: float) -> Cut:
    """Where a minimum or maximum is <= high."""
    if high == math.inf:
        return ALWAYS
    join = _any if isinstance(node, ir.Minimum) else _all
    return join(_between(program, operand, -math.inf, high) for operand in ir.operands(node))


def _pulled_back(dtype: ir.Dtype, node: ir.Node, low: float, high: float) -> tuple[Interval, ...]:
    """The operands for which a node of one operand lies in [low, high]."""
    nearest = ROUND[dtype]

    def where(test: Callable[[float], bool]) -> tuple[Interval, ...]:
        def passes(x: float) -> bool:
            return test(apply(node, nearest(x), dtype))

        if isinstance(node, ir.Hedge | ir.Complement | ir.Smooth | ir.Weigh):
            return _monotone(passes, 0.0, 1.0)
        return level_set(passes, _kinks(node))

    above = _EVERYTHING if low == -math.inf else where(lambda value: value >= low)
    below = _EVERYTHING if high == math.inf else where(lambda value: value <= high)
    # Ends come from float64 bisection; rounded, they are the ends among the values of the dtype.
    return merged((nearest(a), nearest(b)) for a, b in _intersection(above, below))


def _monotone(passes: Callable[[float], bool], low: float, high: float) -> tuple[Interval, ...]:
    """Where a test that changes at most once holds on [low, high], the operand's whole range."""
    at_low, at_high = passes(low), passes(high)
    if at_low and at_high:
        return _EVERYTHING
    if at_low:
        return ((-math.inf, last_where(passes, low, high)),)
    if at_high:
        return ((first_where(passes, low, high), math.inf),)
    return ()


def _kinks(node: ir.Node) -> tuple[float, ...]:
    """Operand values between which the node is monotone."""
    if isinstance(node, ir.Gauss):
        return (node.mean,)
    if isinstance(node, ir.Bell):
        return (node.center,)
    if isinstance(node, ir.Polyline):
        return tuple(x for x, _ in node.peaks)
    return ()


# --- joining ------------------------------------------------------------------------------------


def _inside(column: int, intervals: tuple[Interval, ...]) -> Cut:
    if not intervals:
        return NEVER
    return ALWAYS if intervals == _EVERYTHING else Inside(column, intervals)


def _all(parts: Iterable[Cut]) -> Cut:
    """All of the parts, those of one column intersected; nested ones flattened."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, AllOf) else (part,))]
    by_column: dict[int, tuple[Interval, ...]] = {}
    others: list[Cut] = []
    for part in flat:
        if isinstance(part, Inside):
            have = by_column.get(part.column, _EVERYTHING)
            by_column[part.column] = _intersection(have, part.intervals)
        elif part == NEVER:
            return NEVER
        elif part not in others:
            others.append(part)
    tests = [_inside(column, intervals) for column, intervals in by_column.items()]
    if NEVER in tests:
        return NEVER
    kept = [*(test for test in tests if test != ALWAYS), *others]
    return kept[0] if len(kept) == 1 else AllOf(tuple(kept))


def _any(parts: Iterable[Cut]) -> Cut:
    """Any of the parts, those of one column united; nested ones flattened."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, AnyOf) else (part,))]
    by_column: dict[int, tuple[Interval, ...]] = {}
    others: list[Cut] = []
    for part in flat:
        if isinstance(part, Inside):
            by_column[part.column] = merged((*by_column.get(part.column, ()), *part.intervals))
        elif part == ALWAYS:
            return ALWAYS
        elif part not in others:
            others.append(part)
    tests = [_inside(column, intervals) for column, intervals in by_column.items()]
    if ALWAYS in tests:
        return ALWAYS
    kept = [*tests, *others]
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def _intersection(a: tuple[Interval, ...], b: tuple[Interval, ...]) -> tuple[Interval, ...]:
    pairs = ((max(p[0], q[0]), min(p[1], q[1])) for p in a for q in b)
    return merged((low, high) for low, high in pairs if low <= high)
