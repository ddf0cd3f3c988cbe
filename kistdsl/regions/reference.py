"""Region properties and pseudo-labels in the plainest way (eqs. 9 to 12): what the kernels must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.picture import Picture
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.region import Region

Decide = Callable[[dict[str, NDArray[np.float64]]], NDArray[np.bool_]]
"""From columns of properties to whether each region's grade reaches alpha."""


def connected_regions(foreground: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """8-connected sets of True pixels.

    Args:
        foreground: (H, W) bool.

    Returns:
        (rows, columns) of each set, int64, in raster order; sets in the order of their first pixels.
    """
    left = {(int(y), int(x)) for y, x in np.argwhere(foreground)}
    found = []
    for start in map(tuple, np.argwhere(foreground).tolist()):
        if start not in left:
            continue
        left.remove(start)
        todo, members = [start], []
        while todo:
            y, x = todo.pop()
            members.append((y, x))
            near = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
            todo += [p for p in near if p in left]
            left.difference_update(near)
        pixels = np.array(sorted(members), dtype=np.int64)
        found.append((pixels[:, 0], pixels[:, 1]))
    return found


def regions_above(
    field: NDArray[np.floating], threshold: float, picture: Picture, min_area: int = 1
) -> Iterator[Region]:
    """The regions of `picture` where `field` lies above `threshold` that have at least `min_area` pixels."""
    for rows, columns in connected_regions(field.astype(np.float64) > threshold):
        if rows.size >= min_area:
            yield Region(rows, columns, picture)


def measure(regions: Sequence[Region], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Columns of properties, one value a region, float64."""
    return {name: np.array([PROPERTIES[name](r) for r in regions], dtype=np.float64) for name in names}


def pseudo_label(
    field: NDArray[np.floating],
    levels: Sequence[float],
    picture: Picture,
    names: Sequence[str],
    decide: Decide,
    min_area: int = 1,
) -> NDArray[np.bool_]:
    """The union, over all thresholds, of the regions whose grade reaches alpha.

    Args:
        field: (H, W) what is thresholded: the residual or another candidate map.
        levels: the thresholds.
        picture: what the properties are measured on.
        names: the properties that `decide` reads.
        decide: whether each row of those columns reaches alpha.
        min_area: smaller regions are none.

    Returns:
        (H, W) bool.

    Equation: (9) to (12)
    """
    mask = np.zeros(field.shape, dtype=np.bool_)
    for threshold in levels:
        regions = list(regions_above(field, threshold, picture, min_area))
        for region, accepted in zip(regions, decide(measure(regions, names)), strict=True):
            if accepted:
                mask[region.rows, region.columns] = True
    return mask
