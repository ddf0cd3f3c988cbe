"""Confidence intervals: images (on MTD whole tiles) drawn again with replacement, type by type.

A replicate weights images, and with them the distribution of normal pixels. To do that a thousand times,
scores are put into about two thousand bins once; a bin is a tie. The figures themselves are exact, only
the intervals come from bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.metrics.pool import DefectPixels, PixelPool
from kistdsl.metrics.ranks import Scores, worth

BINS = 2048
SAMPLE = 200_000
REPLICATES = 1000
LEVEL = 0.95
_CHUNK = 100

Weights = NDArray[np.float64]
"""(B, I) float64: how often each image was drawn in each replicate."""


@dataclass(frozen=True, slots=True, eq=False)
class BinnedPixels:
    """Pixels of each image by score bin, rising.

    Attributes:
        normals: (I, M) float32 counts.
        defects: (I, M) float32 counts.
        overlaps: (I, M) float32, summed over the image's regions: share of the region in the bin.
        regions: (I,) float64 counts.
    """

    normals: NDArray[np.float32]
    defects: NDArray[np.float32]
    overlaps: NDArray[np.float32]
    regions: NDArray[np.float64]


def bin_pixels(pool: PixelPool, defects: DefectPixels, limit: float) -> BinnedPixels:
    """Bins of equal shares of normal pixels, half of them above the quantile 1 - `limit`.

    Args:
        pool: its normal scores sorted image by image.
        defects: of the same pool.
        limit: of AUPRO; resolution is spent there.
    """
    edges = _edges(pool, limit)
    images, bins = pool.images, len(edges) + 1
    normals = np.zeros((images, bins), np.float32)
    for image in range(images):
        scores = pool.normals_of(image)
        bounds = np.concatenate([[0], np.searchsorted(scores, edges, side="left"), [len(scores)]])
        normals[image] = np.diff(bounds)
    place = defects.region_image[defects.region] * bins + np.searchsorted(edges, defects.scores, side="right")
    share = 1.0 / defects.region_size[defects.region]

    def table(weights: NDArray[np.float64] | None) -> NDArray[np.float32]:
        return np.bincount(place, weights, images * bins).reshape(images, bins).astype(np.float32)

    regions = np.bincount(defects.region_image, minlength=images).astype(np.float64)
    return BinnedPixels(normals, table(None), table(share), regions)


def _edges(pool: PixelPool, limit: float) -> Scores:
    step = max(len(pool.normals) // SAMPLE, 1)
    sample = np.sort(np.concatenate([pool.normals_of(image)[::step] for image in range(pool.images)]))
    rates = np.concatenate([np.linspace(0, limit, BINS // 2), np.linspace(limit, 1, BINS // 2)])
    places = np.clip(np.round((1 - rates) * len(sample)).astype(np.int64), 0, len(sample) - 1)
    return np.unique(sample[places])


def draw(strata: Sequence[Sequence[int]], groups: Sequence[str], replicates: int, seed: int) -> Weights:
    """Draw whole groups with replacement within each stratum.

    Args:
        strata: images (indices) of each stratum; together each image once.
        groups: group name of each image.
        replicates: B.
        seed: the same seed draws the same.

    Returns:
        (B, I) float64 counts.
    """
    rng = np.random.default_rng(seed)
    weights = np.zeros((replicates, len(groups)))
    for images in strata:
        _, member = np.unique([groups[i] for i in images], return_inverse=True)
        count = int(member.max()) + 1
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=replicates)
        weights[:, list(images)] = drawn[:, member]
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class PixelWorth:
    """What each image's defects are worth in each replicate, drawn or not: any choice of images is a sum of these.

    Attributes:
        auroc: (B, I) float64, summed over the image's defect pixels.
        aupro: (B, I) float64, summed over the image's regions.
        pixels, regions: (I,) float64 counts.
        defined: (B,) bool, whether the replicate drew any normal pixel.
    """

    auroc: NDArray[np.float64]
    aupro: NDArray[np.float64]
    pixels: NDArray[np.float64]
    regions: NDArray[np.float64]
    defined: NDArray[np.bool_]

    def replicates(self, weights: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """AUROC and AUPRO of each replicate, (B,) each; NaN where one drew no defect or no normal pixel.

        Args:
            weights: (B, I) how often each image was drawn; 0 for images of another type.
        """
        return (
            _ratio((self.auroc * weights).sum(axis=1), weights @ self.pixels, self.defined),
            _ratio((self.aupro * weights).sum(axis=1), weights @ self.regions, self.defined),
        )


def pixel_worth(binned: BinnedPixels, weights: Weights, limit: float) -> PixelWorth:
    """The worth of all images' defects against the normal pixels that each replicate drew.

    Args:
        binned: pixels by image and score bin.
        weights: (B, I) how often each image was drawn.
        limit: of AUPRO.
    """
    auroc, aupro, defined = [], [], []
    for start in range(0, len(weights), _CHUNK):
        counts = (weights[start : start + _CHUNK].astype(np.float32) @ binned.normals).astype(np.float64)
        total = counts.sum(axis=1)
        at_least = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1] / np.maximum(total, 1)[:, None]
        above = at_least - counts / np.maximum(total, 1)[:, None]
        auroc.append(worth(above, at_least, 1, 1.0).astype(np.float32) @ binned.defects.T)
        aupro.append(worth(above, at_least, 1, limit).astype(np.float32) @ binned.overlaps.T)
        defined.append(total > 0)
    return PixelWorth(
        np.concatenate(auroc).astype(np.float64),
        np.concatenate(aupro).astype(np.float64),
        binned.defects.sum(axis=1, dtype=np.float64),
        binned.regions,
        np.concatenate(defined),
    )


def _ratio(
    sums: NDArray[np.float64], total: NDArray[np.float64], defined: NDArray[np.bool_] | bool = True
) -> NDArray[np.float64]:
    known = defined & (total > 0)
    result: NDArray[np.float64] = np.where(known, sums / np.where(known, total, 1), np.nan)
    return result


def mean_replicates(values: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Weighted mean of per-image values (I,), NaN meaning that an image has none; (B,)."""
    known = ~np.isnan(values)
    return _ratio(weights[:, known] @ values[known], weights[:, known].sum(axis=1))


def image_replicates(
    scores: NDArray[np.float64], normal_weights: Weights, defect_weights: Weights
) -> NDArray[np.float64]:
    """Image AUROC of each replicate, (B,); NaN where one drew images of one kind only."""
    wins = (scores[:, None] > scores[None, :]) + 0.5 * (scores[:, None] == scores[None, :])
    total = defect_weights.sum(axis=1) * normal_weights.sum(axis=1)
    return _ratio(((defect_weights @ wins) * normal_weights).sum(axis=1), total)


def interval(replicates: NDArray[np.float64]) -> tuple[float, float] | None:
    """The middle `LEVEL` of the defined replicates; None where fewer than half are defined."""
    defined = replicates[~np.isnan(replicates)]
    if 2 * len(defined) < len(replicates) or not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
