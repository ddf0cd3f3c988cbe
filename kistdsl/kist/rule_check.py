"""Rules that fire on normal images as they do on anomalous ones are set aside, without any mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.kist.config import Settings
from kistdsl.kist.labelling import ImageLabel, Mask, label_of, without_small_regions


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
        distance: near is within so many pixels (square window).
        images: how many were looked at.
        counts: for each rule (S, S) int64: on how many it fires near a pixel.
    """

    share: float
    distance: int
    images: int
    counts: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, labels: Sequence[ImageLabel], share: float, distance: int) -> Self:
        """Look at the labels of normal images, made as if they were anomalous; the rest as in the class."""
        counts = {
            name: np.asarray(sum(_near(label.by_rule[name], distance).astype(np.int64) for label in labels))
            for name in (labels[0].by_rule if labels else ())
        }
        return cls(share, distance, len(labels), counts)

    def all(self) -> dict[str, Mask]:
        """For each rule (S, S) bool, from all images: for any other image."""
        return {name: count / self.images > self.share for name, count in self.counts.items()}

    def without(self, label: ImageLabel) -> dict[str, Mask]:
        """From all images but one of them, for that one: it must not vouch for itself; nowhere if it is the only one."""
        others = max(self.images - 1, 1)
        return {
            name: (count - _near(label.by_rule[name], self.distance)) / others > self.share
            for name, count in self.counts.items()
        }


def _near(mask: Mask, distance: int) -> NDArray[np.uint8]:
    """1 within `distance` pixels (square window) of a True pixel, else 0."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * distance + 1,) * 2, np.uint8)))


def without_usual(
    normal: Sequence[ImageLabel], anomalous: Sequence[ImageLabel], settings: Settings
) -> tuple[list[ImageLabel], list[ImageLabel], dict[str, Mask]]:
    """Labels of normal and of anomalous images without what is usual at its place; and where that is, by rule."""
    places = UsualPlaces.of(normal, settings.usual_places, round(settings.scaled(settings.usual_distance)))
    usual, smallest = places.all(), settings.min_area
    of_normal = [without_usual_places(label, places.without(label), smallest) for label in normal]
    return of_normal, [without_usual_places(label, usual, smallest) for label in anomalous], usual


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
