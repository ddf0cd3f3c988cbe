"""A model measured on a test set."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray
from torch import nn

from kistdsl.data.layouts import Item
from kistdsl.kist.inference import Map, MapMaker, maps_of
from kistdsl.kist.methods import Method
from kistdsl.kist.preparing import scale_to
from kistdsl.kist.product_data import RunData
from kistdsl.kist.training import Workshop
from kistdsl.metrics import (
    Decision,
    DecisionFigures,
    Evaluation,
    ScoredMap,
    decision_figures,
    evaluate_maps,
)


def scored(item: Item, values: Map, mask: NDArray[np.bool_] | None, side: int) -> ScoredMap:
    """One test image's map at the metric's size, with its mask of that size."""
    return ScoredMap(item.name, scale_to(values, (side, side)), mask, item.defect, item.group)


class RawMaps:
    """The unfiltered maps of one model, made once for all that is measured of it on the test set.

    Args:
        network, method, data, shop: of the run; `data` has test images.
    """

    def __init__(self, network: nn.Module, method: Method, data: RunData, shop: Workshop) -> None:
        self._data, self._settings = data, shop.settings
        self._raw = list(maps_of(network, method, data.test, shop))

    def figures(
        self, transform: MapMaker, *, intervals: bool = False, exclude: Collection[str] = ()
    ) -> Evaluation:
        """All figures of the model.

        Args:
            transform: filter of the map.
            intervals: also bootstrap intervals.
            exclude: defect types that are left out.
        """
        return evaluate_maps(
            self._scored(transform),
            exclude=exclude,
            replicates=self._settings.bootstrap if intervals else 0,
            seed=self._settings.seed,
        )

    def judged(self, transform: MapMaker, decision: Decision) -> DecisionFigures:
        """What the model's thresholds make of the test set."""
        return decision_figures(self._scored(transform), decision)

    def _scored(self, transform: MapMaker) -> Iterator[ScoredMap]:
        test, masks = self._data.test, self._data.masks
        side = self._settings.metric_size or self._settings.size
        for index, raw in enumerate(self._raw):
            item = test.items[index]
            yield scored(item, transform(test, index, raw), masks.get(item.name), side)
