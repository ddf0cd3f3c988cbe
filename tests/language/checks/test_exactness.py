"""What `check` says of generated rule files, against brute force: no false alarm and no miss.

Brute force is the definition, evaluated on the full grid of critical points: kinks, the floats beside them,
crossings, midpoints and a dense grid. With straight sets and no hedges, a relation between rules that holds
there holds everywhere (see `test_dominance`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import checked
from kistdsl.language.check import check_text
from kistdsl.language.checks import dead_branch, redundant_clause
from kistdsl.language.codes import ProgramContext
from kistdsl.language.dominance import NOISE
from kistdsl.language.grading import rule_grades
from kistdsl.language.pruning import parts, pruned, siblings, within

from .generated import RANGES, SCHEMA, Generator, all_axes, file_text, truth

Grid = NDArray[np.float64]


class Case:
    """One generated file: what was said of it, and every rule's grades on the grid."""

    def __init__(self, seed: int, rules: int = 4, classes: tuple[str, ...] = ("anomalous",)) -> None:
        self.seed = seed
        generator = Generator(seed, columns=1 + seed % 2, terms=2 + seed % 2)
        self.text = file_text(generator, rules, classes)
        result = check_text(Source("generated.kr", self.text), SCHEMA)
        assert result.program is not None, (seed, result.diagnostics)
        self.diagnostics = result.diagnostics
        self.program = result.program
        self.context = ProgramContext(result.program, result.tree, SCHEMA)
        conditions = [rule.condition for rule in self.program.rules]
        self.axes = all_axes(conditions, generator.columns, dense=17)
        shape = np.broadcast_shapes(*(axis.shape for axis in self.axes.values()))
        self.grades = [
            np.broadcast_to(rule.truth_value * truth(rule.condition, self.axes), shape)
            for rule in self.program.rules
        ]

    def said(self, *codes: str) -> set[int]:
        """Indices of the rules on whose lines one of the codes was reported."""
        lines = {rule.line: i for i, rule in enumerate(self.program.rules)}
        return {lines[d.span.line] for d in self.diagnostics if d.code in codes and d.span.line in lines}

    def grid(self, condition: checked.Condition) -> Grid:
        return truth(condition, self.axes)


def cases(block: int, size: int, **options: object) -> Iterator[Case]:
    for seed in range(block * size, block * size + size):
        yield Case(seed, **options)  # type: ignore[arg-type]


BLOCKS = range(8)


@pytest.mark.parametrize("block", BLOCKS)
def test_rules_that_cannot_fire_and_rules_that_always_do(block: int) -> None:
    for case in cases(block, 40):
        alpha = case.program.alpha
        mute = case.said("K301", "K302", "K303")
        by_term = {
            i
            for i, facts in enumerate(case.context.analysis.rules)
            if any(f"`{facts.rule.name}`" in d.message for d in case.diagnostics if d.code < "K213")
        }
        always = case.said("K304")
        for i, grades in enumerate(case.grades):
            facts = case.context.analysis.rules[i]
            if abs(grades.max() - alpha) > NOISE:
                assert (i in mute | by_term) == (grades.max() < alpha), (case.seed, i)
                assert not (i in mute and i in by_term), (case.seed, i)
            assert facts.barred == (i in mute | by_term), (case.seed, i)
            if abs(grades.min() - alpha) > NOISE:
                assert facts.universal == (grades.min() >= alpha), (case.seed, i)
            assert facts.universal or i not in always, (case.seed, i)


@pytest.mark.parametrize("block", BLOCKS)
def test_redundant_clauses(block: int) -> None:
    reported = 0
    for case in cases(block, 40, rules=3):
        analysis = case.context.analysis
        for i, facts in enumerate(analysis.rules):
            condition = facts.rule.condition
            found = redundant_clause.redundant(analysis, facts)
            reported += len(found.found)
            assert bool(found.found) == (i in case.said("K307")), (case.seed, i)
            if facts.barred:
                continue
            removed = found.silent | {part.path for part in found.found}
            before = case.grid(condition)
            after = case.grid(pruned(condition, removed))
            assert np.abs(before - after).max() <= NOISE, (case.seed, i)
            for part in parts(condition):
                if part.parent is None or within(part.path, removed | found.skipped):
                    continue
                if all(path in removed for path in siblings(part)):
                    continue
                less = case.grid(pruned(condition, {*removed, part.path}))
                assert np.abs(less - after).max() > NOISE, (case.seed, i, part.path)
    assert reported


