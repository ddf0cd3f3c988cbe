"""Connected regions of nested thresholds as runs of pixels: the compiled core.

A pixel's level is the number of thresholds below its value, so the regions of threshold k are the
8-connected sets of pixels of level k or more. They are kept as runs (row, start, stop) in a row, grouped
by region. A region whose lowest level is m is the same region for every threshold up to m; only pixels
above m go on, and they can only connect within it. So each generation of regions is cut out of the one
before, every distinct region is met once, and nothing is ever labelled a second time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.jit import njit

WORD = 8
"""Levels are skipped eight at a time where all are 0."""


class Runs(NamedTuple):
    """Runs of pixels; entry i covers columns start[i]..stop[i]-1 of row[i] at levels low[i]..high[i]."""

    row: NDArray[np.int32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    low: NDArray[np.uint8]
    high: NDArray[np.uint8]


class Generation(NamedTuple):
    """Regions of one generation: region c has the runs begin[c]..begin[c + 1]-1, in raster order."""

    runs: Runs
    begin: NDArray[np.int32]


def allocate_runs(capacity: int) -> Runs:
    """Room for `capacity` runs."""
    row, start, stop = (np.empty(capacity, np.int32) for _ in range(3))
    return Runs(row, start, stop, np.empty(capacity, np.uint8), np.empty(capacity, np.uint8))


def allocate_generation(capacity: int) -> Generation:
    """Room for regions of `capacity` runs in all."""
    return Generation(allocate_runs(capacity), np.empty(capacity + 1, np.int32))


def padded_width(width: int) -> int:
    """Columns of a level map: whole words, and at least one column of level 0 behind the image."""
    return (width // WORD + 1) * WORD


def floor_thresholds(thresholds: NDArray[np.float64], dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Thresholds in the residual's own dtype that part its values just as the float64 ones do."""
    rounded = thresholds.astype(dtype)
    above = rounded.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(rounded, dtype.type(-np.inf)), rounded).astype(dtype)


@njit
def fill_levels(
    field: NDArray[np.floating], thresholds: NDArray[np.floating], levels: NDArray[np.uint8]
) -> int:
    """Write how many thresholds each value lies above; the largest count of runs, or -1 at a NaN.

    Args:
        field: (H, W) float32 or float64.
        thresholds: (T,) ascending, same dtype.
        levels: (H, padded_width(W)) uint8, written whole.
    """
    height, width = field.shape
    capacity = np.int64(0)
    nan = False
    for y in range(height):
        line = levels[y]
        values = field[y]
        line[:] = 0
        for k in range(thresholds.size):
            t = thresholds[k]
            for x in range(width):
                line[x] += values[x] > t
        rises = np.int64(line[0] > 0)
        for x in range(1, width):
            rises += line[x] > line[x - 1]
        for x in range(width):
            nan |= values[x] != values[x]
        capacity += rises
    return -1 if nan else int(capacity)


@njit
def first_runs(levels: NDArray[np.uint8], words: NDArray[np.uint64], found: Runs) -> int:
    """All runs of level 1 or more of the whole map, in raster order; how many.

    Args:
        levels: (H, padded width) uint8.
        words: the same memory as uint64.
        found: receives the runs.
    """
    count = 0
    for y in range(levels.shape[0]):
        line = levels[y]
        for w in range(words.shape[1]):
            if words[y, w] == 0:
                continue
            x = w * WORD
            if x > 0 and line[x - 1] > 0:  # goes on from the word before: taken there
                while x < (w + 1) * WORD and line[x] > 0:
                    x += 1
            while x < (w + 1) * WORD:
                if line[x] == 0:
                    x += 1
                    continue
                x = _take_run(line, y, x, line.size, 0, found, count)
                count += 1
    return count


@njit
def _take_run(line: NDArray[np.uint8], y: int, x: int, end: int, floor: int, found: Runs, count: int) -> int:
    """Store the run of levels above `floor` that starts at x; the first column behind it."""
    low = high = line[x]
    found.row[count] = y
    found.start[count] = x
    x += 1
    while x < end and line[x] > floor:
        low = min(low, line[x])
        high = max(high, line[x])
        x += 1
    found.stop[count] = x
    found.low[count] = low
    found.high[count] = high
    return x


@njit
def runs_within(levels: NDArray[np.uint8], runs: Runs, begin: int, end: int, floor: int, found: Runs) -> int:
    """The runs of levels above `floor` inside runs begin..end-1, in raster order; how many."""
    count = 0
    for i in range(begin, end):
        if runs.high[i] <= floor:
            continue
        line = levels[runs.row[i]]
        x, stop = runs.start[i], runs.stop[i]
        while x < stop:
            if line[x] <= floor:
                x += 1
            else:
                x = _take_run(line, runs.row[i], x, stop, floor, found, count)
                count += 1
    return count


@njit
def _root(parent: NDArray[np.int32], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit
def _connect(runs: Runs, count: int, parent: NDArray[np.int32]) -> None:
    """Union-find over runs in raster order that touch, corners included; roots are the first runs."""
    behind = 0  # first run of the row above that can still touch
    for i in range(count):
        parent[i] = i
        above = runs.row[i] - 1
        start, stop = runs.start[i], runs.stop[i]
        while behind < i and (
            runs.row[behind] < above or (runs.row[behind] == above and runs.stop[behind] < start)
        ):
            behind += 1
        j = behind
        while j < i and runs.row[j] == above and runs.start[j] <= stop:
            a, b = _root(parent, i), _root(parent, j)
            if a < b:
                parent[b] = a
            else:
                parent[a] = b
            j += 1


@njit
def append_regions(
    found: Runs,
    count: int,
    generation: Generation,
    regions: int,
    parent: NDArray[np.int32],
    place: NDArray[np.int32],
) -> int:
    """Group runs by region and append the regions to a generation; its new number of regions.

    Args:
        found: `count` runs in raster order.
        generation: has `regions` regions already.
        parent, place: int32 scratch of at least `count` entries.
    """
    used = generation.begin[regions]
    _connect(found, count, parent)
    first = regions
    for i in range(count):  # place: region of each run; begin[c + 1]: runs of region c
        if parent[i] == i:
            place[i] = regions
            regions += 1
            generation.begin[regions] = 0
        else:
            place[i] = place[_root(parent, i)]
        generation.begin[place[i] + 1] += 1
    offset = used
    for c in range(first, regions):  # begin[c + 1]: where the next run of region c goes
        size = generation.begin[c + 1]
        generation.begin[c + 1] = offset
        offset += size
    for i in range(count):
        to = generation.begin[place[i] + 1]
        generation.begin[place[i] + 1] = to + 1
        generation.runs.row[to] = found.row[i]
        generation.runs.start[to] = found.start[i]
        generation.runs.stop[to] = found.stop[i]
        generation.runs.low[to] = found.low[i]
        generation.runs.high[to] = found.high[i]
    return regions


@njit
def level_span(runs: Runs, begin: int, end: int) -> tuple[int, int]:
    """(lowest, highest) level in runs begin..end-1."""
    low, high = runs.low[begin], runs.high[begin]
    for i in range(begin + 1, end):
        low = min(low, runs.low[i])
        high = max(high, runs.high[i])
    return low, high
