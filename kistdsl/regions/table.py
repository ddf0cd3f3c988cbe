"""The region table: one row a region and threshold, columns of properties, offsets of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
            properties (float64), then where the region lies in pixels (int64): `pixels`, `top`, `left`,
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
    parts = [
        _rows_of_layer(layer, picture, names, own)
        for layer in layers(workspace, source.of(picture), levels, picture, built_in, min_area)
    ] or [_no_rows(names)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["seed"], rows["top"], rows["threshold"]))
    rows = {name: column[order] for name, column in rows.items()}
    rows["threshold"] = levels[rows["threshold"].astype(np.int64)]
    return {"map": np.full(len(order), source.name, dtype=object), **rows}


def _rows_of_layer(
    layer: Layer, picture: Picture, names: Sequence[str], own: Mapping[str, UserProperty]
) -> Columns:
    """A layer's regions, each as often as there are thresholds for which it is one."""
    kept = np.flatnonzero(~layer.drop)
    columns = {
        name: layer.columns[name][kept]
        if name in layer.columns
        else own_column(layer, kept, picture, own[name])
        for name in names
    }
    times = layer.last[kept].astype(np.int64) - layer.first[kept] + 1
    which = np.repeat(np.arange(kept.size), times)
    threshold = np.repeat(layer.first[kept].astype(np.int64), times) + _counting(times)
    rows: Columns = {"threshold": threshold}
    rows.update({name: column[which] for name, column in columns.items()})
    rows.update({name: layer.boxes[kept, i][which] for i, name in enumerate(BOX)})
    return rows


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


def _counting(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, ... times[0]-1, 0, 1, ... times[1]-1, ..."""
    ends = np.cumsum(times)
    counting: NDArray[np.int64] = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - times, times)
    return counting


def _no_rows(names: Sequence[str]) -> Columns:
    rows: Columns = {"threshold": np.empty(0, np.int64)}
    rows.update({name: np.empty(0, np.float64) for name in names})
    rows.update({name: np.empty(0, np.int64) for name in BOX})
    return rows
