"""Defect regions of a mask: 8-connected components, as run lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def region_ids(mask: NDArray[np.bool_]) -> tuple[Ids, int]:
    """Which 8-connected region each set pixel belongs to.

    Args:
        mask: (H, W) bool.

    Returns:
        ids: (P,) int64 in 0..count-1, one for each set pixel in row-major order; and the count.

    >>> region_ids(np.array([[True, False, True], [False, True, False], [False, False, False]]))
    (array([0, 0, 0]), 1)
    >>> region_ids(np.array([[True, False, True]]))
    (array([0, 1]), 2)
    """
    starts, ends, length = _runs(mask)
    if len(starts) == 0:
        return np.empty(0, np.int64), 0
    upper, lower = _touching(starts, ends, length)
    roots = _united(len(starts), upper, lower)
    names, ids = np.unique(roots, return_inverse=True)
    return np.repeat(ids, ends - starts), len(names)


def _runs(mask: NDArray[np.bool_]) -> tuple[Ids, Ids, int]:
    """Half-open runs of set pixels on one line: rows are padded with a clear pixel and put end to end."""
    padded = np.pad(mask, ((0, 0), (1, 1)))
    changes = np.flatnonzero(np.diff(padded.ravel().view(np.int8)))
    return changes[::2], changes[1::2], padded.shape[1]


def _touching(starts: Ids, ends: Ids, length: int) -> tuple[Ids, Ids]:
    """Pairs (upper, lower) of runs in adjacent rows that share a side or a corner."""
    first = np.searchsorted(
        ends, starts - length, side="left"
    )  # first run above that ends at or after my start
    last = np.searchsorted(
        starts, ends - length, side="right"
    )  # one past the last that starts at or before my end
    counts = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return first[lower] + offsets, lower


def _united(count: int, one: Ids, other: Ids) -> Ids:
    """The smallest run reachable from each run: hooking to the smaller root, then shortening paths."""
    root = np.arange(count)
    while True:
        a, b = root[one], root[other]
        if np.array_equal(a, b):
            return root
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        shorter = root[root]
        while not np.array_equal(shorter, root):
            root, shorter = shorter, shorter[shorter]


def sizes(ids: Ids, count: int) -> NDArray[np.int64]:
    """Pixels of each region, (count,) int64."""
    result: NDArray[Any] = np.bincount(ids, minlength=count)
    return result.astype(np.int64, copy=False)
