"""Region properties from runs, each measured when it is first asked for: the compiled core.

`prepare` looks at a region's runs once (pixels, box); `measured` gives one property, and what several
properties share (sums of gray, moments, ...) is summed once a region. All sums are of whole numbers, or
in raster order, so the values are the plain ones of `kistdsl.regions.properties` to the bit.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions import formulas, outline
from kistdsl.regions.codes import Codes
from kistdsl.regions.formulas import RADIALS, RING
from kistdsl.regions.jit import inlined, njit
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.runs import ROW, START, STOP, Runs

_deviation = njit(formulas.deviation)
_over_gray = njit(formulas.over_gray)
_over_unevenness = njit(formulas.over_unevenness)
_log_ratio = njit(formulas.log_ratio)
_tenth = njit(formulas.tenth)
_central_moments = njit(formulas.central_moments)
_principal_moments = njit(formulas.principal_moments)
_axis_angle = njit(formulas.axis_angle)

ORDER: dict[str, int] = {name: index for index, name in enumerate(PROPERTIES)}
"""Number of each built-in property, in the schema's order."""

(
    AREA, GRAY, SHAPE, UNEVENNESS, SYMMETRY,
    CONTRAST, RING_CONTRAST, BRIGHT_TENTH, DARK_TENTH, VARIATION, RELATIVE_UNEVENNESS,
    REDNESS, CHROMA,
    ASPECT, ELONGATION, ECCENTRICITY, ORIENTATION, EXTENT, SOLIDITY, PERIMETER, DIAMETER,
    X, Y, BORDER,
    RESIDUAL_MEAN, RESIDUAL_PEAK,
) = range(len(PROPERTIES))  # fmt: skip

# Whole numbers known of a region. The first six are always there; sums once their bit in KNOWN is set.
N, TOP, LEFT, BOTTOM, RIGHT, KNOWN = range(6)
SUM, SQUARES, DARKEST, BRIGHTEST = range(6, 10)
SUM_X, SUM_Y, SUM_XX, SUM_YY, SUM_XY, SUM_R, SUM_G, SUM_B = range(10, 18)
FACTS = 18
HAS_GRAY, HAS_MOMENTS, HAS_COLOUR, HAS_RESIDUAL = 1, 2, 4, 8

ROUNDING = 1e-14
"""Relative to the square of the brightest gray, more than a variance can be off by rounding."""


class Pixels(NamedTuple):
    """A `Picture` as the kernels read it; what no asked-for property reads may be empty."""

    codes: Codes
    colour: Codes
    residual: NDArray[np.floating]
    height: int
    width: int
    scale: float
    colour_scale: float
    median_gray: float
    typical_unevenness: float
    log_red_green: float
    log_blue_green: float


class Scratch(NamedTuple):
    """Memory that measuring needs: the region's facts, and room for outlines, hulls and sorting.

    residuals: sum and peak of the region's residual.
    """

    facts: NDArray[np.int64]
    canvas: NDArray[np.uint8]
    hull: NDArray[np.int64]
    heads: NDArray[np.int64]
    values: NDArray[np.int32]
    radials: NDArray[np.float64]
    residuals: NDArray[np.float64]


def allocate_scratch(height: int, width: int, names: frozenset[str]) -> Scratch:
    """Room for measuring `names` on an image of that size."""
    outlined = "perimeter" in names
    sorted_ = bool(names & {"bright_tenth", "dark_tenth"})
    return Scratch(
        np.zeros(FACTS, np.int64),
        np.zeros((height + 2 * outline.MARGIN, width + 2 * outline.MARGIN) if outlined else (0, 0), np.uint8),
        np.empty((2, height + 1), np.int64),
        np.empty(2 * (2 * RING + 1), np.int64),
        np.empty(height * width if sorted_ else 0, np.int32),
        np.empty(RADIALS, np.float64),
        np.empty(2, np.float64),
    )


@inlined
def prepare(runs: Runs, begin: int, end: int, facts: NDArray[np.int64]) -> None:
    """Pixels and box of the region in runs begin..end-1; forgets the sums of the region before."""
    n = 0
    left, right = runs[begin, START], runs[begin, STOP]
    for i in range(begin, end):
        n += runs[i, STOP] - runs[i, START]
        left = min(left, runs[i, START])
        right = max(right, runs[i, STOP])
    facts[N], facts[LEFT], facts[RIGHT] = n, left, right
    facts[TOP], facts[BOTTOM] = runs[begin, ROW], runs[end - 1, ROW] + 1
    facts[KNOWN] = 0


