"""What stands out on normal images: the regions that rules must not mistake for defects, and their properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.data.images import Image, read_image, to_gray, to_uint8
from kistdsl.data.layouts import Item
from kistdsl.data.maps import read_map
from kistdsl.diagnostics import InputError
from kistdsl.language.user_properties import user_properties
from kistdsl.regions.maps import MAPS, RESIDUAL, CandidateMap
from kistdsl.regions.picture import Picture
from kistdsl.regions.table import joined, measure_regions
from kistdsl.regions.workspace import Workspace

MOST_IMAGES = 200
"""Normal images that are looked at; a seeded choice of a larger set says the same."""

SIDE = 128
"""Side to which images are scaled first, as before training."""

MIN_AREA = 8
"""Smallest region in pixels, as in training."""

COLOUR = ("redness", "chroma")
"""Properties that are 0 on gray images."""

OF_THE_RESIDUAL = ("residual_mean", "residual_peak")
"""Properties that need a residual."""

_IMAGE_MAPS = ("darkness", "brightness")


@dataclass(frozen=True, slots=True, eq=False)
class NormalRegions:
    """Properties of the regions of normal images.

    Attributes:
        images: number of images.
        columns: (N,) float64 of each property, one value a region and threshold.
        per_image: (I,) float64 of each property, the median of each image's regions; NaN without any.
    """

    images: int
    columns: dict[str, NDArray[np.float64]]
    per_image: dict[str, NDArray[np.float64]]

    @property
    def regions(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def counted(number: int, thing: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def choose(items: Sequence[Item], seed: int = 0) -> tuple[Item, ...]:
    """At most `MOST_IMAGES` of the images, in their order."""
    if len(items) <= MOST_IMAGES:
        return tuple(items)
    chosen = np.random.default_rng(seed).choice(len(items), MOST_IMAGES, replace=False)
    return tuple(items[i] for i in np.sort(chosen))


def measure_normal(
    items: Sequence[Item],
    names: Sequence[str],
    folder: Path,
    *,
    residuals: Path | None = None,
    step: Callable[[], None] = lambda: None,
) -> NormalRegions:
    """Measure the regions of normal images.

    Regions lie above the thresholds of eq. 9 of the residual where there is one, else of two maps of the image itself
    (how much darker, how much brighter than around).

    Args:
        items: normal images.
        names: properties.
        folder: what messages call the place of the images.
        residuals: folder with `<stem>.npy` for every image, or None.
        step: called twice an image: when it has been read, and when its regions have been measured.

    Raises:
        InputError: an unreadable image, a missing or unfit residual, or no region at all.
    """
    pictures = []
    for picture in _pictures(items, residuals):
        pictures.append(picture)
        step()
    sources = (RESIDUAL,) if residuals else _IMAGE_MAPS
    maps = [_candidate(name, pictures) for name in sources]
    own = {name: declared for name, declared in user_properties().items() if name in names}
    workspace = Workspace(frozenset(name for name in names if name not in own))
    rows = []
    for picture in pictures:
        rows.append(measure_regions(workspace, picture, maps, names, own, MIN_AREA))
        step()
    table = joined([item.name for item in items], rows)
    if not len(table):
        raise InputError(
            f"{folder}: nothing stands out in {counted(len(items), 'normal image')}: no region of "
            f"{MIN_AREA} pixels or more (at {SIDE}x{SIDE}) is darker or brighter than what is around it"
            if residuals is None
            else f"{residuals}: no residual rises over a region of {MIN_AREA} pixels or more"
        )
    columns = {name: np.asarray(table.columns[name], np.float64) for name in names}
    medians = {name: np.array([_median(row[name]) for row in rows]) for name in names}
    return NormalRegions(len(items), columns, medians)


def _pictures(items: Sequence[Item], residuals: Path | None) -> Iterator[Picture]:
    for item in items:
        pixels = _scaled(read_image(item.path))
        gray = to_gray(pixels)
        residual = (
            np.zeros(gray.shape, np.float32) if residuals is None else _residual(residuals, item, gray.shape)
        )
        yield Picture.of(gray, residual, image=pixels if pixels.ndim == 3 else None, name=item.name)


def _scaled(image: Image) -> NDArray[np.uint8]:
    """The image in bytes, scaled to `SIDE` a side by area."""
    pixels = to_uint8(image.pixels)
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _residual(folder: Path, item: Item, shape: tuple[int, ...]) -> NDArray[np.float32]:
    values = read_map(folder / f"{item.path.stem}.npy").astype(np.float32)
    if np.isnan(values).any():
        raise InputError(f"{folder / item.path.stem}.npy: the residual holds NaN")
    scaled = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, np.float32)


def _candidate(name: str, pictures: Sequence[Picture]) -> CandidateMap:
    """A map with the thresholds of eq. 9 from its mean and deviation over all pictures."""
    values = np.stack([MAPS[name](picture) if name in MAPS else picture.residual for picture in pictures])
    return CandidateMap.by_spread(
        name, float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    )


def _median(values: NDArray[np.generic]) -> float:
    known = np.asarray(values, np.float64)
    return float(np.median(known)) if len(known) else float("nan")
