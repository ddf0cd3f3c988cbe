"""All figures of a test set in one pass over its anomaly maps: overall, by defect type, with intervals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sized
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics.bootstrap import (
    REPLICATES,
    PixelWorth,
    Weights,
    bin_pixels,
    draw,
    image_replicates,
    interval,
    mean_replicates,
    pixel_worth,
)
from kistdsl.metrics.pixels import (
    AUPRO_LIMIT,
    best_threshold,
    image_auroc,
    mean_worth,
    region_mean,
    require_both,
    require_limit,
)
from kistdsl.metrics.pool import DefectPixels, PixelPool, validate
from kistdsl.metrics.ranks import Scores, standing, worth

NORMAL = "good"
UNNAMED = "anomalous"
"""The kind of an anomalous image whose defect type is not known: it has no row of its own."""


AVERAGED = ("pixel_auroc", "aupro", "per_image_auroc", "image_auroc")
"""Figures that are given as a mean over defect types too."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredMap:
    """The anomaly map of one test image.

    Attributes:
        name: for messages.
        scores: (H, W) real numbers, higher is more anomalous.
        mask: (H, W) bool, True on the defect; None for a normal image, and for an anomalous one whose
            defect is not marked (which then counts in the image AUROC alone).
        kind: "good", a defect type, or "anomalous".
        group: images of the same piece share it; intervals draw whole groups. Empty: by itself.
    """

    name: str
    scores: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    kind: str = NORMAL
    group: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of all images, or of one defect type against all normal pixels and images.

    Attributes:
        pixel_auroc, aupro, per_image_auroc, image_auroc: 0..1; None where they are not defined.
        best_f1, best_iou: over all pixels at the threshold that is best for them; 0..1 or None.
        best_threshold: that threshold.
        images: test images (of the type).
        regions: 8-connected defect regions (of the type).
        intervals: 95 % bootstrap intervals of the first four, by name.
    """

    pixel_auroc: float | None
    aupro: float | None
    per_image_auroc: float | None
    image_auroc: float | None
    best_f1: float | None
    best_iou: float | None
    best_threshold: float | None
    images: int
    regions: int
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate_maps` found.

    Attributes:
        overall: figures of the whole test set.
        by_type: figures of each defect type, by name in alphabetical order.
        size: (height, width) at which maps and masks were compared; None where sizes differ.
        limit: the false-positive rate up to which AUPRO was integrated.
    """

    overall: Figures
    by_type: dict[str, Figures]
    size: tuple[int, int] | None
    limit: float

    @property
    def mean_over_types(self) -> dict[str, float | None]:
        """Each figure averaged over the defect types that have it, so that no type rules by its size."""
        means: dict[str, float | None] = {}
        for name in AVERAGED:
            values = [getattr(figures, name) for figures in self.by_type.values()]
            known = [value for value in values if value is not None]
            means[name] = sum(known) / len(known) if known else None
        return means

    def as_json(self) -> dict[str, Any]:
        """The object of `kistdsl evaluate --json`."""
        return {
            **asdict(self.overall),
            "mean_over_types": self.mean_over_types,
            "size": None if self.size is None else list(self.size),
            "limit": self.limit,
            "by_type": {name: asdict(figures) for name, figures in self.by_type.items()},
        }


