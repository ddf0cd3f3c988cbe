"""Wrong labels on purpose: what remains of a gain when the labels carry no knowledge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.kist.seed import numpy_generator

Masks = NDArray[np.bool_]


def moved_labels(labels: Masks, seed: int) -> Masks:
    """Each label mirrored and rolled to a random place of its image: same amount, same form, wrong place.

    Args:
        labels: (N, S, S) bool.
        seed: of the run; an image's move stays the same over the iterations.
    """
    moved = np.empty_like(labels)
    for index, label in enumerate(labels):
        rng = numpy_generator(seed, "random labels", index)
        height, width = label.shape
        if rng.integers(2):
            label = label[:, ::-1]
        moved[index] = np.roll(label, (int(rng.integers(height)), int(rng.integers(width))), (0, 1))
    return moved


def swapped_labels(labels: Masks, seed: int) -> Masks:
    """Each image gets the label of another one: (N, S, S) bool, no label stays where it was (N > 1)."""
    order = numpy_generator(seed, "wrong image").permutation(len(labels))
    swapped = np.empty_like(labels)
    swapped[order] = labels[np.roll(order, 1)]
    return swapped
