"""The region table: one row a region and threshold, columns of properties, offsets of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.language.user_properties import UserProperty
from kistdsl.regions.layers import BOX, Layer, layers
from kistdsl.regions.maps import CandidateMap
from kistdsl.regions.measure import ORDER
from kistdsl.regions.picture import Picture
from kistdsl.regions.workspace import Workspace

Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class RegionTable:
    """Regions of several images.

    Attributes:
        images: name of each image.
        offsets: (images + 1,) int64; image i has the rows offsets[i]..offsets[i + 1]-1.
        columns: (N,) arrays: `map` (name of the candidate map, object), `threshold` (float64), the
            properties (float64), then where the region lies in pixels (int32): `pixels`, `top`, `left`,
            `bottom`, `right` (exclusive) and `seed`, the column of its first pixel in row `top`.
    """

    images: tuple[str, ...]
    offsets: NDArray[np.int64]
    columns: Columns

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def image(self) -> NDArray[np.object_]:
        """(N,) name of each row's image."""
        return np.repeat(np.array(self.images, dtype=object), np.diff(self.offsets))

    def of_image(self, index: int) -> Columns:
        """The rows of one image."""
        part = slice(int(self.offsets[index]), int(self.offsets[index + 1]))
        return {name: column[part] for name, column in self.columns.items()}


def joined(images: Sequence[str], parts: Sequence[Columns]) -> RegionTable:
    """One table of several images' rows, all with the same columns; at least one image."""
    sizes = [len(next(iter(part.values()))) for part in parts]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return RegionTable(tuple(images), offsets, columns)


def measure_regions(
    workspace: Workspace,
    picture: Picture,
    maps: Sequence[CandidateMap],
    names: Sequence[str],
    own: Mapping[str, UserProperty],
    min_area: int = 1,
) -> Columns:
    """All regions of one image: rows by map, threshold and first pixel in raster order.

    Args:
        workspace: made for the built-in properties among `names`.
        maps: where regions come from.
        names: properties, built-in or of `own`.
        own: user's own properties by name; called once a distinct region.
        min_area: smaller regions are left out.

    Raises:
        InputError: NaN in a map, or a user's own property fails.
    """
    parts = [_rows_of_map(workspace, picture, source, names, own, min_area) for source in maps]
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _rows_of_map(
    workspace: Workspace,
    picture: Picture,
    source: CandidateMap,
    names: Sequence[str],
    own: Mapping[str, UserProperty],
    min_area: int,
) -> Columns:
    levels = source.thresholds
    built_in = [name for name in names if name in ORDER]
    distinct: dict[str, list[NDArray[np.generic]]] = {name: [] for name in (*names, *BOX, "first", "last")}
    for layer in layers(workspace, source.of(picture), levels, picture, built_in, min_area):
        for name, column in _kept_of(layer, picture, names, own).items():
            distinct[name].append(column)
    workspace.shrink()
    chosen, counts = _order(distinct, levels.size)
    rows: Columns = {
        "map": np.full(chosen.size, source.name, dtype=object),
        "threshold": np.repeat(levels, counts),
    }
    # One column after the other, its parts let go at once: a large image's table is never there twice.
    for name in names:
        rows[name] = _joined(distinct.pop(name), np.float64)[chosen]
    for name in BOX:
        rows[name] = _joined(distinct.pop(name), np.int32)[chosen]
    return rows


def _kept_of(
    layer: Layer, picture: Picture, names: Sequence[str], own: Mapping[str, UserProperty]
) -> Columns:
    """A layer's regions that are not dropped, as columns of their own memory."""
    kept = np.flatnonzero(~layer.drop)
    columns: Columns = {
        name: layer.columns[name][kept]
        if name in layer.columns
        else own_column(layer, kept, picture, own[name])
        for name in names
    }
    columns.update({name: layer.boxes[kept, i].astype(np.int32) for i, name in enumerate(BOX)})
    return {**columns, "first": layer.first[kept], "last": layer.last[kept]}


def _order(
    distinct: dict[str, list[NDArray[np.generic]]], thresholds: int
) -> tuple[NDArray[np.int32], list[int]]:
    """Which distinct region each row shows, and how many rows each threshold has.

    Rows by threshold, then by first pixel in raster order.
    """
    first, last = (_joined(distinct.pop(name), np.uint8) for name in ("first", "last"))
    place = _joined(distinct["top"], np.int64) << 32 | _joined(distinct["seed"], np.int64)
    # Regions that start at the same pixel are nested, so no threshold has two of them.
    by_place = np.argsort(place).astype(np.int32)
    first, last = first[by_place], last[by_place]
    parts = [by_place[(first <= k) & (k <= last)] for k in range(thresholds)]
    return np.concatenate(parts), [part.size for part in parts]


def _joined(parts: list[NDArray[np.generic]], dtype: type) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts], dtype=dtype)


def own_column(
    layer: Layer, kept: NDArray[np.int64], picture: Picture, own: UserProperty
) -> NDArray[np.float64]:
    """A user's own property of some of a layer's regions.

    Raises:
        InputError: the function fails or does not give a number, naming it and the image.
    """
    values = np.empty(kept.size)
    for i, c in enumerate(kept):
        try:
            values[i] = own(layer.region(int(c), picture))
        except Exception as error:
            raise InputError(f"{picture.name}: property {own.column.name!r} failed: {error}") from error
    return values
