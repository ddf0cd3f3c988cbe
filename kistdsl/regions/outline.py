"""Outline properties from runs: shape index, symmetry, hull, perimeter, surroundings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions import formulas
from kistdsl.regions.codes import Codes
from kistdsl.regions.formulas import RADIALS, RING
from kistdsl.regions.jit import inlined, njit
from kistdsl.regions.runs import ROW, START, STOP, Runs

_border_kind = njit(formulas.border_kind)
_outline_length = njit(formulas.outline_length)
_boyce_clark = njit(formulas.boyce_clark)

_BY_DX = np.array([by_dx for by_dx, _ in formulas.INVERSES])
_BY_DY = np.array([by_dy for _, by_dy in formulas.INVERSES])

COLUMNS = 62
"""Columns of a region whose rows fit into a whole number of 64 bits, with the sign and one bit to spare."""

MARGIN = 1
"""Pixels around the image that a canvas has beside it."""

INSIDE, EDGE = 1, 2
"""What a canvas pixel is marked as; 0 elsewhere, and everywhere between two calls."""


@njit
def shape_index(
    runs: Runs, begin: int, end: int, unit: int, cx: int, cy: int, radials: NDArray[np.float64]
) -> float:
    """Boyce-Clark index around the centroid: radials to the outermost exit from the closed pixel squares.

    The squares of a run make one rectangle, and a ray that meets it leaves it where it leaves the last
    of its squares that it meets; the floats are the same ones.

    Args:
        unit: twice the number of pixels; distances are whole numbers of 1 / unit pixels.
        cx, cy: the centroid, times `unit`.
        radials: (RADIALS,) scratch.
    """
    radials[:] = 0.0
    for i in range(begin, end):
        left, right = float(runs[i, START] * unit - cx), float(runs[i, STOP] * unit - cx)
        top, bottom = float(runs[i, ROW] * unit - cy), float((runs[i, ROW] + 1) * unit - cy)
        for k in range(RADIALS):  # branch-free, so that several radials go at once
            a, b, c, d = left * _BY_DX[k], right * _BY_DX[k], top * _BY_DY[k], bottom * _BY_DY[k]
            x_in, x_out = (a, b) if a < b else (b, a)
            y_in, y_out = (c, d) if c < d else (d, c)
            enter = x_in if x_in > y_in else y_in
            enter = enter if enter > 0.0 else 0.0
            leave = x_out if x_out < y_out else y_out
            leave = leave if enter <= leave else 0.0
            radials[k] = leave if leave > radials[k] else radials[k]
    quarter = RADIALS // 4
    for k in range(4):  # along the axes: the strip across is met as a whole or not at all
        radials[k * quarter] = _along_axis(runs, begin, end, unit, cx, cy, k)
    return _boyce_clark(radials)


@njit
def _along_axis(runs: Runs, begin: int, end: int, unit: int, cx: int, cy: int, quarter: int) -> float:
    """Length of the radial to the right (quarter 0), upwards (1), to the left (2) or downwards (3)."""
    longest = np.int64(0)
    for i in range(begin, end):
        left, right = runs[i, START] * unit - cx, runs[i, STOP] * unit - cx
        top, bottom = runs[i, ROW] * unit - cy, (runs[i, ROW] + 1) * unit - cy
        if quarter % 2 == 0:
            met = top <= 0 <= bottom
            leave = right if quarter == 0 else -left
        else:
            met = left <= 0 <= right
            leave = -top if quarter == 1 else bottom
        if met:
            longest = max(longest, leave)
    return float(longest)


@njit
def symmetry(runs: Runs, begin: int, end: int, n: int, left: int, right: int) -> float:
    """IoU of the left half and the mirrored right half of the box; odd widths share the middle column.

    With f pixels whose mirror image is in the region and m pixels in a shared middle column, the halves
    have (f + m) / 2 pixels in common and n + m in all.
    """
    mirror = left + right
    middle = left + (right - left) // 2 if (right - left) % 2 else -1
    common = shared = 0
    first = begin
    while first < end:
        last = first
        while last + 1 < end and runs[last + 1, ROW] == runs[first, ROW]:
            last += 1
        i, j = first, last  # i walks right, the mirrored j too
        while i <= last and j >= first:
            start, stop = mirror - runs[j, STOP], mirror - runs[j, START]
            common += max(0, min(runs[i, STOP], stop) - max(runs[i, START], start))
            if runs[i, STOP] <= stop:
                i += 1
            else:
                j -= 1
        for i in range(first, last + 1):
            shared += runs[i, START] <= middle < runs[i, STOP]
        first = last + 1
    both = (common + shared) // 2
    return both / (n + shared - both)


@njit
def twice_hull_area(runs: Runs, begin: int, end: int, hull: NDArray[np.int64]) -> int:
    """Twice the area of the convex hull of the pixel squares."""
    if end - begin == 1:
        return int(2 * (runs[begin, STOP] - runs[begin, START]))
    return _twice_area_left(runs, begin, end, hull, 1) + _twice_area_left(runs, begin, end, hull, -1)


@njit
def _twice_area_left(runs: Runs, begin: int, end: int, hull: NDArray[np.int64], side: int) -> int:
    """Twice the area between the hull's outermost points of one side (1 right, -1 left) and x = 0, signed.

    The points of each border between two rows are visited downwards; those that a line between their
    neighbours covers are dropped.
    """
    xs, ys = hull[0], hull[1]
    size = 0
    i = begin
    above = np.int64(-(1 << 40))
    y = np.int64(runs[begin, ROW])
    while True:
        here = np.int64(-(1 << 40))
        while i < end and runs[i, ROW] == y:
            here = max(here, np.int64(runs[i, STOP]) if side > 0 else -np.int64(runs[i, START]))
            i += 1
        x = max(above, here)
        while size > 1 and (xs[size - 1] - xs[size - 2]) * (y - ys[size - 2]) <= (x - xs[size - 2]) * (
            ys[size - 1] - ys[size - 2]
        ):
            size -= 1
        xs[size], ys[size] = x, y
        size += 1
        if i == end and runs[end - 1, ROW] + 1 == y:
            break
        above = here
        y += 1
    total = 0
    for j in range(1, size):
        total += (xs[j] + xs[j - 1]) * (ys[j] - ys[j - 1])
    return total


@njit
def _mark(runs: Runs, begin: int, end: int, canvas: NDArray[np.uint8], value: int) -> None:
    """Set the canvas, which has a margin of MARGIN, on the region."""
    for i in range(begin, end):
        line = canvas[runs[i, ROW] + MARGIN]
        for x in range(runs[i, START] + MARGIN, runs[i, STOP] + MARGIN):
            line[x] = value


@njit
def ring_sum(
    runs: Runs, begin: int, end: int, left: int, right: int, codes: Codes, heads: NDArray[np.int64]
) -> tuple[int, int]:
    """(sum of gray codes, pixels) of the image's pixels within RING of the region, the region's included.

    Row by row: the runs of the up to 2 RING + 1 rows around, each grown to both sides, are merged from
    left to right. `heads` holds, for each of these rows, the next run to look at and where they end.
    """
    height, width = codes.shape
    top, bottom = runs[begin, ROW], runs[end - 1, ROW]
    first, reach = max(left - RING, 0), min(right + RING, width)
    total = n = 0
    if end - begin == 1:  # what grows around one run is a rectangle
        for y in range(max(top - RING, 0), min(top + RING + 1, height)):
            line = codes[y]
            for x in range(first, reach):
                total += int(line[x])
            n += reach - first
        return total, n
    if reach - first <= COLUMNS:
        return _narrow_ring_sum(runs, begin, end, first, reach, codes, heads)
    lowest = begin  # first run of the rows around
    for y in range(max(top - RING, 0), min(bottom + RING + 1, height)):
        while runs[lowest, ROW] < y - RING:
            lowest += 1
        rows = _rows_around(runs, lowest, end, y + RING, heads)
        line = codes[y]
        x = first
        while x < reach:
            stop = _merged_stop(runs, heads, rows, x)
            if stop < 0:  # no run covers x: on to the next that begins behind it
                x = -stop - 1
                continue
            stop = min(stop, reach)
            for column in range(x, stop):
                total += int(line[column])
            n += stop - x
            x = stop
    return total, n


@njit
def _narrow_ring_sum(
    runs: Runs, begin: int, end: int, first: int, reach: int, codes: Codes, window: NDArray[np.int64]
) -> tuple[int, int]:
    """`ring_sum` of a region with few columns: a row, grown to both sides, is a number with a bit a column.

    `window` holds the last 2 RING + 1 rows, row r at r % (2 RING + 1).
    """
    total = n = 0
    for k in range(2 * RING + 1):
        window[k] = 0
    i = begin
    for below in range(runs[begin, ROW], runs[end - 1, ROW] + 2 * RING + 1):
        grown = np.int64(0)
        while i < end and runs[i, ROW] == below:
            start = max(runs[i, START] - RING, first) - first
            stop = min(runs[i, STOP] + RING, reach) - first
            grown |= (np.int64(1) << stop) - (np.int64(1) << start)
            i += 1
        window[below % (2 * RING + 1)] = grown
        y = below - RING
        if y < 0 or y >= codes.shape[0]:
            continue
        around = np.int64(0)
        for k in range(2 * RING + 1):
            around |= window[k]
        line = codes[y]
        for x in range(first, reach):
            inside = int(around >> (x - first) & 1)
            total += inside * int(line[x])
            n += inside
    return total, n


@inlined
def _rows_around(runs: Runs, lowest: int, end: int, bottom: int, heads: NDArray[np.int64]) -> int:
    """Set a head and an end for each row from that of run `lowest` to row `bottom`; how many rows."""
    rows = 0
    i = lowest
    while i < end and runs[i, ROW] <= bottom:
        heads[2 * rows] = i
        row = runs[i, ROW]
        while i < end and runs[i, ROW] == row:
            i += 1
        heads[2 * rows + 1] = i
        rows += 1
    return rows


@inlined
def _merged_stop(runs: Runs, heads: NDArray[np.int64], rows: int, x: int) -> int:
    """Where the grown runs that cover column x end; without one, -1 - the column at which the next begins."""
    stop, following = x, 1 << 40
    grown = True
    while grown:
        grown = False
        for k in range(rows):
            i, last = heads[2 * k], heads[2 * k + 1]
            while i < last and runs[i, START] - RING <= stop:
                if runs[i, STOP] + RING > stop:
                    stop = runs[i, STOP] + RING
                    grown = True
                i += 1
            heads[2 * k] = i
            if i < last:
                following = min(following, runs[i, START] - RING)
    return stop if stop > x else -1 - following


@njit
def perimeter(runs: Runs, begin: int, end: int, canvas: NDArray[np.uint8]) -> float:
    """Length of the outlines: pixels with a side neighbour outside, weighted by how they go on."""
    if end - begin == 1:  # a row of pixels: all but its ends go on to both sides
        return _outline_length(max(runs[begin, STOP] - runs[begin, START] - 2, 0), 0, 0)
    _mark(runs, begin, end, canvas, INSIDE)
    for i in range(begin, end):
        y = runs[i, ROW] + MARGIN
        for x in range(runs[i, START] + MARGIN, runs[i, STOP] + MARGIN):
            if not (canvas[y - 1, x] and canvas[y + 1, x] and canvas[y, x - 1] and canvas[y, x + 1]):
                canvas[y, x] = EDGE
    straight = diagonal = mixed = 0
    for i in range(begin, end):
        y = runs[i, ROW] + MARGIN
        for x in range(runs[i, START] + MARGIN, runs[i, STOP] + MARGIN):
            if canvas[y, x] == EDGE:
                sides, corners = _edges_near(canvas, y, x)
                kind = _border_kind(sides, corners)
                straight += kind == 1
                diagonal += kind == 2
                mixed += kind == 3
    _mark(runs, begin, end, canvas, 0)
    return _outline_length(straight, diagonal, mixed)


@njit
def _edges_near(canvas: NDArray[np.uint8], y: int, x: int) -> tuple[int, int]:
    """(side neighbours, corner neighbours) that are edge pixels."""
    sides = corners = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if canvas[y + dy, x + dx] == EDGE:
                if dx == 0 or dy == 0:
                    sides += 1
                else:
                    corners += 1
    return sides - 1, corners
