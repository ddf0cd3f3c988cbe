"""Which rules gave each pixel of the pseudo-labels: a bit for each rule, eight rules to a byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kistdsl.kist.labelling import ImageLabel
from kistdsl.kist.rule_check import RuleFiring

Parts = NDArray[np.uint8]
"""(N, S, S, ceil(R / 8)) uint8: along the last axis a bit for each of R rules, as `numpy.packbits` lays them."""


def packed_parts(labels: Sequence[ImageLabel], firings: Sequence[RuleFiring]) -> Parts:
    """The parts of all rules in the order of `firings`; rules that are set aside have none.

    Args:
        labels: N images, at least one.
        firings: R rules.
    """
    return np.stack([_packed(label, firings) for label in labels])


def _packed(label: ImageLabel, firings: Sequence[RuleFiring]) -> Parts:
    masks = [label.by_rule[firing.rule] & (not firing.set_aside) for firing in firings]
    return np.packbits(np.stack(masks, axis=-1), axis=-1)


def joined(before: Parts | None, new: Parts | None) -> Parts | None:
    """Parts of either; unknown where one of them is."""
    return None if before is None or new is None else before | new
