"""AUROC and AUPRO by walking the curve threshold by threshold: slow, independent of the product's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def labelled(mask: NDArray[Any]) -> list[list[tuple[int, int]]]:
    """8-connected regions by flood fill."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    regions = []
    while left:
        stack = [left.pop()]
        region = []
        while stack:
            y, x = stack.pop()
            region.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            stack.extend(near)
        regions.append(region)
    return regions


def curve(
    maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """False-positive rate, true-positive rate and mean region overlap from the highest threshold down."""
    normals = np.concatenate([m[~k] for m, k in zip(maps, masks, strict=True)])
    defects = np.concatenate([m[k] for m, k in zip(maps, masks, strict=True)])
    regions = [
        np.array([scores[place] for place in region])
        for scores, mask in zip(maps, masks, strict=True)
        for region in labelled(mask)
    ]
    thresholds = np.unique(np.concatenate([normals, defects]))[::-1]
    fpr = np.array([0.0, *((normals >= t).mean() for t in thresholds)])
    tpr = np.array([0.0, *((defects >= t).mean() for t in thresholds)])
    pro = np.array([0.0, *(np.mean([(r >= t).mean() for r in regions]) for t in thresholds)])
    return fpr, tpr, pro


def area(x: NDArray[np.float64], y: NDArray[np.float64], limit: float) -> float:
    """Trapezoids under (x, y) up to x = limit, cut by interpolation, divided by limit."""
    total = 0.0
    for x0, x1, y0, y1 in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
        if x1 <= limit:
            total += (x1 - x0) * (y0 + y1) / 2
        elif x0 < limit:
            cut = y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
            total += (limit - x0) * (y0 + cut) / 2
    return total / limit


def slow_auroc(maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any]]) -> float:
    fpr, tpr, _ = curve(maps, masks)
    return area(fpr, tpr, 1.0)


def slow_aupro(maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any]], limit: float) -> float:
    fpr, _, pro = curve(maps, masks)
    return area(fpr, pro, limit)
