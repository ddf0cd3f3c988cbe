"""Rivals without any network: hand-made maps of the image, measured like the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kistdsl.data.images import to_gray
from kistdsl.data.layouts import Line
from kistdsl.kist.config import Settings
from kistdsl.kist.inference import Map, filtered
from kistdsl.kist.labelling import picture_of
from kistdsl.kist.measuring import scored
from kistdsl.kist.preparing import load_masks, prepare
from kistdsl.metrics import Evaluation, ScoredMap, evaluate_maps
from kistdsl.regions.maps import map_values

PLAIN = "darkness"
"""The hand-made map that every claim must beat."""


def plain_map(path: Path, settings: Settings, name: str, *, use_filter: bool) -> Map:
    """The map `name` (see `kistdsl.regions.maps`) of one image at the model's size, (S, S) float32."""
    color = name.startswith("colour")
    image = prepare(path, settings, 3 if color else 1)
    none = np.zeros(image.shape[:2], np.float32)
    values = np.asarray(map_values(name, picture_of(image, none)), np.float32)
    return filtered(settings, to_gray(image), values) if use_filter else values


def measure_plain_map(
    line: Line, settings: Settings, name: str, *, use_filter: bool, exclude: Collection[str] = ()
) -> Evaluation:
    """Figures of a hand-made map on the test set of a line."""
    side = settings.metric_size or settings.size
    masks = load_masks(line.test, side)

    def maps() -> Iterator[ScoredMap]:
        for item in line.test:
            values = plain_map(item.path, settings, name, use_filter=use_filter)
            yield scored(item, values, masks.get(item.name), side)

    return evaluate_maps(maps(), exclude=exclude, replicates=0)


def plain_metrics(line: Line, settings: Settings, name: str) -> dict[str, Any]:
    """The same object as the metrics.json of a run, with one model."""
    left_out = {item.defect for item in line.test} & set(settings.exclude)
    found = {
        "figures": measure_plain_map(line, settings, name, use_filter=True),
        "raw": measure_plain_map(line, settings, name, use_filter=False),
    }
    if left_out:
        found["without"] = measure_plain_map(line, settings, name, use_filter=True, exclude=left_out)
        found["raw_without"] = measure_plain_map(line, settings, name, use_filter=False, exclude=left_out)
    model = {"name": "map", "title": f"no network: {name}", "seconds": 0.0, "steps": 0}
    return {
        "size": settings.metric_size or settings.size,
        "exclude": list(settings.exclude),
        "models": [model | {key: value.as_json() for key, value in found.items()}],
    }
