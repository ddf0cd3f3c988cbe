"""Pseudo-labels of the anomalous images (eqs. 9 to 12), and which rule made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.data.images import to_gray
from kistdsl.diagnostics import InputError
from kistdsl.engine.pseudo_labels import PseudoLabeller
from kistdsl.engine.rule_parts import single_rules
from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist.config import Settings
from kistdsl.kist.inference import Map, Statistics
from kistdsl.kist.preparing import Bytes
from kistdsl.regions.maps import RESIDUAL, CandidateMap, map_values
from kistdsl.regions.picture import Picture

Mask = NDArray[np.bool_]

NO_RULES = "every region"
"""What labels under the control `no-rules`."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageLabel:
    """The pseudo-label of one image.

    Attributes:
        mask: (S, S) bool, eq. 12.
        regions: connected regions of the mask.
        by_rule: the part of each rule, (S, S) bool; parts may overlap.
    """

    mask: Mask
    regions: int
    by_rule: Mapping[str, Mask]


def rules_taking_part(rules: RuleSet, settings: Settings) -> dict[str, RuleSet]:
    """Each rule by itself, by name, without those of `left_out_rules`.

    Raises:
        InputError: a name there is no rule's, or no rule is left.
    """
    single = single_rules(rules, settings.alpha)
    unknown = [name for name in settings.left_out_rules if name not in single]
    if unknown:
        raise InputError(f"left_out_rules: no rule {', '.join(unknown)}; the rules are {', '.join(single)}")
    kept = {name: rule for name, rule in single.items() if name not in settings.left_out_rules}
    if not kept:
        raise InputError(
            "left_out_rules: no rule is left" if single else f"{rules.program.name}: no rule in it"
        )
    return kept


def label_of(parts: Mapping[str, Mask]) -> ImageLabel:
    """The label that the parts of all rules (at least one) make together."""
    mask = np.logical_or.reduce(list(parts.values()))
    return ImageLabel(mask, count_regions(mask), parts)


def picture_of(image: Bytes, residual: Map) -> Picture:
    """An (S, S) or (S, S, 3) uint8 image with its residual, as the properties read them."""
    return Picture.of(to_gray(image), residual, image=image if image.ndim == 3 else None)


def candidate_maps(
    settings: Settings, residual: Statistics, normal: Sequence[tuple[Bytes, Map]]
) -> tuple[CandidateMap, ...]:
    """The candidate maps with their thresholds (eq. 9).

    Args:
        settings: which maps, and the step s.
        residual: mean and deviation of the residual over the normal training images.
        normal: normal images with their residuals, for the maps that come from the image itself.
    """
    made = []
    for name in settings.candidate_maps:
        mu, sigma = residual.mu, residual.sigma
        if name != RESIDUAL:
            values = np.stack([map_values(name, picture_of(image, error)) for image, error in normal])
            mu, sigma = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
        made.append(CandidateMap.by_spread(name, mu, sigma, settings.step, settings.threshold_reach))
    return tuple(made)


class Labeller:
    """Labels one image at a time.

    Args:
        rules: the rules that take part, each by itself; None: every region above the thresholds.
        maps: where regions come from.
        settings: smallest region, border.
    """

    def __init__(
        self, rules: Mapping[str, RuleSet] | None, maps: tuple[CandidateMap, ...], settings: Settings
    ) -> None:
        self.maps = maps
        self.settings = settings
        self._rules: dict[str, Callable[[Picture], Mask]] = {NO_RULES: self._every_region}
        if rules is not None:
            self._rules = {
                name: PseudoLabeller(rule, maps, min_area=settings.min_area).mask
                for name, rule in rules.items()
            }

    def __call__(self, image: Bytes, residual: Map) -> ImageLabel:
        """The label of an (S, S) or (S, S, 3) uint8 image with its (S, S) smoothed residual."""
        picture = picture_of(image, residual)
        parts = {name: self._inside(mask(picture)) for name, mask in self._rules.items()}
        return label_of(parts)

    def _every_region(self, picture: Picture) -> Mask:
        mask = np.zeros(picture.shape, np.bool_)
        for candidate in self.maps:
            above = candidate.of(picture) > candidate.thresholds[0]
            mask |= without_small_regions(above, self.settings.min_area)
        return mask

    def _inside(self, mask: Mask) -> Mask:
        margin = self.settings.label_margin
        if margin:
            kept = np.zeros_like(mask)
            kept[margin:-margin, margin:-margin] = mask[margin:-margin, margin:-margin]
            return kept
        return mask


def count_regions(mask: Mask) -> int:
    """8-connected regions of a mask."""
    return int(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]) - 1


def without_small_regions(mask: Mask, min_area: int) -> Mask:
    """The mask without its 8-connected regions of fewer than `min_area` pixels."""
    _, numbers, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = facts[:, cv2.CC_STAT_AREA] >= min_area
    large[0] = False
    return np.asarray(large[numbers], np.bool_)