def evaluate_maps(
    maps: Iterable[ScoredMap],
    *,
    exclude: Collection[str] = (),
    limit: float = AUPRO_LIMIT,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Evaluation:
    """Measure anomaly maps; each is held only while it is taken in.

    Args:
        maps: of all test images.
        exclude: defect types to leave out, their images altogether.
        limit: of AUPRO, in (0, 1].
        replicates: of the bootstrap; 0 gives no intervals.
        seed: of the bootstrap.

    Raises:
        InputError: no image; NaN, or a mask of another size than its map (naming the image); masks without a
            single defect pixel; an excluded type that does not occur.
    """
    require_limit(limit)
    taken = _take_in(maps, frozenset(exclude))
    missing = sorted(frozenset(exclude) - taken.excluded)
    if missing:
        raise InputError(
            f"no image of type {', '.join(missing)} to exclude; there are {', '.join(taken.kinds)}"
        )
    if not taken.images:
        raise InputError("no anomaly map to evaluate")
    types = [kind for kind in taken.kinds if kind not in (NORMAL, UNNAMED)]
    defects = taken.pool.defects()
    if taken.has_masks:
        require_both(taken.pool.normals, defects)
    resampled = _Resampled.of(taken, defects, limit, replicates, seed) if replicates else None
    taken.pool.normals.sort()
    everything = np.ones(len(taken.images), np.bool_)
    overall = _figures(taken, defects, everything, limit, resampled)
    by_type = {
        kind: _figures(taken, defects, np.array([i.kind == kind for i in taken.images]), limit, resampled)
        for kind in types
    }
    return Evaluation(overall, by_type, taken.size, limit)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stays of an image once its pixels are in the pool."""

    kind: str
    group: str
    peak: float
    auroc: float


@dataclass(slots=True)
class _Taken:
    pool: PixelPool
    images: list[_Seen] = field(default_factory=list)
    sizes: set[tuple[int, ...]] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    has_masks: bool = False

    @property
    def kinds(self) -> list[str]:
        return sorted({image.kind for image in self.images})

    @property
    def anomalous(self) -> NDArray[np.bool_]:
        return np.array([image.kind != NORMAL for image in self.images], np.bool_)

    @property
    def peaks(self) -> NDArray[np.float64]:
        return np.array([image.peak for image in self.images], np.float64)

    @property
    def aurocs(self) -> NDArray[np.float64]:
        """Pixel AUROC within each image; NaN where it has no defect or no normal pixel."""
        return np.array([image.auroc for image in self.images], np.float64)

    @property
    def size(self) -> tuple[int, int] | None:
        if len(self.sizes) != 1:
            return None
        (height, width) = next(iter(self.sizes))
        return height, width


def _take_in(maps: Iterable[ScoredMap], exclude: frozenset[str]) -> _Taken:
    taken: _Taken | None = None
    for scored in maps:
        if taken is None:
            expected = scored.scores.size * len(maps) if isinstance(maps, Sized) else 0
            taken = _Taken(PixelPool(expected))
        if scored.kind in exclude:
            taken.excluded.add(scored.kind)
        else:
            _take_one(taken, scored)
    return taken or _Taken(PixelPool())


def _take_one(taken: _Taken, scored: ScoredMap) -> None:
    auroc = np.nan
    if scored.kind != NORMAL and scored.mask is None:
        validate(scored.name, scored.scores, None)
        taken.pool.skip()
    else:
        normals, defects = taken.pool.add(scored.name, scored.scores, scored.mask)
        normals.sort()
        taken.has_masks |= scored.kind != NORMAL
        if len(normals) and len(defects):
            auroc = mean_worth(*standing(normals, np.sort(defects)), len(normals))
    taken.sizes.add(scored.scores.shape)
    group = scored.group or scored.name
    taken.images.append(_Seen(scored.kind, group, float(scored.scores.max()), auroc))


def _figures(
    taken: _Taken,
    defects: DefectPixels,
    chosen: NDArray[np.bool_],
    limit: float,
    resampled: _Resampled | None,
) -> Figures:
    """Figures of the images set in `chosen` (I,), against the normal pixels and images of all.

    The pool's normal scores are sorted by now.
    """
    normals: Scores = taken.pool.normals
    own = defects.of_images(chosen)
    auroc = aupro = f1 = iou = threshold = None
    if len(own.scores) and len(normals):
        above, at_least = standing(normals, own.scores)
        auroc = mean_worth(above, at_least, len(normals))
        aupro = region_mean(worth(above, at_least, len(normals), limit), own)
        best = best_threshold(own.scores, at_least)
        f1, iou, threshold = best.f1, best.iou, best.threshold
    aurocs = taken.aurocs[chosen]
    known = aurocs[~np.isnan(aurocs)]
    compared = chosen | ~taken.anomalous
    return Figures(
        pixel_auroc=auroc,
        aupro=aupro,
        per_image_auroc=float(known.mean()) if len(known) else None,
        image_auroc=image_auroc(taken.peaks[compared], taken.anomalous[compared]),
        best_f1=f1,
        best_iou=iou,
        best_threshold=threshold,
        images=int(chosen.sum()),
        regions=len(own.region_size),
        intervals={} if resampled is None else resampled.intervals(chosen),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Resampled:
    """Everything that the intervals of any choice of images are read from."""

    taken: _Taken
    worth: PixelWorth
    weights: Weights

    @classmethod
    def of(cls, taken: _Taken, defects: DefectPixels, limit: float, replicates: int, seed: int) -> _Resampled:
        kinds = [image.kind for image in taken.images]
        strata = [[i for i, kind in enumerate(kinds) if kind == wanted] for wanted in sorted(set(kinds))]
        weights = draw(strata, [image.group for image in taken.images], replicates, seed)
        return cls(taken, pixel_worth(bin_pixels(taken.pool, defects, limit), weights, limit), weights)

    def intervals(self, chosen: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
        """Intervals of the figures of the images set in `chosen`; those that are not defined are left out.

        A choice of fewer than two groups has none: drawn again, it is always the same.
        """
        groups = {
            image.group for image, is_chosen in zip(self.taken.images, chosen, strict=True) if is_chosen
        }
        if len(groups) < 2:
            return {}
        own = self.weights * chosen
        auroc, aupro = self.worth.replicates(own)
        anomalous = self.taken.anomalous
        found = {
            "pixel_auroc": auroc,
            "aupro": aupro,
            "per_image_auroc": mean_replicates(self.taken.aurocs, own),
            "image_auroc": image_replicates(self.taken.peaks, self.weights * ~anomalous, own * anomalous),
        }
        return {name: bounds for name, values in found.items() if (bounds := interval(values)) is not None}
