"""Whether a region's grade reaches alpha, as tests of properties in the cheapest order.

With operators that decompose (min, max, 1 - x) the regions of grade alpha or more are those that pass an
and/or tree of closed intervals. The tree becomes a small program of jumps, so that a region is measured
only as far as the answer needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.measure import ORDER

ACCEPT, REJECT = -1, -2

_DEAR: dict[str, float] = {
    "area": 0.0, "aspect": 0.1, "extent": 0.1, "diameter": 0.2, "border": 0.2,
    "x": 1.0, "y": 1.0, "elongation": 1.2, "eccentricity": 1.2, "orientation": 2.0,
    "gray": 2.0, "contrast": 2.1, "unevenness": 2.2, "variation": 2.3, "relative_unevenness": 2.3,
    "residual_mean": 2.5, "residual_peak": 2.5, "solidity": 3.0, "symmetry": 3.0, "redness": 4.0, "chroma": 5.0,
    "dark_tenth": 10.0, "bright_tenth": 10.0, "perimeter": 12.0, "ring_contrast": 20.0, "shape": 30.0,
}  # fmt: skip
"""Relative cost of measuring a property of a region of ordinary size."""


OF_GRAY = frozenset(
    {"gray", "contrast", "unevenness", "variation", "relative_unevenness", "bright_tenth", "dark_tenth"}
)
"""Properties that follow from the gray levels alone."""


@dataclass(frozen=True, slots=True)
class Within:
    """The property lies in one of the closed intervals."""

    name: str
    intervals: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; an empty one always."""

    parts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds; an empty one never."""

    parts: tuple[Cut, ...]


Cut: TypeAlias = Within | All | Some


class Jumps(NamedTuple):
    """Test i: is low[i] <= property number[i] <= high[i]? Go on at yes[i] or no[i]; ACCEPT, REJECT end it.

    The program begins at test `first`, the last one; an empty one has `first` as its answer. Jumps go to
    tests with lower numbers. `reads_gray`: whether any test needs the sums of gray.
    """

    number: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    yes: NDArray[np.int64]
    no: NDArray[np.int64]
    first: int
    reads_gray: bool


def names(cut: Cut) -> Iterator[str]:
    """Every property that is tested, as often as it is."""
    if isinstance(cut, Within):
        yield cut.name
        return
    for part in cut.parts:
        yield from names(part)


def holds(cut: Cut, values: dict[str, float]) -> bool:
    """The plain meaning of a cut."""
    if isinstance(cut, Within):
        return any(low <= values[cut.name] <= high for low, high in cut.intervals)
    answers = (holds(part, values) for part in cut.parts)
    return all(answers) if isinstance(cut, All) else any(answers)


def jumps(cut: Cut) -> Jumps:
    """The cut as a program of jumps, cheap properties first."""
    tests: list[tuple[int, float, float, int, int]] = []

    def emit(part: Cut, yes: int, no: int) -> int:
        """Append the tests of `part`, last ones first; where it begins."""
        if isinstance(part, Within):
            for low, high in reversed(part.intervals):
                tests.append((ORDER[part.name], low, high, yes, no))
                no = len(tests) - 1
            return no
        for child in sorted(part.parts, key=_cost, reverse=True):
            if isinstance(part, All):
                yes = emit(child, yes, no)
            else:
                no = emit(child, yes, no)
        return yes if isinstance(part, All) else no

    first = emit(cut, ACCEPT, REJECT)
    return Jumps(
        np.array([t[0] for t in tests], np.int64),
        np.array([t[1] for t in tests], np.float64),
        np.array([t[2] for t in tests], np.float64),
        np.array([t[3] for t in tests], np.int64),
        np.array([t[4] for t in tests], np.int64),
        first,
        not OF_GRAY.isdisjoint(names(cut)),
    )


def _cost(cut: Cut) -> float:
    """What deciding the cut costs at least: its cheapest part first for an easy way out."""
    if isinstance(cut, Within):
        return _DEAR[cut.name]
    return sum(map(_cost, cut.parts))
