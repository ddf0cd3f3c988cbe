"""From an anomaly map to a decision: thresholds that rest on normal images which never trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import exp, floor, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics.evaluation import NORMAL, ScoredMap
from kistdsl.metrics.regions import region_ids

Mask = NDArray[np.bool_]

_SHARES = tuple(float(s) for s in 10.0 ** (-np.arange(1, 51) / 10.0))
"""Shares of normal pixels at which the level is kept: 10 a decade, from 0.79 to 1e-5."""

_LEAST_USUAL = 0.25

_FEWEST_TO_EXTRAPOLATE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """Two thresholds of one map.

    A region is found where the map lies above `pixel` and, somewhere in the region, above `image`: an
    image has a region exactly if it is an alarm.

    Attributes:
        image: an image with any higher value is an alarm.
        pixel: how far a found region reaches; at most `image`.
        rule: where the two come from, for people.
        usual: (G, G) positive, mean about 1: by how much normal images' maps are higher at one place than
            at another (a part's edge). Both thresholds are multiplied by it. None: the same everywhere.
        reach: a found region ends where the map falls below this share of the region's own peak, for the
            filter carries a strong defect's height far beyond its rim. 0: at the pixel threshold alone.
    """

    image: float
    pixel: float
    rule: str
    usual: NDArray[np.float64] | None = None
    reach: float = 0.0

    @classmethod
    def at(cls, value: float, rule: str) -> Decision:
        """Both thresholds at one value."""
        return cls(value, value, rule)

    def relative(self, values: NDArray[Any]) -> NDArray[Any]:
        """An (H, W) map over what is usual at each place: what the thresholds are compared with."""
        if self.usual is None:
            return values
        across = [_interpolation(side, len(self.usual)) for side in values.shape]
        return np.asarray(values / (across[0] @ self.usual @ across[1].T))

    def margin(self, values: NDArray[Any]) -> float:
        """The highest value of an (H, W) map over the alarm's threshold: above 1 it is an alarm."""
        highest = float(self.relative(values).max())
        return highest / self.image if self.image > 0 else float(highest > self.image) * 2

    def mask(self, values: NDArray[Any]) -> Mask:
        """The regions found in a map.

        Args:
            values: (H, W) floating; NaN is below every threshold.

        Returns:
            (H, W) bool: 8-connected regions above `pixel` that rise above `image`, down to `reach` of
            their peaks.

        >>> Decision(image=3.0, pixel=1.0, rule="").mask(np.array([[2.0, 0.0, 2.0, 4.0]])).tolist()
        [[False, False, True, True]]
        """
        values = self.relative(values)
        mask: Mask = np.asarray(values > self.pixel, np.bool_)
        if mask.any() and (self.pixel < self.image or self.reach > 0):
            ids, count = region_ids(mask)
            found = values[mask]
            peaks = np.full(count, -np.inf)
            np.maximum.at(peaks, ids, found)
            mask[mask] = (peaks[ids] > self.image) & (found >= self.reach * peaks[ids])
        return mask


@dataclass(frozen=True, slots=True)
class NormalLevels:
    """What one kind of map (filtered, or raw) reaches on normal images.

    Attributes:
        mu, sigma: mean and deviation over all pixels of the images that trained (eq. 9).
        usual: (G, G) rows, see `Decision.usual`, of the images that trained.
        levels: the value that each of a fixed list of shares of the held-out pixels exceeds, and
        scores: the highest value of each held-out image, ascending, at least one; both over the usual.
    """

    mu: float
    sigma: float
    usual: tuple[tuple[float, ...], ...]
    levels: tuple[float, ...]
    scores: tuple[float, ...]

    @classmethod
    def of(
        cls, mu: float, sigma: float, usual: NDArray[Any], held_out: Iterable[NDArray[Any]]
    ) -> NormalLevels:
        """Look at held-out images.

        Args:
            mu, sigma: of the images that trained.
            usual: (G, G) at least 0: mean map of the images that trained, smooth; it is divided by its mean
                and, so that noise in a corner that is always perfect is no alarm, at least a quarter.
            held_out: their maps, each (H, W), finite; at least one.
        """
        relief = np.maximum(usual / max(float(usual.mean()), 1e-300), _LEAST_USUAL)
        relief = np.array([[float(f"{value:.4g}") for value in row] for row in relief])
        over = Decision(0.0, 0.0, "", relief)
        maps = [np.asarray(over.relative(values), np.float64) for values in held_out]
        pixels = np.concatenate([values.ravel() for values in maps])
        levels = np.quantile(pixels, 1 - np.array(_SHARES))
        scores = sorted(float(values.max()) for values in maps)
        rows = tuple(tuple(row) for row in relief.tolist())
        return cls(mu, sigma, rows, tuple(levels.tolist()), tuple(scores))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> NormalLevels:
        """What `as_json` gave."""
        rows = tuple(tuple(row) for row in stored["usual"])
        return cls(stored["mu"], stored["sigma"], rows, tuple(stored["levels"]), tuple(stored["scores"]))

    def as_json(self) -> dict[str, Any]:
        """For the run folder."""
        return asdict(self)

    def over_usual(self, values: NDArray[Any]) -> NDArray[Any]:
        """An (H, W) map over what is usual at each place, as the thresholds of false alarms read it."""
        return Decision(0.0, 0.0, "", np.array(self.usual)).relative(values)

    def by_sigmas(self, sigmas: float) -> Decision:
        """mu + so many sigma, as in the paper (2 in Fig. 7)."""
        return Decision.at(self.mu + sigmas * self.sigma, f"mu + {sigmas:g} sigma of the normal images")

    def by_false_alarms(self, rate: float, pixels: float, reach: float = 0.0) -> Decision:
        """At chosen rates of false alarms.

        Args:
            rate: share of normal images that may be an alarm, 0 < rate < 1.
            pixels: share of normal pixels above the threshold that bounds a region, 0 < pixels < 1.
            reach: see `Decision.reach`.

        Raises:
            InputError: a share outside its range.
        """
        for name, share in (("of normal images", rate), ("of normal pixels", pixels)):
            if not 0 < share < 1:
                raise InputError(f"{share:g} is no share {name} that may be a false alarm: 0 < share < 1")
        image, counted = self._image_level(rate)
        how = "" if counted else f", extrapolated from {len(self.scores)}"
        rule = f"{100 * rate:g} % of normal images{how}; {100 * pixels:g} % of normal pixels"
        if reach > 0:
            rule += f", down to {100 * reach:g} % of a region's peak"
        return Decision(image, min(image, self._pixel_level(pixels)), rule, np.array(self.usual), reach)

    def _image_level(self, rate: float) -> tuple[float, bool]:
        """The level that a new normal image exceeds with at most this chance, and whether it was counted.

        With n held-out images the k-th highest score is exceeded with a chance of k / (n + 1). A rarer
        event cannot be counted: the logarithm of the scores is then taken for normally distributed, and
        the upper bound of the next one is taken (Student's t, n - 1 degrees), never under the highest.
        """
        count = len(self.scores)
        rank = floor(rate * (count + 1) + 1e-9)
        if rank >= 1:
            return self.scores[count - rank], True
        highest = self.scores[-1]
        if count < _FEWEST_TO_EXTRAPOLATE or self.scores[0] <= 0:
            return highest, False
        logs = [log(score) for score in self.scores]
        mean = sum(logs) / count
        deviation = sqrt(sum((value - mean) ** 2 for value in logs) / (count - 1))
        bound = exp(mean + student_quantile(1 - rate, count - 1) * deviation * sqrt(1 + 1 / count))
        return max(highest, bound), False

    def _pixel_level(self, share: float) -> float:
        """Linear between the kept levels over the logarithm of the share; the ends beyond them."""
        return float(np.interp(-log(share), [-log(s) for s in _SHARES], self.levels))


def _interpolation(side: int, knots: int) -> NDArray[np.float64]:
    """(side, knots): rows that interpolate linearly between the centres of `knots` cells of equal size."""
    at = np.clip((np.arange(side) + 0.5) * knots / side - 0.5, 0, knots - 1)
    return np.asarray(np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(knots))))


