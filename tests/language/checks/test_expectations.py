"""K502, expectations that no region can meet, against brute force on generated files."""

from __future__ import annotations

import numpy as np
import pytest

from kistdsl.language import literals
from kistdsl.language.checks.unreachable_expectation import floor
from kistdsl.language.dominance import NOISE

from .case_files import File, Wish


def best_chance(file: File, made: Wish) -> float:
    """The grade that suits an expectation most: the highest on the grid, or the lowest where it must be low."""
    counting = file.counting(made)
    if not counting:
        return 0.0
    return float((np.max if made.sign in ("", ">=") else np.min)(file.region(counting)))


def barred(file: File, made: Wish) -> bool:
    """Whether it is said of each rule that counts that it cannot fire."""
    counting = file.counting(made)
    return bool(counting) and all(file.facts[i].barred for i in counting)


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("rules", [2, 3])
def test_no_false_alarm_and_no_miss(block: int, rules: int) -> None:
    reported = {"": 0, "not": 0, ">=": 0, "<=": 0}
    for seed in range(block * 40, block * 40 + 40):
        file = File(seed, rules=rules, wishes=12)
        told = file.said("K502")
        for made in file.wishes:
            if barred(file, made):
                assert made.line not in told, (seed, made)
                continue
            grade = best_chance(file, made)
            met = made.holds(grade, grade)
            reported[made.sign] += made.line in told
            assert made.line not in told or not met, (seed, made)
            if abs(grade - (0.8 if made.sign in ("", "not") else made.level)) > NOISE:
                assert met or made.line in told, (seed, made)
    assert all(reported.values()), reported


def test_the_lowest_grade_of_several_rules() -> None:
    several = 0
    for seed in range(1000, 1080):
        file = File(seed, rules=4)
        cases = file.program.tests[0].cases
        for made, case in zip(file.wishes, cases, strict=True):
            counting = file.counting(made)
            if not counting:
                continue
            grid, found = file.region(counting), floor(file.context, case.expectation)
            several += found > max(float(np.min(file.grades(i))) for i in counting) + NOISE
            assert found == pytest.approx(float(grid.min()), abs=NOISE), (seed, made)
    assert several > 10


@pytest.mark.parametrize("norms", ["product", "lukasiewicz"])
def test_other_norms_are_never_guessed_at(norms: str) -> None:
    reported = 0
    for seed in range(150):
        file = File(seed, norms=norms)
        told = file.said("K502")
        reported += len(told)
        for made in file.wishes:
            grade = best_chance(file, made)
            assert made.line not in told or not made.holds(grade, grade), (seed, made)
            # Nothing is proved of a lowest grade here: a region may be lower than any grid shows.
            assert made.line not in told or made.sign in ("", ">=") or not file.counting(made), (seed, made)
    assert reported > 20


def test_what_costs_too_much_is_never_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "SIZE", 2)
    reported = unproved = 0
    for seed in range(150):
        file = File(seed)
        told = file.said("K502")
        reported += len(told)
        for made in file.wishes:
            grade = best_chance(file, made)
            met = made.holds(grade, grade)
            assert made.line not in told or not met, (seed, made)
            unproved += not met and made.line not in told and not barred(file, made)
    assert reported > 20
    assert unproved
