"""Confidence intervals: images (on MTD whole tiles) drawn again with replacement, type by type.

A replicate weights images, and with them the distribution of normal pixels. To do that a thousand times,
scores are put into about two thousand bins once; a bin is a tie. The figures themselves are exact, only
the intervals come from bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.metrics.pool import DefectPixels, PixelPool
from kistdsl.metrics.ranks import Scores, worth

BINS = 2048
SAMPLE = 200_000
REPLICATES = 1000
LEVEL = 0.95
_CHUNK = 50

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


def pixel_replicates(
    binned: BinnedPixels, normal_weights: Weights, defect_weights: Weights, limit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUROC and AUPRO of each replicate, (B,) each; NaN where one drew no defect or no normal pixel."""
    auroc, aupro = [], []
    for start in range(0, len(normal_weights), _CHUNK):
        normal = normal_weights[start : start + _CHUNK].astype(np.float32)
        defect = defect_weights[start : start + _CHUNK].astype(np.float32)
        counts = (normal @ binned.normals).astype(np.float64)
        total = counts.sum(axis=1, keepdims=True)
        at_least = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
        above = at_least - counts
        rates = (above / np.maximum(total, 1), at_least / np.maximum(total, 1))
        pixels = defect @ binned.defects
        overlaps = defect @ binned.overlaps
        auroc.append(_weighted(worth(*rates, 1, 1.0), pixels, pixels.sum(axis=1), total))
        regions = defect.astype(np.float64) @ binned.regions
        aupro.append(_weighted(worth(*rates, 1, limit), overlaps, regions, total))
    return np.concatenate(auroc), np.concatenate(aupro)


def _weighted(
    values: NDArray[np.float64], weights: NDArray[Any], total: NDArray[Any], normals: NDArray[np.float64]
) -> NDArray[np.float64]:
    defined = (total > 0) & (normals[:, 0] > 0)
    sums = (values * weights).sum(axis=1)
    result: NDArray[np.float64] = np.where(defined, sums / np.where(defined, total, 1), np.nan)
    return result


def mean_replicates(values: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Weighted mean of per-image values (I,), NaN meaning that an image has none; (B,)."""
    known = ~np.isnan(values)
    total = weights[:, known].sum(axis=1)
    sums = weights[:, known] @ values[known]
    result: NDArray[np.float64] = np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan)
    return result


def image_replicates(
    scores: NDArray[np.float64], normal_weights: Weights, defect_weights: Weights
) -> NDArray[np.float64]:
    """Image AUROC of each replicate, (B,); NaN where one drew images of one kind only."""
    wins = (scores[:, None] > scores[None, :]) + 0.5 * (scores[:, None] == scores[None, :])
    total = defect_weights.sum(axis=1) * normal_weights.sum(axis=1)
    sums = ((defect_weights @ wins) * normal_weights).sum(axis=1)
    result: NDArray[np.float64] = np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan)
    return result


def interval(replicates: NDArray[np.float64]) -> tuple[float, float] | None:
    """The middle `LEVEL` of the defined replicates; None where fewer than half are defined."""
    defined = replicates[~np.isnan(replicates)]
    if 2 * len(defined) < len(replicates) or not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