@inlined
def measured(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, scratch: Scratch) -> float:
    """Property number p of the region that `prepare` was last called with."""
    facts = scratch.facts
    if p == AREA:
        return float(facts[N] / (pixels.height * pixels.width))
    if p == SHAPE:
        _sum_moments(runs, begin, end, facts)
        cx = 2 * (facts[SUM_X] + facts[LEFT] * facts[N]) + facts[N]
        cy = 2 * (facts[SUM_Y] + facts[TOP] * facts[N]) + facts[N]
        return outline.shape_index(runs, begin, end, 2 * facts[N], cx, cy, scratch.radials)
    if p == SYMMETRY:
        return outline.symmetry(runs, begin, end, facts[N], facts[LEFT], facts[RIGHT])
    if p <= CONTRAST or VARIATION <= p <= RELATIVE_UNEVENNESS:
        return _of_gray(p, runs, begin, end, pixels, facts)
    if p <= DARK_TENTH:
        return _of_ring_or_tenth(p, runs, begin, end, pixels, scratch)
    if p <= CHROMA:
        return _of_colour(p, runs, begin, end, pixels, facts)
    if p <= DIAMETER:
        return _of_outline(p, runs, begin, end, scratch)
    if p <= BORDER:
        return _of_position(p, runs, begin, end, pixels, facts)
    return _of_residual(p, runs, begin, end, pixels, scratch)


@inlined
def sum_gray(runs: Runs, begin: int, end: int, codes: Codes, facts: NDArray[np.int64]) -> None:
    if facts[KNOWN] & HAS_GRAY:
        return
    total = squares = np.int64(0)
    darkest, brightest = np.int64(65535), np.int64(0)
    for i in range(begin, end):
        line = codes[runs[i, ROW]]
        for x in range(runs[i, START], runs[i, STOP]):
            code = np.int64(line[x])
            total += code
            squares += code * code
            darkest = min(darkest, code)
            brightest = max(brightest, code)
    facts[SUM], facts[SQUARES], facts[DARKEST], facts[BRIGHTEST] = total, squares, darkest, brightest
    facts[KNOWN] |= HAS_GRAY


@inlined
def _of_gray(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, facts: NDArray[np.int64]) -> float:
    sum_gray(runs, begin, end, pixels.codes, facts)
    gray = float(facts[SUM] / facts[N] / pixels.scale)
    if p == GRAY:
        return gray
    if p == CONTRAST:
        return _over_gray(gray, pixels.median_gray)
    unevenness = _deviation(facts[SUM], facts[SQUARES], facts[N]) / pixels.scale
    if p == UNEVENNESS:
        return unevenness
    if p == VARIATION:
        return _over_gray(unevenness, gray)
    return _over_unevenness(unevenness, pixels.typical_unevenness)


@inlined
def bounds_inside(p: int, pixels: Pixels, facts: NDArray[np.int64]) -> tuple[float, float]:
    """Values between which property p lies for every part of the region; infinite where unknown.

    Holds for the values as they are rounded: quotients keep their order, and the deviation gets room
    for the cancellation in it. Gray must be summed.
    """
    if p == AREA:
        return 0.0, facts[N] / (pixels.height * pixels.width)
    if p == BORDER:
        return _border(pixels, facts), np.inf
    darkest, brightest = facts[DARKEST] / pixels.scale, facts[BRIGHTEST] / pixels.scale
    if p == GRAY:
        return darkest, brightest
    if p in (CONTRAST, BRIGHT_TENTH, DARK_TENTH):
        return _over_gray(darkest, pixels.median_gray), _over_gray(brightest, pixels.median_gray)
    if p == UNEVENNESS or VARIATION <= p <= RELATIVE_UNEVENNESS:
        span = facts[BRIGHTEST] - facts[DARKEST]
        room = facts[BRIGHTEST] * facts[BRIGHTEST] * ROUNDING
        unevenness = sqrt(span * span / 4.0 + room) / pixels.scale
        if p == VARIATION:
            return 0.0, _over_gray(unevenness, darkest)
        if p == RELATIVE_UNEVENNESS:
            return 0.0, _over_unevenness(unevenness, pixels.typical_unevenness)
        return 0.0, unevenness
    return -np.inf, np.inf


@inlined
def _of_ring_or_tenth(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, scratch: Scratch) -> float:
    facts = scratch.facts
    if p == RING_CONTRAST:
        sum_gray(runs, begin, end, pixels.codes, facts)
        total, n = outline.ring_sum(runs, begin, end, facts[LEFT], facts[RIGHT], pixels.codes, scratch.heads)
        if n == facts[N]:
            return 1.0
        around = (total - facts[SUM]) / (n - facts[N]) / pixels.scale
        return _over_gray(facts[SUM] / facts[N] / pixels.scale, around)
    n = _tenth(facts[N])
    if n == 1:
        sum_gray(runs, begin, end, pixels.codes, facts)
        extreme = facts[BRIGHTEST] if p == BRIGHT_TENTH else facts[DARKEST]
        return _over_gray(extreme / pixels.scale, pixels.median_gray)
    total = _sum_of_extreme(runs, begin, end, pixels.codes, scratch.values, n, p == BRIGHT_TENTH)
    return _over_gray(total / n / pixels.scale, pixels.median_gray)


@njit
def _sum_of_extreme(
    runs: Runs, begin: int, end: int, codes: Codes, values: NDArray[np.int32], k: int, largest: bool
) -> int:
    """Sum of the k largest or smallest gray codes of the region (by partitioning around pivots)."""
    n = 0
    sign = -1 if largest else 1
    for i in range(begin, end):
        line = codes[runs[i, ROW]]
        for x in range(runs[i, START], runs[i, STOP]):
            values[n] = sign * np.int32(line[x])
            n += 1
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            break
    total = 0
    for i in range(k):
        total += values[i]
    return sign * total


