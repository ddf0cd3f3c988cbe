"""Connected regions of nested thresholds as runs of pixels: the compiled core.

A pixel's level is the number of thresholds below its value, so the regions of threshold k are the
8-connected sets of pixels of level k or more. They are kept as runs (row, start, stop) in a row, grouped
by region. A region whose lowest level is m is the same region for every threshold up to m; only pixels
above m go on, and they can only connect within it. So each generation of regions is cut out of the one
before, every distinct region is met once, and nothing is ever labelled a second time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.jit import inlined, njit

WORD = 8
"""Levels are skipped eight at a time where all are 0."""

STRETCH = 64
"""Pixels of a row that are left at level 0 at once where none lies above the lowest threshold."""


ROW, START, STOP, SPAN = range(4)
"""Columns of an array of runs: columns start..stop-1 of a row; span: its lowest level and 256 times its highest."""

Runs: TypeAlias = NDArray[np.int32]
"""(capacity, 4) int32, see ROW .. SPAN."""


class Generation(NamedTuple):
    """Regions of one generation: region c has the runs begin[c]..begin[c + 1]-1, in raster order."""

    runs: Runs
    begin: NDArray[np.int32]


class Links(NamedTuple):
    """Scratch of `cut_runs` and `group_runs`, an entry a run (bounds: one more)."""

    parent: NDArray[np.int32]
    origin: NDArray[np.int32]
    bounds: NDArray[np.int32]
    floors: NDArray[np.uint8]


def allocate_links(capacity: int) -> Links:
    """Scratch for `capacity` runs."""
    parent, origin, bounds = (np.empty(capacity + extra, np.int32) for extra in (0, 0, 2))
    return Links(parent, origin, bounds, np.empty(capacity, np.uint8))


def allocate_runs(capacity: int) -> Runs:
    """Room for `capacity` runs."""
    return np.empty((capacity, 4), np.int32)


def allocate_generation(capacity: int) -> Generation:
    """Room for regions of `capacity` runs in all."""
    return Generation(allocate_runs(capacity), np.empty(capacity + 1, np.int32))


def padded_width(width: int) -> int:
    """Columns of a level map: whole words, and at least one column of level 0 behind the image."""
    return (width // WORD + 1) * WORD


def floor_thresholds(thresholds: NDArray[np.float64], dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Thresholds in the residual's own dtype that part its values just as the float64 ones do."""
    return _floored(thresholds.tobytes(), dtype)


