"""Checks of terms against brute force on generated sets."""

from __future__ import annotations

import math
import random

import pytest

from kistdsl.diagnostics import Source
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, propositions
from kistdsl.language.check import check_text
from kistdsl.language.checked import Term
from kistdsl.language.checks.gap import DEEP, gaps
from kistdsl.language.checks.hedge_without_effect import crisp

from .generated import RANGES, SCHEMA, SPAN, critical_points, function_text, straight_set

ALPHA = 0.8


def grid(program: checked.Program, column: str) -> list[float]:
    return critical_points([rule.condition for rule in program.rules], column, dense=65)


@pytest.mark.parametrize("block", range(6))
def test_reach_range_and_hedges(block: int) -> None:
    codes_seen = set()
    for seed in range(block * 60, block * 60 + 60):
        rng = random.Random(seed)
        function = straight_set(rng)
        text = f"term t = {function_text(function)}\nIF q is very t AND p is high THEN anomalous\n"
        text += f"property q scale {rng.choice([0.5, 3.0, 10.0, 60.0])}\n"
        result = check_text(Source("generated.kr", text), SCHEMA)
        assert result.program is not None
        program = result.program
        clause = next(p for p in propositions(program.rules[0].condition) if p.column == "q")
        values = [function.evaluate(v / clause.divisor) for v in grid(program, "q")]
        said = {d.code for d in result.diagnostics}
        codes_seen |= said
        peak = function.supremum()
        assert ("K210" in said) == (peak < 1.0), seed
        assert ("K211" in said) == (max(values) == 0.0 < peak), seed
        assert ("K212" in said) == (0.0 < max(values) < peak - 1e-9), seed
        assert ("K213" in said) == (min(values) == 1.0), seed
        flat = set(values) <= {0.0, 1.0}
        assert crisp(Analysis(program), clause) == flat, seed
        assert ("K309" in said) == (flat and max(values) == 1.0 and min(values) == 0.0), seed
    assert codes_seen >= {"K210", "K211", "K212"}


@pytest.mark.parametrize("block", range(6))
def test_gaps(block: int) -> None:
    seen = 0
    for seed in range(block * 60, block * 60 + 60):
        rng = random.Random(seed)
        terms = [Term(f"t{i}", None, straight_set(rng), SPAN) for i in range(rng.choice([2, 3]))]
        low, high = 0.0, 1.0
        found = list(gaps(terms, low, high, ALPHA))
        seen += bool(found)
        points = sorted(
            {low, high, *(k for t in terms for k in t.function.kink_points() if low <= k <= high)}
            | {low + (high - low) * i / 400 for i in range(401)}
            | {x for gap in found for x in (gap.low, gap.high, gap.deepest.witness)}
        )
        best = {v: max(t.function.evaluate(v) for t in terms) for v in points}
        reached = [v for v in points if best[v] >= ALPHA]
        for gap in found:
            inside = [v for v in points if gap.low < v < gap.high]
            assert all(best[v] < ALPHA for v in inside), seed
            assert best[gap.low] >= ALPHA, seed
            assert best[gap.high] >= ALPHA, seed
            assert math.isclose(best[gap.deepest.witness], gap.deepest.value, abs_tol=1e-9), seed
            assert gap.deepest.value <= min((best[v] for v in inside), default=1.0) + 1e-9, seed
        if reached:
            deep = [v for v in points if reached[0] < v < reached[-1] and best[v] < DEEP]
            assert all(any(gap.low < v < gap.high for gap in found) for v in deep), seed
    assert seen > 2


@pytest.mark.parametrize("block", range(4))
def test_identical_terms(block: int) -> None:
    seen = 0
    for seed in range(block * 60, block * 60 + 60):
        rng = random.Random(seed)
        first = straight_set(rng)
        second = straight_set(rng) if rng.random() < 0.6 else first
        text = (
            f"term a of p = {function_text(first)}\nterm b of p = {function_text(second)}\n"
            "IF p is a AND q is high THEN anomalous\nIF p is b AND r is high THEN anomalous\n"
        )
        result = check_text(Source("generated.kr", text), SCHEMA)
        assert result.program is not None
        said = {d.code for d in result.diagnostics}
        values = [(first.evaluate(v), second.evaluate(v)) for v in grid(result.program, "p")]
        weak = any(max(side) < 1.0 for side in zip(*values, strict=True))
        same = all(abs(x - y) <= 1e-9 for x, y in values)
        seen += same
        assert ("K214" in said) == (same and not weak), seed
    assert seen > 5
    assert RANGES["p"] == (0.0, 1.0)
