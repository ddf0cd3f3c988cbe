"""Regions of a mask that was made by other means, judged by rules: which rule each of them fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.engine.rule_set import RuleSet
from kistdsl.language.user_properties import user_properties
from kistdsl.regions.layers import Layer, layers
from kistdsl.regions.measure import ORDER
from kistdsl.regions.picture import Picture
from kistdsl.regions.table import own_column
from kistdsl.regions.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FoundRegion:
    """An 8-connected region of a mask.

    Attributes:
        top, left, bottom, right: rows top..bottom-1 and columns left..right-1.
        pixels: in it.
        rule: the rule that gives it the highest grade, if that reaches alpha; else None.
        grade: that grade, or the highest of all; None without rules.
    """

    top: int
    left: int
    bottom: int
    right: int
    pixels: int
    rule: str | None
    grade: float | None


def judge_regions(
    rules: Mapping[str, RuleSet], picture: Picture, mask: NDArray[np.bool_]
) -> tuple[FoundRegion, ...]:
    """Regions of `mask` in raster order of their first pixel, with the rule that fits each best.

    Args:
        rules: each rule by itself, by name (see `kistdsl.engine.rule_parts.single_rules`); may be empty.
        picture: what the properties are measured on.
        mask: (H, W) bool, of the picture's size.

    Raises:
        InputError: a user's own property fails.
    """
    own = user_properties()
    names = list(dict.fromkeys(name for rule in rules.values() for name in rule.properties))
    built_in = [name for name in names if name in ORDER]
    workspace = Workspace(frozenset(built_in))
    field = mask.astype(np.float32)
    layer = next(layers(workspace, field, np.array([0.5]), picture, built_in), None)
    if layer is None:
        return ()
    every = np.arange(len(layer.boxes))
    columns = {
        name: layer.columns[name] if name in layer.columns else own_column(layer, every, picture, own[name])
        for name in names
    }
    found = _named(layer, rules, columns)
    return tuple(sorted(found, key=lambda region: (region.top, region.left)))


def _named(
    layer: Layer, rules: Mapping[str, RuleSet], columns: Mapping[str, NDArray[np.float64]]
) -> list[FoundRegion]:
    """Each region with the rule of the highest grade."""
    boxes = [tuple(int(value) for value in box) for box in layer.boxes]
    if not rules:
        return [_region(box, None, None) for box in boxes]
    names = list(rules)
    grades = np.stack(
        [rule.grade({name: columns[name] for name in rule.properties}) for rule in rules.values()]
    )
    best = grades.argmax(0)
    found = []
    for i, box in enumerate(boxes):
        name, grade = names[best[i]], float(grades[best[i], i])
        fits = grade >= rules[name].alpha
        found.append(_region(box, name if fits else None, grade))
    return found


def _region(box: tuple[int, ...], rule: str | None, grade: float | None) -> FoundRegion:
    pixels, top, left, bottom, right = box[:5]
    return FoundRegion(top, left, bottom, right, pixels, rule, grade)
