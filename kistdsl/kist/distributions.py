"""How the properties that rules read are distributed over candidate regions, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.engine.pseudo_labels import PseudoLabeller
from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist.inference import Map, label_map, maps_of, statistics_of
from kistdsl.kist.labelling import candidate_maps, picture_of
from kistdsl.kist.product_data import RunData
from kistdsl.kist.stacks import Stack
from kistdsl.kist.stages import LabelSource
from kistdsl.kist.training import Workshop

_BINS = 60
_TAIL = 0.005  # what lies outside these quantiles counts in the first and the last bin

Values = NDArray[np.float64]


def distributions(
    rules: RuleSet, data: RunData, source: LabelSource, shop: Workshop
) -> dict[str, NDArray[Any]]:
    """`properties.npz`, see `kistdsl.kist.run_folder`: regions above the thresholds of the residual that gave the labels.

    Args:
        rules: of the product line.
        data: held-out normal images and anomalous ones are looked at.
        source: of the last labels.
        shop: of the run.
    """
    settings, smooth = shop.settings, label_map(shop.settings)
    network, method = source.network, source.method
    statistics = statistics_of(network, method, data.fit, shop, smooth)

    def maps(stack: Stack) -> list[Map]:
        return [smooth(stack, i, raw) for i, raw in enumerate(maps_of(network, method, stack, shop))]

    residuals = {"normal": maps(data.held_out), "anomalous": maps(data.anomalous)}
    normal = [(data.held_out.bytes_of(i), e) for i, e in enumerate(residuals["normal"])]
    labeller = PseudoLabeller(rules, candidate_maps(settings, statistics, normal), min_area=settings.min_area)
    measured = {
        "normal": _measured(labeller, data.held_out, residuals["normal"]),
        "anomalous": _measured(labeller, data.anomalous, residuals["anomalous"]),
    }
    edges = [_edges(np.concatenate([m[name] for m in measured.values()])) for name in rules.properties]
    counts = {
        kind: np.array([_counts(m[name], own) for name, own in zip(rules.properties, edges, strict=True)])
        for kind, m in measured.items()
    }
    return {"names": np.array(rules.properties), "edges": np.array(edges), **counts}


def _measured(labeller: PseudoLabeller, stack: Stack, residuals: Sequence[Map]) -> dict[str, Values]:
    """Values of the properties over the regions of all images; one row a region and threshold."""
    rows = [labeller.regions(picture_of(stack.bytes_of(i), error), ()) for i, error in enumerate(residuals)]
    return {
        name: np.concatenate([np.asarray(row[name], np.float64) for row in rows])
        for name in labeller.rules.properties
    }


def _edges(values: Values) -> Values:
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, (_TAIL, 1 - _TAIL)) if known.size else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)


def _counts(values: Values, edges: Values) -> NDArray[np.int64]:
    known = values[np.isfinite(values)]
    return np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0]
