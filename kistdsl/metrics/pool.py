"""The pixels of many anomaly maps, taken in one image at a time: normal scores, and scores by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics.ranks import Scores
from kistdsl.metrics.regions import region_ids, sizes

_GROWTH = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class DefectPixels:
    """Scores of all defect pixels in rising order, and where each belongs.

    Attributes:
        scores: (P,) floating, rising.
        region: (P,) int64, the pixel's region in 0..K-1.
        region_size: (K,) int64, pixels of each region.
        region_image: (K,) int64, the image of each region.
    """

    scores: Scores
    region: NDArray[np.int64]
    region_size: NDArray[np.int64]
    region_image: NDArray[np.int64]

    def of_images(self, images: NDArray[np.bool_]) -> DefectPixels:
        """Only the regions of the images that are set in `images` (I,) bool."""
        kept = images[self.region_image]
        renumbered = np.cumsum(kept) - 1
        pixels = kept[self.region]
        return DefectPixels(
            self.scores[pixels],
            renumbered[self.region[pixels]],
            self.region_size[kept],
            self.region_image[kept],
        )


class PixelPool:
    """Takes images in, one at a time; holds normal scores in one buffer and nothing else of their size."""

    def __init__(self, capacity: int = 0) -> None:
        """
        Args:
            capacity: normal pixels to expect; a good guess saves copies.
        """
        # float32 until a map comes that it cannot hold exactly: a rounded score could make a tie.
        self._buffer: Scores = np.empty(capacity, np.float32)
        self._starts = [0]
        self._defects: list[Scores] = []
        self._regions: list[NDArray[np.int64]] = []
        self._sizes: list[NDArray[np.int64]] = []
        self._images: list[NDArray[np.int64]] = []

    @property
    def images(self) -> int:
        return len(self._starts) - 1

    @property
    def normals(self) -> Scores:
        """(N,) normal scores of all images, image after image; a view, to be sorted in place if wanted."""
        return self._buffer[: self._starts[-1]]

    def normals_of(self, image: int) -> Scores:
        """Normal scores of one image; a view, valid until `normals` is sorted."""
        return self._buffer[self._starts[image] : self._starts[image + 1]]

    def add(self, name: str, scores: NDArray[Any], mask: NDArray[np.bool_] | None) -> tuple[Scores, Scores]:
        """Take in one image.

        Args:
            name: for messages.
            scores: (H, W) floating, higher is more anomalous; infinite is allowed, NaN is not.
            mask: (H, W) bool, True on the defect; None for a normal image.

        Returns:
            The image's normal scores (a view) and its defect scores.

        Raises:
            InputError: not a two-dimensional map, another size of the mask, no pixel, or NaN; it names
                the image.
        """
        validate(name, scores, mask)
        dtype = np.result_type(self._buffer.dtype, scores.dtype)
        if dtype != self._buffer.dtype:
            wider: Scores = np.empty(len(self._buffer), dtype)
            wider[: self._starts[-1]] = self.normals  # the rest is not set: casting it could warn
            self._buffer = wider
        at = self._starts[-1]
        set_pixels = int(np.count_nonzero(mask)) if mask is not None else 0
        end = at + scores.size - set_pixels
        self._reserve(end)
        if mask is None or not set_pixels:
            self._buffer[at:end] = scores.ravel()
            defects: Scores = np.empty(0, self._buffer.dtype)
        else:
            self._buffer[at:end] = scores[~mask]
            defects = scores[mask].astype(self._buffer.dtype, copy=False)
            ids, count = region_ids(mask)
            self._regions.append(ids + sum(len(s) for s in self._sizes))
            self._sizes.append(sizes(ids, count))
            self._images.append(np.full(count, self.images))
            self._defects.append(defects)
        self._starts.append(end)
        return self._buffer[at:end], defects

    def _reserve(self, size: int) -> None:
        if size > len(self._buffer):
            self._buffer.resize(max(size, int(len(self._buffer) * _GROWTH)), refcheck=False)

    def skip(self) -> None:
        """Count an image none of whose pixels is known to be normal or a defect."""
        self._starts.append(self._starts[-1])

    def defects(self) -> DefectPixels:
        """The defect pixels of all images, by rising score."""
        empty = [np.empty(0, np.int64)]
        scores = np.concatenate([np.empty(0, self._buffer.dtype), *self._defects])
        order = np.argsort(scores)
        return DefectPixels(
            scores[order],
            np.concatenate(self._regions or empty)[order],
            np.concatenate(self._sizes or empty),
            np.concatenate(self._images or empty),
        )


def validate(name: str, scores: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
    """Raise on what is no anomaly map, or on a mask that does not fit it.

    Raises:
        InputError: not two-dimensional, no pixel, no real numbers, NaN, or a mask of another size; it names
            the image.
    """
    if scores.ndim != 2 or scores.size == 0:
        raise InputError(f"{name}: an anomaly map has rows and columns, this one is {scores.shape}")
    if not np.issubdtype(scores.dtype, np.number) or np.issubdtype(scores.dtype, np.complexfloating):
        raise InputError(f"{name}: an anomaly map holds real numbers, this one {scores.dtype}")
    if mask is not None and mask.shape != scores.shape:
        raise InputError(f"{name}: the mask is {mask.shape}, the anomaly map {scores.shape} (rows, columns)")
    if np.isnan(scores.min()):
        raise InputError(f"{name}: the anomaly map holds NaN ({np.count_nonzero(np.isnan(scores))} pixels)")


def pooled(maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any] | None]) -> PixelPool:
    """A pool of all `maps` and `masks`.

    Raises:
        InputError: unequal numbers, no image, or what `PixelPool.add` finds (images are named by number).
    """
    if len(maps) != len(masks):
        raise InputError(f"{len(maps)} anomaly maps but {len(masks)} masks")
    if not len(maps):
        raise InputError("no anomaly map")
    pool = PixelPool(sum(scores.size for scores in maps))
    for i, (scores, mask) in enumerate(zip(maps, masks, strict=True)):
        pool.add(f"image {i}", scores, None if mask is None else np.asarray(mask, np.bool_))
    return pool
