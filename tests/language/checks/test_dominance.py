"""`never_above` against brute force: no false answer in either direction."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from kistdsl.language import checked
from kistdsl.language.dominance import NOISE, never_above
from kistdsl.language.literals import NotProvedError, form_of, literal_of

from .generated import (
    RANGES,
    Generator,
    all_axes,
    critical_points,
    propositions,
    table,
    truth,
)


def levelled_points(conditions: list[checked.Condition], scales: list[float], column: str) -> list[float]:
    """Critical points, and where each literal takes each level that any literal has at such a point.

    Between neighbouring levels nothing changes its order, so that with straight sets a violation that
    exists anywhere exists at one of these points, or half-way between two levels.
    """
    points = critical_points(conditions, column, dense=9)
    every = [literal_of(p, RANGES, n) for c in conditions for p in propositions(c) for n in (0, 1)]
    own = [literal for literal in every if literal.column == column]
    levels = sorted(
        {
            round(min(1.0, literal(v) * a / b), 12)
            for literal in every
            for v in critical_points(conditions, literal.column, dense=3)
            for a in scales
            for b in scales
        }
    )
    levels = sorted({*levels, *((a + b) / 2 for a, b in pairwise(levels))})
    if len(levels) > 40:
        levels = random.Random(0).sample(levels, 40)
    found = set(points)
    for literal in own:
        for a, b in pairwise(points):
            x, y = literal(a), literal(b)
            found.update(a + (b - a) * (t - x) / (y - x) for t in levels if min(x, y) < t < max(x, y))
    return sorted(v for v in found if points[0] <= v <= points[-1])


def excess(a: checked.Rule, b: checked.Rule, columns: tuple[checked.Column, ...]) -> float:
    """Largest difference of the two grades that brute force finds."""
    conditions = [a.condition, b.condition]
    scales = [a.truth_value, b.truth_value]
    axes = table({c.name: levelled_points(conditions, scales, c.name) for c in columns})
    difference = a.truth_value * truth(a.condition, axes) - b.truth_value * truth(b.condition, axes)
    return float(np.max(difference))


@pytest.mark.parametrize("block", range(10))
def test_straight_sets_exactly(block: int) -> None:
    holds = 0
    for seed in range(block * 60, block * 60 + 60):
        generator = Generator(seed, columns=1 + seed % 2, terms=2 + seed % 2)
        a, b = generator.rule("a"), generator.rule("b")
        upper = form_of(a.condition, RANGES, a.truth_value)
        lower = form_of(b.condition, RANGES, b.truth_value)
        answer = never_above(upper, lower)
        assert answer == (excess(a, b, generator.columns) <= NOISE), seed
        holds += answer
    assert 5 < holds < 55  # both answers occur


@pytest.mark.parametrize("block", range(10))
def test_hedges_and_curves_never_claim_too_much(block: int) -> None:
    answers = []
    for seed in range(block * 60, block * 60 + 60):
        generator = Generator(seed, columns=1 + seed % 2, terms=2, hedges=True, curved=seed % 3 == 0)
        a, b = generator.rule("a"), generator.rule("b")
        upper = form_of(a.condition, RANGES, a.truth_value)
        lower = form_of(b.condition, RANGES, b.truth_value)
        try:
            answer = never_above(upper, lower)
        except NotProvedError:
            answers.append(None)
            continue
        answers.append(answer)
        axes = all_axes([a.condition, b.condition], generator.columns, dense=129)
        difference = a.truth_value * truth(a.condition, axes) - b.truth_value * truth(b.condition, axes)
        if answer:
            assert difference.max() <= NOISE, seed
        if difference.max() > NOISE:
            assert answer is False, seed
    assert answers.count(None) < 30
    assert True in answers
    assert False in answers
