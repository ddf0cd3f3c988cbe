"""Pseudo-labels by the fused kernel (eqs. 9 to 12): rules as cuts, nothing measured that does not decide.

Walking the thresholds upward, a region that is accepted covers every region inside it, and a region that
stays the same over several thresholds is decided once; both exactly, so the masks are those of
`kistdsl.regions.reference.pseudo_label`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.cuts import ACCEPT, REJECT, Jumps
from kistdsl.regions.jit import inlined, njit
from kistdsl.regions.layers import Layer, layers
from kistdsl.regions.measure import N, Pixels, Scratch, bounds_inside, measured, prepare, sum_gray
from kistdsl.regions.picture import Picture
from kistdsl.regions.runs import (
    ROW,
    START,
    STOP,
    Generation,
    Links,
    Runs,
    cut_runs,
    first_runs,
    group_runs,
    level_span,
)
from kistdsl.regions.workspace import Workspace, pixels_of


@inlined
def _passes(jumps: Jumps, runs: Runs, begin: int, end: int, pixels: Pixels, scratch: Scratch) -> bool:
    """Whether the prepared region passes the cut."""
    at = jumps.first
    while at >= 0:
        value = measured(jumps.number[at], runs, begin, end, pixels, scratch)
        at = jumps.yes[at] if jumps.low[at] <= value <= jumps.high[at] else jumps.no[at]
    return at != REJECT


@inlined
def _may_pass_inside(
    jumps: Jumps, runs: Runs, begin: int, end: int, pixels: Pixels, facts: NDArray[np.int64]
) -> bool:
    """Whether some part of the prepared region could pass the cut: False only where none can.

    Follows every jump that the bounds of the properties leave open; tests come before those they jump to.
    """
    if jumps.first >= 63:
        return True
    if jumps.reads_gray:
        sum_gray(runs, begin, end, pixels.codes, facts)
    reached = np.int64(1) << jumps.first if jumps.first >= 0 else np.int64(0)
    for i in range(jumps.first, -1, -1):
        if reached >> i & 1:
            low, high = bounds_inside(jumps.number[i], pixels, facts)
            if low <= jumps.high[i] and high >= jumps.low[i]:
                if jumps.yes[i] == ACCEPT:
                    return True
                if jumps.yes[i] >= 0:
                    reached |= np.int64(1) << jumps.yes[i]
            if not (low >= jumps.low[i] and high <= jumps.high[i]):
                if jumps.no[i] == ACCEPT:
                    return True
                if jumps.no[i] >= 0:
                    reached |= np.int64(1) << jumps.no[i]
    return False


@njit
def _paint(runs: Runs, begin: int, end: int, mask: NDArray[np.bool_]) -> None:
    for i in range(begin, end):
        line = mask[runs[i, ROW]]
        for x in range(runs[i, START], runs[i, STOP]):
            line[x] = True


@njit
def _decide(
    now: Generation,
    regions: int,
    jumps: Jumps,
    min_area: int,
    pixels: Pixels,
    scratch: Scratch,
    floors: NDArray[np.uint8],
    mask: NDArray[np.bool_],
) -> int:
    """Paint the accepted regions; the floor to cut each of the others at, 255 for no further look."""
    accepted = 0
    for c in range(regions):
        begin, end = now.begin[c], now.begin[c + 1]
        floors[c] = 255
        prepare(now.runs, begin, end, scratch.facts)
        if scratch.facts[N] < min_area:
            continue
        if _passes(jumps, now.runs, begin, end, pixels, scratch):
            _paint(now.runs, begin, end, mask)
            accepted += 1
            continue
        low, high = level_span(now.runs, begin, end)
        if high > low and _may_pass_inside(jumps, now.runs, begin, end, pixels, scratch.facts):
            floors[c] = low
    return accepted


@njit
def _label(
    levels: NDArray[np.uint8],
    words: NDArray[np.uint64],
    jumps: Jumps,
    min_area: int,
    pixels: Pixels,
    scratch: Scratch,
    found: Runs,
    now: Generation,
    links: Links,
    mask: NDArray[np.bool_],
) -> int:
    """Paint every accepted region into the mask; how many regions were accepted."""
    links.bounds[0] = 0
    links.bounds[1] = first_runs(levels, words, found)
    regions = group_runs(found, links.bounds, 1, now, links.parent, links.origin)
    accepted = 0
    while regions > 0:
        floors = links.floors[:regions]
        accepted += _decide(now, regions, jumps, min_area, pixels, scratch, floors, mask)
        cut_runs(levels, now, floors, found, links.bounds)
        regions = group_runs(found, links.bounds, regions, now, links.parent, links.origin)
    return accepted


def mask_by_cut(
    workspace: Workspace,
    field: NDArray[np.floating],
    thresholds: NDArray[np.float64],
    picture: Picture,
    jumps: Jumps,
    min_area: int,
    mask: NDArray[np.bool_],
) -> int:
    """Set the mask on every region of `field` above the thresholds that passes the cut.

    Args:
        workspace: made for the properties that the cut tests.
        field: (H, W) float32 or float64 that is thresholded, without NaN.
        thresholds: (T,) float64, ascending.
        picture: what the properties are measured on; same size.
        jumps: the cut.
        min_area: smaller regions are none.
        mask: (H, W) bool; pixels are set, none is cleared.

    Returns:
        How many regions were accepted; regions inside accepted ones are not counted.

    Equation: (10) to (12)
    """
    w = workspace
    w.load(field, thresholds)
    pixels = pixels_of(picture, w.names)
    accepted: int = _label(
        w.levels,
        w.words,
        jumps,
        min_area,
        pixels,
        w.scratch,
        w.found,
        w.now,
        w.links,
        mask,
    )
    w.shrink()
    return accepted


def mask_by_grades(
    workspace: Workspace,
    field: NDArray[np.floating],
    thresholds: NDArray[np.float64],
    picture: Picture,
    names: Sequence[str],
    decide: Callable[[Layer], NDArray[np.bool_]],
    min_area: int,
    mask: NDArray[np.bool_],
) -> int:
    """The same where the rules are no cut: every property in use is measured, every region graded.

    Args:
        names: built-in properties to measure.
        decide: from a layer to whether each region's grade reaches alpha, (n,) bool; what it says of
            regions that the layer drops does not count.
    """
    accepted = 0
    for layer in layers(workspace, field, thresholds, picture, names, min_area):
        chosen = decide(layer) & ~layer.drop
        for c in np.flatnonzero(chosen):
            _paint(layer.runs, layer.begin[c], layer.begin[c + 1], mask)
        layer.drop[chosen] = True
        accepted += int(chosen.sum())
    workspace.shrink()
    return accepted