@lru_cache(maxsize=64)
def _floored(thresholds: bytes, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Kept, since a line's images share their thresholds and making this takes a tenth of a label's time."""
    exact = np.frombuffer(thresholds, np.float64)
    rounded = exact.astype(dtype)
    below = np.nextafter(rounded, dtype.type(-np.inf))
    floored: NDArray[np.floating] = np.where(rounded.astype(np.float64) > exact, below, rounded)
    return floored


@njit
def fill_levels(
    field: NDArray[np.floating],
    thresholds: NDArray[np.floating],
    levels: NDArray[np.uint8],
    words: NDArray[np.uint64],
) -> int:
    """Write how many thresholds each value lies above; how many runs any set of levels has at most.

    Args:
        field: (H, W) float32 or float64.
        thresholds: (T,) ascending, same dtype.
        levels: (H, padded_width(W)) uint8, written whole.
        words: the same memory as uint64.
    """
    height, width = field.shape
    lowest = thresholds[0]
    capacity = np.int64(0)
    for y in range(height):
        line = levels[y]
        values = field[y]
        line[width:] = 0
        for x in range(width):
            line[x] = values[x] > lowest
        for start in range(0, width, STRETCH):
            above = np.uint64(0)
            for w in range(start // WORD, min((start + STRETCH) // WORD, words.shape[1])):
                above |= words[y, w]
            if above == 0:
                continue
            stop = min(start + STRETCH, width)
            part, some = line[start:stop], values[start:stop]
            for k in range(1, thresholds.size):
                t = thresholds[k]
                for x in range(part.size):
                    part[x] += some[x] > t
            capacity += part[0] > (line[start - 1] if start else 0)
            for x in range(1, part.size):
                capacity += part[x] > part[x - 1]
    return int(capacity)


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
        behind = 0  # first column that is not yet taken
        for w in range(words.shape[1]):
            if words[y, w] == 0:
                continue
            x = max(behind, w * WORD)
            while x < (w + 1) * WORD:
                if line[x] == 0:
                    x += 1
                    continue
                low = high = line[x]
                start = x
                x += 1
                while line[x] > 0:  # ends in the padding at the latest
                    low = min(low, line[x])
                    high = max(high, line[x])
                    x += 1
                _store(found, count, y, start, x, low, high)
                count += 1
            behind = x
    return count


@njit
def _store(runs: Runs, i: int, row: int, start: int, stop: int, low: int, high: int) -> None:
    runs[i, ROW], runs[i, START], runs[i, STOP], runs[i, SPAN] = row, start, stop, low | high << 8


@njit
def cut_runs(
    levels: NDArray[np.uint8],
    now: Generation,
    floors: NDArray[np.uint8],
    found: Runs,
    bounds: NDArray[np.int32],
) -> int:
    """The runs of levels above floors[c] inside each region c, in raster order; how many.

    Args:
        floors: (regions,) uint8; 255 leaves a region out.
        found: receives the runs, region after region.
        bounds: (regions + 1,) receives where those of each region begin.
    """
    count = 0
    for c in range(floors.size):
        bounds[c] = count
        floor = floors[c]
        for i in range(now.begin[c], now.begin[c + 1]):
            if now.runs[i, SPAN] >> 8 <= floor:
                continue
            row, x, end = now.runs[i, ROW], now.runs[i, START], now.runs[i, STOP]
            line = levels[row]
            while x < end:
                if line[x] <= floor:
                    x += 1
                    continue
                low = high = line[x]
                start = x
                x += 1
                while x < end and line[x] > floor:
                    low = min(low, line[x])
                    high = max(high, line[x])
                    x += 1
                _store(found, count, row, start, x, low, high)
                count += 1
    bounds[floors.size] = count
    return count


@njit
def _root(parent: NDArray[np.int32], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit
def _connect(runs: Runs, first: int, end: int, parent: NDArray[np.int32]) -> None:
    """Union-find over runs first..end-1 that touch, corners included; roots are the first runs."""
    behind = first  # first run of the row above that can still touch
    for i in range(first, end):
        parent[i] = i
        above = runs[i, ROW] - 1
        start, stop = runs[i, START], runs[i, STOP]
        while behind < i and (
            runs[behind, ROW] < above or (runs[behind, ROW] == above and runs[behind, STOP] < start)
        ):
            behind += 1
        j = behind
        while j < i and runs[j, ROW] == above and runs[j, START] <= stop:
            a, b = _root(parent, i), _root(parent, j)
            if a < b:
                parent[b] = a
            else:
                parent[a] = b
            j += 1


@njit
def group_runs(
    found: Runs,
    bounds: NDArray[np.int32],
    parents: int,
    generation: Generation,
    parent: NDArray[np.int32],
    origin: NDArray[np.int32],
) -> int:
    """Connect the runs within each stretch and write them to a generation, region by region.

    Args:
        found: runs in raster order within each stretch bounds[p]..bounds[p + 1]-1, p < parents.
        generation: is written anew; regions in the order of stretches, then of their first pixels.
        parent: int32 scratch, an entry a run.
        origin: receives the stretch p that each region comes from.

    Returns:
        How many regions there are.
    """
    begin = generation.begin
    regions = 0
    begin[0] = 0
    for p in range(parents):
        _connect(found, bounds[p], bounds[p + 1], parent)
        for i in range(
            bounds[p], bounds[p + 1]
        ):  # parent: from here the run's region; begin[c + 1]: runs of c
            if parent[i] == i:
                parent[i] = regions
                origin[regions] = p
                regions += 1
                begin[regions] = 0
            else:  # a run that links point to comes first, so its entry is a region already
                parent[i] = parent[parent[i]]
            begin[parent[i] + 1] += 1
    offset = np.int32(0)
    for c in range(regions):  # begin[c + 1]: where the next run of region c goes
        size = begin[c + 1]
        begin[c + 1] = offset
        offset += size
    for i in range(bounds[parents]):
        to = begin[parent[i] + 1]
        begin[parent[i] + 1] = to + 1
        for k in range(4):
            generation.runs[to, k] = found[i, k]
    return regions


@inlined
def level_span(runs: Runs, begin: int, end: int) -> tuple[int, int]:
    """(lowest, highest) level in runs begin..end-1."""
    low, high = 255, 0
    for i in range(begin, end):
        low = min(low, runs[i, SPAN] & 255)
        high = max(high, runs[i, SPAN] >> 8)
    return low, high