@pytest.mark.parametrize("block", BLOCKS)
def test_dead_branches(block: int) -> None:
    for case in cases(block, 40, rules=3):
        analysis, alpha = case.context.analysis, case.program.alpha
        for i, facts in enumerate(analysis.rules):
            if facts.barred:
                assert i not in case.said("K308")
                continue
            dead = {part.path for part, _ in dead_branch.dead_branches(analysis, facts)}
            for part in parts(facts.rule.condition):
                if part.parent is None or part.weakest or within(part.path[:-1], dead):
                    continue
                alone = case.grid(pruned(facts.rule.condition, siblings(part))).max() * facts.rule.truth_value
                if abs(alone - alpha) > NOISE:
                    assert (part.path in dead) == (alone < alpha), (case.seed, i, part.path)


@pytest.mark.parametrize("block", BLOCKS)
def test_duplicate_and_subsumed_rules(block: int) -> None:
    reported = 0
    for case in cases(block, 40, rules=6):
        able = [i for i, f in enumerate(case.context.analysis.rules) if not f.barred and not f.universal]
        told = case.said("K401", "K402")
        reported += len(told)
        assert told <= set(able), case.seed
        for i in able:
            above = [j for j in able if j != i and (case.grades[i] - case.grades[j]).max() <= NOISE]
            equal = [j for j in above if (case.grades[j] - case.grades[i]).max() <= NOISE]
            covered = [j for j in above if j not in equal or j < i]
            assert (i in told) == bool(covered), (case.seed, i, above)
    assert reported


@pytest.mark.parametrize("block", BLOCKS)
def test_shadowed_rules_and_unreachable_classes(block: int) -> None:
    reported = 0
    for case in cases(block, 40, rules=5, classes=("anomalous", "crack", "stain")):
        analysis = case.context.analysis
        needless = {c.rule for c in analysis.covered}
        able = [
            i for i, f in enumerate(analysis.rules) if not f.barred and not f.universal and i not in needless
        ]
        told = {s.rule for s in analysis.shadowed}
        reported += len(told)
        for i in able:
            assert i not in told or not _wins(case, i, able, 0.0).any(), (case.seed, i)
            if case.grades[i].max() > case.program.alpha + NOISE:
                # (A rule that only just reaches alpha ties on a set too thin for the grid.)
                assert i in told or _wins(case, i, able, NOISE).any(), (case.seed, i)
        for diagnostic in case.diagnostics:
            if diagnostic.code == "K403":
                _check_class(case, diagnostic, set(able), told)
    assert reported


def _wins(case: Case, i: int, able: list[int], slack: float) -> NDArray[np.bool_]:
    """Where a rule fires and its class is the region's; alpha counts as reached within `slack`."""
    rules = case.program.rules
    wins = case.grades[i] >= case.program.alpha - slack
    for j in able:
        if rules[j].target != rules[i].target:
            lead = case.grades[i] - case.grades[j]
            wins = wins & (lead > NOISE if j < i else lead >= -NOISE)
    return wins


def _check_class(case: Case, diagnostic: Diagnostic, able: set[int], told: set[int]) -> None:
    name = diagnostic.message.split("`")[1]
    mine = {i for i in able if case.program.rules[i].target == name}
    assert mine, case.seed
    assert mine <= told, case.seed


@pytest.mark.parametrize("block", BLOCKS)
def test_rules_that_fire_at_single_values(block: int) -> None:
    reported = 0
    for case in cases(block, 60, rules=4):
        told = case.said("K310")
        reported += len(told)
        for i, rule in enumerate(case.program.rules):
            fires = np.argwhere(case.grades[i] >= case.program.alpha)
            if len(fires) == 0:
                continue
            points = list(_points(case, fires[:: max(1, len(fires) // 100)]))
            roomy = any(_has_room(case, rule, point) for point in points)
            assert i not in told or not roomy, (case.seed, i)
            meant = any(t.function.kind == "rectmf" for t in case.program.terms)
            if not meant and not any(abs(v) < NOISE for point in points for v in point.values()):
                assert i in told or roomy, (case.seed, i)
    assert reported


def _points(case: Case, fires: NDArray[np.int64]) -> Iterator[dict[str, float]]:
    names, axes = list(case.axes), [axis.ravel() for axis in case.axes.values()]
    for index in fires:
        yield {name: float(axis[k]) for name, axis, k in zip(names, axes, index, strict=True)}


def _has_room(case: Case, rule: checked.Rule, point: dict[str, float]) -> bool:
    """Whether every property can move a little, one way at least, and the rule still fires."""

    def fires(values: dict[str, float]) -> bool:
        (found,) = [g for g in rule_grades(case.program, values) if g.rule is rule]
        return found.grade.low >= case.program.alpha

    step = 1e-6
    return all(
        any(
            fires({**point, name: value + move})
            for move in (step, -step)
            if RANGES[name][0] <= value + move <= RANGES[name][1]
        )
        for name, value in point.items()
    )
