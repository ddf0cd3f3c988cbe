"""Regions of a mask get the values and grades that the plain reference gives them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.engine.found_regions import judge_regions
from kistdsl.engine.rule_parts import single_rules
from kistdsl.regions import reference
from kistdsl.regions.picture import Picture

RULES = kistdsl.compile(
    "alpha 0.6\nrule dark: IF gray is low THEN anomalous\nrule large: IF area is high OR area is mid THEN anomalous\n"
)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.7))
def test_against_the_reference(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    gray = random.integers(0, 256, (12, 15), np.uint8)
    mask = random.random((12, 15)) < share
    picture = Picture.of(gray, random.random((12, 15)))
    rules = single_rules(RULES)
    expected = []
    for region in reference.regions_above(mask.astype(np.float64), 0.5, picture):
        row = {
            name: float(values[0]) for name, values in reference.measure([region], RULES.properties).items()
        }
        grades = {name: rule.grade_one({p: row[p] for p in rule.properties}) for name, rule in rules.items()}
        best = max(grades, key=lambda name: grades[name])
        expected.append((*region.box, region.pixels, best if grades[best] >= 0.6 else None, grades[best]))
    found = judge_regions(rules, picture, mask)
    assert [(r.top, r.left, r.bottom, r.right, r.pixels, r.rule, r.grade) for r in found] == sorted(
        expected, key=lambda r: r[:2]
    )


def test_without_rules_or_regions() -> None:
    picture = Picture.of(np.zeros((3, 4), np.uint8), np.zeros((3, 4)))
    mask = np.zeros((3, 4), bool)
    assert judge_regions({}, picture, mask) == ()
    mask[1, 2] = True
    (only,) = judge_regions({}, picture, mask)
    assert (only.top, only.left, only.bottom, only.right, only.pixels) == (1, 2, 2, 3, 1)
    assert (only.rule, only.grade) == (None, None)
