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


def test_maps(
    network: nn.Module, method: Method, data: RunData, shop: Workshop, transform: MapMaker
) -> Iterator[ScoredMap]:
    """The maps of all test images."""
    side = shop.settings.metric_size or shop.settings.size
    for index, raw in enumerate(maps_of(network, method, data.test, shop)):
        item = data.test.items[index]
        yield scored(item, transform(data.test, index, raw), data.masks.get(item.name), side)


def judge(
    network: nn.Module,
    method: Method,
    data: RunData,
    shop: Workshop,
    transform: MapMaker,
    decision: Decision,
) -> DecisionFigures | None:
    """What a model's thresholds make of the test set; None where the line has none."""
    if not len(data.test):
        return None
    return decision_figures(test_maps(network, method, data, shop, transform), decision)


def measure(
    network: nn.Module,
    method: Method,
    data: RunData,
    shop: Workshop,
    transform: MapMaker,
    *,
    intervals: bool = False,
    exclude: Collection[str] = (),
) -> Evaluation | None:
    """All figures of a model, or None where the line has no test set.

    Args:
        network, method, data, shop: of the run.
        transform: filter of the map.
        intervals: also bootstrap intervals.
        exclude: defect types that are left out.
    """
    if not len(data.test):
        return None
    return evaluate_maps(
        test_maps(network, method, data, shop, transform),
        exclude=exclude,
        replicates=shop.settings.bootstrap if intervals else 0,
        seed=shop.settings.seed,
    )
