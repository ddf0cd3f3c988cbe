"""The line of float64 values: neighbours, ordinals, and exact level sets by bisection.

Between two neighbouring kink points a membership is monotone on floats, so that the floats where it
reaches a level form one run, whose ends bisection over ordinals finds in 64 steps.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[float, float]
"""Closed interval [low, high], low <= high, infinite ends allowed."""


def ordinal(x: float) -> int:
    """Rank of x among all floats: order-preserving, neighbours differ by 1, both zeros are 0."""
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def from_ordinal(rank: int) -> float:
    """The float of a rank; 0 gives +0.0."""
    magnitude: float = struct.unpack("<d", struct.pack("<q", abs(rank)))[0]
    return -magnitude if rank < 0 else magnitude


def before(x: float) -> float:
    """The next float below x; -inf stays."""
    return math.nextafter(x, -math.inf)


def behind(x: float) -> float:
    """The next float above x; inf stays."""
    return math.nextafter(x, math.inf)


def last_where(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The largest float in [low, high] with `holds`, given that it holds at low and then stops once."""
    a, b = ordinal(low), ordinal(high)
    if holds(high):
        return high
    while b - a > 1:
        middle = (a + b) // 2
        if holds(from_ordinal(middle)):
            a = middle
        else:
            b = middle
    return from_ordinal(a)


def first_where(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest float in [low, high] with `holds`, given that it holds at high and starts once."""
    return -last_where(lambda x: holds(-x), -high, -low)


def _run(holds: Callable[[float], bool], low: float, high: float) -> Interval | None:
    """Where `holds` within [low, high], if it changes at most once there."""
    at_low, at_high = holds(low), holds(high)
    if at_low and at_high:
        return (low, high)
    if at_low:
        return (low, last_where(holds, low, high))
    if at_high:
        return (first_where(holds, low, high), high)
    return None


def level_set(holds: Callable[[float], bool], kinks: Sequence[float]) -> tuple[Interval, ...]:
    """All floats with `holds`, which changes at most once between two neighbouring kinks.

    Args:
        holds: a test of one float; may change at a kink in any way.
        kinks: finite, ascending, distinct.

    Returns:
        Disjoint closed intervals, ascending, not touching.
    """
    runs: list[Interval | None] = []
    low = -math.inf
    for kink in kinks:
        runs.append(_run(holds, low, before(kink)))
        runs.append((kink, kink) if holds(kink) else None)
        low = behind(kink)
    runs.append(_run(holds, low, math.inf))
    return merged(run for run in runs if run is not None)


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Union of closed intervals; those that overlap or are float neighbours become one."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= behind(result[-1][1]):
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)
