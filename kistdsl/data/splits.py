"""Which images belong together, and the seeded split at 20 normal images to 1 anomalous one."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

NORMAL_PER_ANOMALOUS = 20
"""Normal training images for each weakly labelled anomalous one, as in the paper's experiments."""

TRAIN_SHARE = 0.85
"""Share of the normal images that trains, where the data comes without a split of its own."""

LONGEST_GAP = 120
"""Most frames between two exposures of one magnetic tile (92 is the largest seen, the next tile follows
at 131 at the earliest)."""

_EXPOSURE = re.compile(r"exp(\d+)_num_(\d+)$")

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Exposure:
    """One photograph of a magnetic tile: the frame's number in the recording, and the exposure step."""

    number: int
    step: int
    key: str


def exposure(stem: str, key: str) -> Exposure | None:
    """`exp3_num_4711` as step 3, number 4711; None for any other name."""
    match = _EXPOSURE.match(stem)
    return Exposure(int(match[2]), int(match[1]), key) if match else None


def tiles(exposures: Sequence[Exposure]) -> list[list[Exposure]]:
    """Photographs of one recording and class, by tile.

    A tile was taken at rising exposures in a row, so it goes on as long as the step rises and the frame
    numbers lie near each other.
    """
    groups: list[list[Exposure]] = []
    for shot in sorted(exposures):
        if groups and _continues(groups[-1][-1], shot):
            groups[-1].append(shot)
        else:
            groups.append([shot])
    return groups


def _continues(last: Exposure, shot: Exposure) -> bool:
    return shot.step > last.step and shot.number - last.number <= LONGEST_GAP


def joined(groups: Sequence[list[Exposure]]) -> list[list[Exposure]]:
    """Tiles of several classes; those that together are one tile (labelled by the defect seen at each
    exposure) are joined, so that no split puts them on two sides."""
    result: list[list[Exposure]] = []
    for group in sorted(groups, key=lambda shots: shots[0]):
        together = sorted([*result[-1], *group]) if result else group
        if result and all(_continues(a, b) for a, b in pairwise(together)):
            result[-1] = together
        else:
            result.append(list(group))
    return result


@dataclass(frozen=True, slots=True)
class Split:
    """Which keys train as normal, which train as weakly labelled; all others are the test set."""

    train_good: frozenset[str]
    train_anomalous: frozenset[str]


def split(groups: Sequence[Sequence[str]], anomalous: frozenset[str], seed: int) -> Split:
    """Divide whole groups between training and test.

    Args:
        groups: keys of images; the images of one group stay on one side.
        anomalous: keys of the anomalous images.
        seed: the same seed gives the same split, whatever the order of `groups`.

    Returns:
        About `TRAIN_SHARE` of the normal images, and one anomalous image for each 20 of them.
    """
    rng = np.random.default_rng(seed)
    ordered = sorted(sorted(group) for group in groups)
    good = [group for group in ordered if not anomalous.intersection(group)]
    mixed = [group for group in ordered if anomalous.intersection(group)]
    wanted = round(TRAIN_SHARE * sum(len(group) for group in good))
    train_good = {key for group in _take(_shuffled(good, rng), wanted) for key in group}
    chosen = choose_anomalous(mixed, anomalous, len(train_good), rng)
    train_good.update(key for group in chosen for key in group if key not in anomalous)
    weak = frozenset(key for group in chosen for key in group if key in anomalous)
    return Split(frozenset(train_good), weak)


def choose_anomalous(
    groups: Sequence[Sequence[str]], anomalous: frozenset[str], normal: int, rng: np.random.Generator
) -> list[Sequence[str]]:
    """Groups whose anomalous images are one for each 20 of `normal`, at least one where there is any.

    Never all of them while there are two groups or more: something must be left to test on.
    """
    wanted = max(round(normal / NORMAL_PER_ANOMALOUS), 1)
    shuffled = _shuffled(groups, rng)
    counts = [len(anomalous.intersection(group)) for group in shuffled]
    chosen: list[Sequence[str]] = []
    taken = 0
    for group, count in zip(shuffled, counts, strict=True):
        if len(chosen) < max(len(shuffled) - 1, 1) and (taken + count <= wanted or not chosen):
            chosen.append(group)
            taken += count
    return chosen


def _shuffled(groups: Sequence[Sequence[str]], rng: np.random.Generator) -> list[Sequence[str]]:
    return [groups[i] for i in rng.permutation(len(groups))]


def _take(groups: Sequence[Sequence[str]], wanted: int) -> list[Sequence[str]]:
    """Whole groups from the front, as long as their images number `wanted` at most (one group at least)."""
    taken: list[Sequence[str]] = []
    total = 0
    for group in groups:
        if taken and total + len(group) > wanted:
            continue
        taken.append(group)
        total += len(group)
    return taken
