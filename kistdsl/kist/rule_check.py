"""Rules that fire on normal images as they do on anomalous ones are set aside, without any mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.kist.labelling import ImageLabel, Mask, label_of, without_small_regions

Masks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RuleFiring:
    """How much one rule fires.

    Attributes:
        rule: its name.
        normal_share: of the pixels of held-out normal images, 0..1.
        anomalous_share: of the pixels of the anomalous training images, 0..1.
        normal_images, anomalous_images: images on which it fires.
        anomalous_pixels: pixels of the anomalous images.
        set_aside: whether it takes no part in labelling.
    """

    rule: str
    normal_share: float
    anomalous_share: float
    normal_images: int
    anomalous_images: int
    anomalous_pixels: int
    set_aside: bool

    def reason(self, ratio: float) -> str:
        """Why the rule is set aside, in a sentence."""
        return (
            f"rule {self.rule!r} is set aside: it fires on {self.normal_share:.2%} of the pixels of held-out "
            f"normal images, over {ratio:g} of its share on the anomalous ones ({self.anomalous_share:.2%})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class UsualPlaces:
    """Where each rule fires on normal images again and again: at a fixed edge of the part, say.

    Attributes:
        share: a place is usual for a rule that fires near it on more than this share of the images.
        near: for each rule (N, S, S) bool: within the distance of a pixel that it labels on each of N normal images.
    """

    share: float
    near: Mapping[str, Masks]

    @classmethod
    def of(cls, labels: Sequence[ImageLabel], share: float, distance: int) -> Self:
        """Look at N normal images.

        Args:
            labels: theirs, as if they were anomalous.
            share: see the class.
            distance: near is within so many pixels (square window).
        """
        kernel = np.ones((2 * distance + 1,) * 2, np.uint8)
        near = {
            name: np.stack([cv2.dilate(label.by_rule[name].astype(np.uint8), kernel) for label in labels]) > 0
            for name in (labels[0].by_rule if labels else ())
        }
        return cls(share, near)

    def all(self) -> dict[str, Mask]:
        """For each rule (S, S) bool, from all N images: for any other image."""
        return {name: near.mean(0) > self.share for name, near in self.near.items()}

    def without(self, number: int) -> dict[str, Mask]:
        """From all but one of the N images: for that one, which must not vouch for itself; nowhere if N is 1."""
        return {
            name: (near.sum(0) - near[number]) / max(len(near) - 1, 1) > self.share
            for name, near in self.near.items()
        }


def without_usual_places(label: ImageLabel, usual: Mapping[str, Mask], min_area: int) -> ImageLabel:
    """A label without what each rule finds at the places usual for it; smaller regions than `min_area` go."""
    return label_of({name: kept_part(name, part, usual, min_area) for name, part in label.by_rule.items()})


def kept_part(name: str, part: Mask, usual: Mapping[str, Mask], min_area: int) -> Mask:
    """What rule `name` found, without its usual places; smaller regions than `min_area` go."""
    return without_small_regions(part & ~usual[name], min_area) if name in usual else part


_USUAL = "usual_places/"


def packed_usual(usual: Mapping[str, Mask]) -> dict[str, NDArray[np.uint8]]:
    """The usual places of each rule as they are stored: under a name of their own, eight pixels to a byte."""
    return {_USUAL + name: np.packbits(mask) for name, mask in usual.items()}


def unpacked_usual(stored: Mapping[str, NDArray[np.uint8]], side: int) -> dict[str, Mask]:
    """What `packed_usual` made, out of all that is stored; (side, side) bool for each rule."""
    return {
        name.removeprefix(_USUAL): np.unpackbits(bits, count=side * side).reshape(side, side).astype(np.bool_)
        for name, bits in stored.items()
        if name.startswith(_USUAL)
    }


def check_rules(
    normal: Sequence[ImageLabel], anomalous: Sequence[ImageLabel], ratio: float | None
) -> tuple[RuleFiring, ...]:
    """Count what each rule fires on.

    Args:
        normal: labels of the held-out normal images, as if they were anomalous.
        anomalous: labels of the anomalous images; not empty.
        ratio: a rule is set aside when its share of normal pixels exceeds this many times its share of
            anomalous ones; None: none is.
    """
    return tuple(_firing(name, normal, anomalous, ratio) for name in anomalous[0].by_rule)


def _firing(
    name: str, normal: Sequence[ImageLabel], anomalous: Sequence[ImageLabel], ratio: float | None
) -> RuleFiring:
    of_normal, of_anomalous = _share(name, normal), _share(name, anomalous)
    return RuleFiring(
        rule=name,
        normal_share=of_normal,
        anomalous_share=of_anomalous,
        normal_images=_fired(name, normal),
        anomalous_images=_fired(name, anomalous),
        anomalous_pixels=sum(int(label.by_rule[name].sum()) for label in anomalous),
        set_aside=ratio is not None and of_normal > ratio * of_anomalous,
    )


def _share(name: str, labels: Sequence[ImageLabel]) -> float:
    pixels = sum(label.mask.size for label in labels)
    return sum(int(label.by_rule[name].sum()) for label in labels) / pixels if pixels else 0.0


def _fired(name: str, labels: Sequence[ImageLabel]) -> int:
    return sum(bool(label.by_rule[name].any()) for label in labels)


def kept_mask(label: ImageLabel, firings: Sequence[RuleFiring]) -> Mask:
    """The part of a label that rules still taking part made, (S, S) bool."""
    mask = np.zeros_like(label.mask)
    for firing in firings:
        if not firing.set_aside:
            mask |= label.by_rule[firing.rule]
    return mask
