"""Where defect scores stand among the normal ones, and what that is worth under the curve.

A pixel detected from threshold t on counts while the false-positive rate is at least its own. With g the
share of normal pixels above its score and h the share at or above it, its true-positive step lies at g
where it beats all ties, at h where it loses them, and halfway in the mean: the trapezoid between.
So an area under a curve is a plain mean over defect pixels, and no curve is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[Any]
"""Floating, any precision; ordered as floats are."""


def standing(normals: Scores, scores: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many normal scores lie above each score, and at or above it.

    Args:
        normals: (N,) in rising order.
        scores: (P,) in rising order too: neighbours then search the same part of memory.

    Returns:
        above, at_least: (P,) int64 in 0..N.
    """
    above = len(normals) - np.searchsorted(normals, scores, side="right")
    at_least = len(normals) - np.searchsorted(normals, scores, side="left")
    return above, at_least


def top_standing(
    normals: Scores, scores: Scores, limit: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`standing`, right wherever a score has less than the share `limit` of the normals above it.

    Only the top of `normals` is sorted; its order changes in place. Elsewhere both counts are at
    least `limit` * N, which is all that a curve cut at `limit` asks.
    """
    total = len(normals)
    cut = total - min(int(np.ceil(limit * total)) + 1, total)
    if cut <= 0:
        normals.sort()
        return standing(normals, scores)
    normals.partition(cut)
    top = normals[cut:]
    top.sort()
    above, at_least = standing(top, scores)
    ties = np.count_nonzero(normals[:cut] == top[0])
    at_least[scores == top[0]] += ties
    below = scores < top[0]
    above[below] = at_least[below] = total
    return above, at_least


def worth(above: NDArray[Any], at_least: NDArray[Any], total: float, limit: float) -> NDArray[np.float64]:
    """Area that each score adds under its curve up to false-positive rate `limit`, divided by `limit`.

    Args:
        above, at_least: counts from `standing`, any shape.
        total: N, the number of normal scores, at least 1 (or 1, where the counts are shares already).
        limit: in (0, 1].

    Returns:
        float64 in 0..1, of the same shape: the mean over defect pixels is the normalised area (AUROC for `limit` 1).

    Equation: with g = above / N, h = at_least / N: (L - (g + h) / 2) / L for h <= L; (L - g)^2 / (2 (h - g) L)
    for g < L < h; else 0 (not in the paper; it follows from its definition of AUROC and AUPRO).
    """
    g = above / total
    h = at_least / total
    part = np.maximum(limit - g, 0.0)
    width = np.where(h > g, h - g, 1.0)
    cut = part * part / (2.0 * width)
    whole = limit - (g + h) / 2.0
    area: NDArray[np.float64] = np.where(h <= limit, whole, cut) / limit
    return area