@inlined
def _of_colour(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, facts: NDArray[np.int64]) -> float:
    if pixels.colour.size == 0:
        return 0.0
    if not facts[KNOWN] & HAS_COLOUR:
        red = green = blue = 0
        for i in range(begin, end):
            line = pixels.colour[runs[i, ROW]]
            for x in range(runs[i, START], runs[i, STOP]):
                red += line[x, 0]
                green += line[x, 1]
                blue += line[x, 2]
        facts[SUM_R], facts[SUM_G], facts[SUM_B] = red, green, blue
        facts[KNOWN] |= HAS_COLOUR
    green_level = facts[SUM_G] / facts[N] / pixels.colour_scale
    red_level = facts[SUM_R] / facts[N] / pixels.colour_scale
    redness = _log_ratio(red_level, green_level) - pixels.log_red_green
    if p == REDNESS:
        return redness
    blue_level = facts[SUM_B] / facts[N] / pixels.colour_scale
    blueness = _log_ratio(blue_level, green_level) - pixels.log_blue_green
    return sqrt(redness * redness + blueness * blueness)


@inlined
def _sum_moments(runs: Runs, begin: int, end: int, facts: NDArray[np.int64]) -> None:
    """Sums of x, y, xx, yy, xy over the pixels, from the box's corner; closed forms for each run."""
    if facts[KNOWN] & HAS_MOMENTS:
        return
    sx = sy = sxx = syy = sxy = 0
    for i in range(begin, end):
        a, b = runs[i, START] - facts[LEFT], runs[i, STOP] - facts[LEFT]
        y = runs[i, ROW] - facts[TOP]
        n = b - a
        along = (a + b - 1) * n // 2
        sx += along
        sy += y * n
        sxx += ((b - 1) * b * (2 * b - 1) - (a - 1) * a * (2 * a - 1)) // 6
        syy += y * y * n
        sxy += y * along
    facts[SUM_X], facts[SUM_Y], facts[SUM_XX], facts[SUM_YY], facts[SUM_XY] = sx, sy, sxx, syy, sxy
    facts[KNOWN] |= HAS_MOMENTS


@inlined
def _of_outline(p: int, runs: Runs, begin: int, end: int, scratch: Scratch) -> float:
    facts = scratch.facts
    columns, rows = facts[RIGHT] - facts[LEFT], facts[BOTTOM] - facts[TOP]
    if p == ASPECT:
        return float(columns / rows)
    if p == EXTENT:
        return float(facts[N] / (rows * columns))
    if p == DIAMETER:
        return sqrt(4.0 * facts[N] / pi)
    if p == SOLIDITY:
        return float(facts[N] / (outline.twice_hull_area(runs, begin, end, scratch.hull) / 2.0))
    if p == PERIMETER:
        return outline.perimeter(runs, begin, end, scratch.canvas)
    _sum_moments(runs, begin, end, facts)
    mxx, myy, mxy = _central_moments(
        facts[N], facts[SUM_X], facts[SUM_Y], facts[SUM_XX], facts[SUM_YY], facts[SUM_XY]
    )
    if p == ORIENTATION:
        return _axis_angle(mxx, myy, mxy)
    major, minor = _principal_moments(mxx, myy, mxy)
    if p == ELONGATION:
        return sqrt(major / minor)
    return sqrt(max(1.0 - minor / major, 0.0))


@inlined
def _of_position(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, facts: NDArray[np.int64]) -> float:
    if p == BORDER:
        return _border(pixels, facts)
    _sum_moments(runs, begin, end, facts)
    if p == X:
        return float(((facts[SUM_X] + facts[LEFT] * facts[N]) / facts[N] + 0.5) / pixels.width)
    return float(((facts[SUM_Y] + facts[TOP] * facts[N]) / facts[N] + 0.5) / pixels.height)


@inlined
def _border(pixels: Pixels, facts: NDArray[np.int64]) -> float:
    across = min(facts[LEFT], pixels.width - facts[RIGHT])
    return float(min(across, min(facts[TOP], pixels.height - facts[BOTTOM])))


@inlined
def _of_residual(p: int, runs: Runs, begin: int, end: int, pixels: Pixels, scratch: Scratch) -> float:
    """Mean (added in raster order, one by one) or highest residual."""
    facts, residuals = scratch.facts, scratch.residuals
    if not facts[KNOWN] & HAS_RESIDUAL:
        total, peak = 0.0, -np.inf
        for i in range(begin, end):
            line = pixels.residual[runs[i, ROW]]
            for x in range(runs[i, START], runs[i, STOP]):
                total += line[x]
                peak = max(peak, float(line[x]))
        residuals[0], residuals[1] = total, peak
        facts[KNOWN] |= HAS_RESIDUAL
    return float(residuals[0] / facts[N] if p == RESIDUAL_MEAN else residuals[1])
