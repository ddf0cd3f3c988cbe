"""All distinct regions of an image over all thresholds, generation by generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.jit import njit
from kistdsl.regions.measure import BOTTOM, LEFT, ORDER, RIGHT, TOP, N, Pixels, Scratch, measured, prepare
from kistdsl.regions.picture import Picture
from kistdsl.regions.region import Region
from kistdsl.regions.runs import (
    ROW,
    START,
    STOP,
    Generation,
    Runs,
    cut_runs,
    first_runs,
    group_runs,
    level_span,
)
from kistdsl.regions.workspace import Workspace, pixels_of

BOX = ("pixels", "top", "left", "bottom", "right", "seed")
"""Whole numbers kept of a region beside its properties; `seed` is its first pixel's column in row `top`."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Distinct regions of one generation; region c is the same for thresholds first[c]..last[c].

    Attributes:
        columns: (n,) float64 for each built-in property asked for.
        boxes: (n, 6) int64, see BOX; bottom and right are exclusive.
        first, last: (n,) uint8, numbers of the lowest and highest threshold, from 0.
        begin: (n + 1,) int32, where the runs of a region begin.
        runs: rows, starts and stops; valid until the next layer is asked for.
        drop: (n,) bool, False; regions set to True are not looked into any further.
    """

    columns: dict[str, NDArray[np.float64]]
    boxes: NDArray[np.int64]
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    begin: NDArray[np.int32]
    runs: Runs
    drop: NDArray[np.bool_]

    def region(self, c: int, picture: Picture) -> Region:
        """Region c as pixels."""
        part = slice(int(self.begin[c]), int(self.begin[c + 1]))
        row, start, stop = self.runs[part, ROW], self.runs[part, START], self.runs[part, STOP]
        rows = np.repeat(row, stop - start).astype(np.int64)
        columns = np.concatenate([np.arange(a, b) for a, b in zip(start, stop, strict=True)])
        return Region(rows, columns.astype(np.int64), picture)


def layers(
    workspace: Workspace,
    field: NDArray[np.floating],
    thresholds: NDArray[np.float64],
    picture: Picture,
    names: Sequence[str],
    min_area: int = 1,
) -> Iterator[Layer]:
    """Measure every distinct region of `field` above the thresholds, each once.

    Args:
        workspace: made for (at least) `names`.
        field: (H, W) float32 or float64 that is thresholded, without NaN.
        thresholds: (T,) float64, ascending.
        picture: what the properties are measured on; same size.
        names: built-in properties.
        min_area: smaller regions, and what lies inside them, are left out.
    """
    workspace.load(field, thresholds)
    pixels = pixels_of(picture, frozenset(names))
    numbers = np.array([ORDER[name] for name in names], dtype=np.int64)
    w = workspace
    w.links.bounds[:2] = 0, first_runs(w.levels, w.words, w.found)
    regions = group_runs(w.found, w.links.bounds, 1, w.now, w.links.parent, w.links.origin)
    first = np.zeros(regions, np.uint8)
    while regions:
        values = np.empty((numbers.size, regions))
        boxes, last = np.empty((regions, len(BOX)), np.int64), np.empty(regions, np.uint8)
        _measure(w.now, regions, numbers, min_area, pixels, w.scratch, values, boxes, last)
        layer = _layer(w.now, names, values, boxes, first, last)
        layer.drop[:] = boxes[:, 0] < min_area
        yield layer
        floors = np.where(layer.drop, np.uint8(255), last + np.uint8(1))
        cut_runs(w.levels, w.now, floors, w.found, w.links.bounds)
        regions = group_runs(w.found, w.links.bounds, regions, w.now, w.links.parent, w.links.origin)
        first = floors[w.links.origin[:regions]]


def _layer(
    now: Generation,
    names: Sequence[str],
    values: NDArray[np.float64],
    boxes: NDArray[np.int64],
    first: NDArray[np.uint8],
    last: NDArray[np.uint8],
) -> Layer:
    n = last.size
    columns: Mapping[str, NDArray[np.float64]] = dict(zip(names, values, strict=True))
    return Layer(dict(columns), boxes, first[:n], last, now.begin[: n + 1], now.runs, np.zeros(n, np.bool_))


@njit
def _measure(
    now: Generation,
    regions: int,
    numbers: NDArray[np.int64],
    min_area: int,
    pixels: Pixels,
    scratch: Scratch,
    values: NDArray[np.float64],
    boxes: NDArray[np.int64],
    last: NDArray[np.uint8],
) -> None:
    """Fill values (properties, regions), boxes and last threshold of each region; NaN for small ones."""
    facts = scratch.facts
    for c in range(regions):
        begin, end = now.begin[c], now.begin[c + 1]
        prepare(now.runs, begin, end, facts)
        boxes[c, 0] = facts[N]
        boxes[c, 1], boxes[c, 2] = facts[TOP], facts[LEFT]
        boxes[c, 3], boxes[c, 4] = facts[BOTTOM], facts[RIGHT]
        boxes[c, 5] = now.runs[begin, START]
        low, _ = level_span(now.runs, begin, end)
        last[c] = low - 1
        for p in range(numbers.size):
            small = facts[N] < min_area
            values[p, c] = np.nan if small else measured(numbers[p], now.runs, begin, end, pixels, scratch)
