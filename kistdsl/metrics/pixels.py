"""Exact pixel metrics, in closed form: AUROC, AUPRO, best F1 and IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics.pool import DefectPixels, pooled
from kistdsl.metrics.ranks import Scores, standing, top_standing, worth

AUPRO_LIMIT = 0.3
"""False-positive rate up to which AUPRO is integrated."""


def pixel_auroc(maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any] | None]) -> float:
    """Area under the ROC curve over all pixels of all images.

    Args:
        maps: anomaly maps, (H, W) floating each, higher is more anomalous; sizes may differ.
        masks: (H, W) bool each, True on the defect; None for a normal image.

    Returns:
        0..1; ties count one half. 0.5 for a constant map.

    Raises:
        InputError: NaN (naming the image), unequal sizes or numbers, no defect pixel, no normal pixel.

    >>> pixel_auroc([np.array([[0.1, 0.9, 0.4]])], [np.array([[False, True, False]])])
    1.0
    """
    pool = pooled(maps, masks)
    defects = pool.defects()
    normals = pool.normals
    require_both(normals, defects)
    normals.sort()
    return mean_worth(*standing(normals, defects.scores), len(normals))


def aupro(
    maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any] | None], *, limit: float = AUPRO_LIMIT
) -> float:
    """Area under the per-region-overlap curve up to a false-positive rate, divided by that rate.

    The overlap is averaged over all 8-connected defect regions of all images, each counting the same whatever
    its size; the false-positive rate is over all pixels outside every mask, normal images included.

    Args:
        maps: anomaly maps, (H, W) floating each, higher is more anomalous; sizes may differ.
        masks: (H, W) bool each, True on the defect; None for a normal image.
        limit: in (0, 1].

    Returns:
        0..1: exact, no thresholds are sampled. `limit` / 2 for a constant map.

    Raises:
        InputError: as `pixel_auroc`, or `limit` outside (0, 1].
    """
    require_limit(limit)
    pool = pooled(maps, masks)
    defects = pool.defects()
    normals = pool.normals
    require_both(normals, defects)
    above, at_least = top_standing(normals, defects.scores, limit)
    return region_mean(worth(above, at_least, len(normals), limit), defects)


def image_auroc(
    scores: Sequence[float] | NDArray[Any], anomalous: Sequence[bool] | NDArray[np.bool_]
) -> float | None:
    """Area under the ROC curve of one score an image.

    Returns:
        0..1, ties count one half; None where all images are normal or all are anomalous.

    >>> image_auroc([0.2, 0.9, 0.9], [False, True, False])
    0.75
    """
    values = np.asarray(scores, np.float64)
    flags = np.asarray(anomalous, np.bool_)
    normals, defects = np.sort(values[~flags]), np.sort(values[flags])
    if not len(normals) or not len(defects):
        return None
    return mean_worth(*standing(normals, defects), len(normals))


def per_image_auroc(maps: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any] | None]) -> float | None:
    """Mean over the images with a mask of the pixel AUROC within each image.

    Returns:
        0..1; None where no image has both defect pixels and normal ones.

    Raises:
        InputError: as `pixel_auroc`.
    """
    pool = pooled(maps, masks)
    defects = pool.defects()
    found = []
    for image in np.unique(defects.region_image):
        only = np.arange(pool.images) == image
        normals = pool.normals_of(int(image))
        normals.sort()
        if len(normals):
            scores = defects.of_images(only).scores
            found.append(mean_worth(*standing(normals, scores), len(normals)))
    return float(np.mean(found)) if found else None


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold with the highest F1 (and, which is the same one, the highest IoU) over all pixels.

    Attributes:
        threshold: a pixel is called a defect from this score on.
        f1: 2 TP / (2 TP + FP + FN), 0..1.
        iou: TP / (TP + FP + FN), 0..1.
    """

    threshold: float
    f1: float
    iou: float


def best_threshold(scores: Scores, at_least: NDArray[np.int64]) -> BestThreshold:
    """The best of all thresholds; only the scores of defect pixels need to be tried.

    Args:
        scores: (P,) defect scores in rising order, P at least 1.
        at_least: (P,) normal pixels at or above each, from `standing`.
    """
    total = len(scores)
    true = total - np.searchsorted(scores, scores, side="left")
    f1 = 2.0 * true / (true + at_least + total)
    best = int(np.argmax(f1))
    return BestThreshold(float(scores[best]), float(f1[best]), float(f1[best] / (2.0 - f1[best])))


def mean_worth(above: NDArray[np.int64], at_least: NDArray[np.int64], total: int) -> float:
    """AUROC from the standing of the defect scores."""
    return float(worth(above, at_least, total, 1.0).mean())


def region_mean(values: NDArray[np.float64], defects: DefectPixels) -> float:
    """Mean over regions of the mean over each region's pixels."""
    sums = np.bincount(defects.region, values, minlength=len(defects.region_size))
    return float((sums / defects.region_size).mean())


def require_both(normals: Scores, defects: DefectPixels) -> None:
    """Raise where a rate over no pixels would be asked for."""
    if not len(defects.scores):
        raise InputError("no defect region in any mask: pixel metrics need at least one")
    if not len(normals):
        raise InputError("no normal pixel in any image: a false-positive rate needs at least one")


def require_limit(limit: float) -> None:
    """Raise on a limit outside (0, 1]."""
    if not 0.0 < limit <= 1.0:
        raise InputError(f"the false-positive limit is {limit:g}; it lies above 0 and is at most 1")