def student_quantile(chance: float, degrees: int) -> float:
    """Quantile of Student's t by its expansion around the normal one; within 2 % from 3 degrees, to 0.99.

    >>> round(student_quantile(0.99, 5), 2)  # 3.365 in tables
    3.35
    """
    z = NormalDist().inv_cdf(chance)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


@dataclass(frozen=True, slots=True)
class DecisionFigures:
    """What the decision makes of a test set.

    Attributes:
        image_threshold, pixel_threshold, rule: of the decision.
        normal_images, false_alarms: normal images, and those of them that are an alarm.
        anomalous_images, found: anomalous images, and those of them that are an alarm.
        precision, recall, iou: of the masks against the truth, over the pixels of all images whose truth
            is known; None where no pixel is found, or none true.
        area_ratio: found pixels over true pixels of the anomalous images; None where none is true.
    """

    image_threshold: float
    pixel_threshold: float
    rule: str
    normal_images: int
    false_alarms: int
    anomalous_images: int
    found: int
    precision: float | None
    recall: float | None
    iou: float | None
    area_ratio: float | None

    def as_json(self) -> dict[str, Any]:
        """The object `decision` of `kistdsl evaluate --json`."""
        return asdict(self)


def decision_figures(maps: Iterable[ScoredMap], decision: Decision) -> DecisionFigures:
    """Judge the masks of a test set; see `DecisionFigures`."""
    images, alarms = {True: 0, False: 0}, {True: 0, False: 0}
    found = true = both = on_defects = 0
    for item in maps:
        normal = item.kind == NORMAL
        mask = decision.mask(item.scores)
        images[normal] += 1
        alarms[normal] += bool(mask.any())
        if not normal and item.mask is None:
            continue  # where its defect lies is not known
        found += int(mask.sum())
        if item.mask is not None:
            true += int(item.mask.sum())
            both += int((mask & item.mask).sum())
            on_defects += 0 if normal else int(mask.sum())
    return DecisionFigures(
        decision.image,
        decision.pixel,
        decision.rule,
        images[True],
        alarms[True],
        images[False],
        alarms[False],
        _ratio(both, found),
        _ratio(both, true),
        _ratio(both, found + true - both) if true else None,
        _ratio(on_defects, true),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
