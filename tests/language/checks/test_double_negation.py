"""K305, two negations in a row, against a count of the negations as they were put down."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import checked
from kistdsl.language.check import Checked, check_text
from kistdsl.language.dominance import NOISE

from .generated import COLUMNS, SCHEMA, all_axes, truth

TERMS = "term a = trapmf(0.1, 0.3, 0.5, 0.9)\nterm b = trimf(0.2, 0.6, 0.7)\n"


@dataclass(frozen=True)
class Written:
    """A condition as text, how many negations it begins with, and how many runs of two or more it holds.

    A run that the condition begins with is not counted yet: one more NOT may make it longer.
    """

    text: str
    negations: int = 0
    runs: int = 0

    @property
    def closed(self) -> int:
        return self.runs + (self.negations > 1)


def written(rng: random.Random, depth: int) -> Written:
    kind = rng.choice(["clause", "not", "not", "join"]) if depth else "clause"
    if kind == "clause":
        negated = rng.random() < 0.4
        hedge = rng.choice(["", "very "])
        return Written(
            f"{rng.choice('pq')} is {'NOT ' if negated else ''}{hedge}{rng.choice('ab')}", int(negated)
        )
    if kind == "not":
        inner = written(rng, depth - 1)
        brackets = inner.text.startswith("(") or rng.random() < 0.3 or " AND " in inner.text
        text = f"({inner.text})" if brackets or " OR " in inner.text else inner.text
        return Written(f"{rng.choice(['NOT', 'not'])} {text}", inner.negations + 1, inner.runs)
    parts = [written(rng, depth - 1) for _ in range(2)]
    sign = rng.choice([" AND ", " OR "])
    return Written(sign.join(f"({part.text})" for part in parts), 0, sum(part.closed for part in parts))


def checked_condition(condition: str) -> tuple[Checked, list[Diagnostic]]:
    result = check_text(Source("generated.kr", f"{TERMS}IF {condition} THEN anomalous\n"), SCHEMA)
    return result, [d for d in result.diagnostics if d.code == "K305"]


def the_rule(result: Checked) -> checked.Rule:
    assert result.program is not None
    (rule,) = result.program.rules
    return rule


@pytest.mark.parametrize("block", range(4))
def test_every_run_of_negations_is_told_once(block: int) -> None:
    reported = 0
    for seed in range(block * 500, block * 500 + 500):
        made = written(random.Random(seed), 4)
        told = checked_condition(made.text)[1]
        reported += len(told)
        assert len(told) == made.closed, (seed, made)
        assert len({d.span.start for d in told}) == len(told), (seed, made)
    assert reported > 300


def test_a_fix_takes_one_run_away_and_leaves_the_meaning() -> None:
    fixed = 0
    for seed in range(4000, 4120):
        rng = random.Random(seed)
        condition = written(rng, 4).text
        result, told = checked_condition(condition)
        meant = the_rule(result).condition
        axes = all_axes([meant], COLUMNS[:2], dense=9)
        while told:
            fix, before = rng.choice(told).fix, result.tree.span.source.text
            assert fix is not None
            text = before[: fix.span.start] + fix.text + before[fix.span.end :]
            condition = text[text.index("IF ") + 3 : text.index(" THEN")]
            left = len(told) - 1
            result, told = checked_condition(condition)
            assert len(told) == left, (seed, condition)
            got, want = truth(the_rule(result).condition, axes), truth(meant, axes)
            np.testing.assert_allclose(got, want, rtol=0, atol=NOISE)
            fixed += 1
    assert fixed > 50
