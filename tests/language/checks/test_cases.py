"""Checks of tests in rule files, of words and of what is unused, against brute force on generated files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import product

import pytest

from kistdsl.diagnostics import Source
from kistdsl.language import checked
from kistdsl.language.check import check_text
from kistdsl.language.literals import literal_of

from .case_files import LEVELS, File, Wish
from .generated import (
    RANGES,
    SCHEMA,
    Generator,
    condition_text,
    function_text,
    propositions,
    straight_set,
)


def corners(rule: checked.Rule, values: dict[str, float]) -> tuple[float, float]:
    """Smallest and largest grade with each clause of an unknown property at 0 or at 1, one by one."""
    clauses = list(propositions(rule.condition))
    open_ = [i for i, clause in enumerate(clauses) if clause.column not in values]
    known = {
        i: literal_of(clause, RANGES)(values[clause.column])
        for i, clause in enumerate(clauses)
        if clause.column in values
    }
    grades = []
    for choice in product((0.0, 1.0), repeat=len(open_)):
        memberships = iter(
            [({**known, **dict(zip(open_, choice, strict=True))})[i] for i in range(len(clauses))]
        )
        grades.append(rule.truth_value * _value(rule.condition, memberships))
    return min(grades), max(grades)


def _value(condition: checked.Condition, memberships: Iterator[float]) -> float:
    if isinstance(condition, checked.Proposition):
        return next(memberships)
    if isinstance(condition, checked.Not):
        return 1.0 - _value(condition.operand, memberships)
    values = [_value(operand, memberships) for operand in condition.operands]
    return min(values) if isinstance(condition, checked.And) else max(values)


@pytest.mark.parametrize("block", range(8))
def test_failing_cases(block: int) -> None:
    reported = 0
    for seed in range(block * 40, block * 40 + 40):
        file = File(seed)
        if any(len(list(propositions(rule.condition))) > 10 for rule in file.program.rules):
            continue
        told = file.said("K501")
        reported += len(told)
        elsewhere = file.said("K502") | file.said("K503") | file.said("K504")
        elsewhere |= {label.span.line for d in file.diagnostics if d.code == "K504" for label in d.labels}
        for made in file.wishes:
            bounds = [corners(rule, made.values) for rule in file.program.rules]
            counting = file.counting(made)
            low, high = (max((bounds[i][end] for i in counting), default=0.0) for end in (0, 1))
            fails = not made.holds(low, high) or (made.by is not None and not counting)
            if made.by is not None and made.sign != "<=" and not fails:
                mine = int(made.by[1:])
                fails = any(
                    b[0] > bounds[mine][1] or (b[0] == bounds[mine][1] and i < mine)
                    for i, b in enumerate(bounds)
                    if i != mine
                )
            barred = bool(counting) and all(file.facts[i].barred for i in counting)
            assert made.line not in told or fails, (seed, made)
            assert not fails or made.line in told | elsewhere or barred, (seed, made)
    assert reported > 5


@pytest.mark.parametrize("block", range(8))
def test_cases_that_contradict_each_other(block: int) -> None:
    reported = 0
    for seed in range(block * 40, block * 40 + 40):
        file = File(seed, rules=1)
        told = file.said("K504")
        reported += len(told)
        for i, made in enumerate(file.wishes):
            if made.by is not None:
                continue
            clashes = [
                other
                for other in file.wishes[:i]
                if other.by is None
                and all(made.values[name] == v for name, v in other.values.items() if name in made.values)
                and not _both_possible(made, other)
            ]
            if not any(other.by is not None for other in file.wishes[:i]):
                assert (made.line in told) == bool(clashes), (seed, made)
            assert not clashes or made.line in told, (seed, made)
    assert reported > 5


def _both_possible(a: Wish, b: Wish) -> bool:
    """Whether some grades of two classes satisfy both expectations."""
    steps = sorted(
        {0.0, *LEVELS, *(level - 0.01 for level in LEVELS), *(level + 0.01 for level in LEVELS[:-1])}
    )
    for anomalous, crack in product(steps, repeat=2):
        grade = {"anomalous": max(anomalous, crack), "crack": crack}
        if all(made.holds(grade[made.target], grade[made.target]) for made in (a, b)):
            return True
    return False


def test_impossible_values_and_useless_settings() -> None:
    reported = [0, 0]
    for seed in range(300):
        file = File(seed, rules=1)
        used = {p.column for rule in file.program.rules for p in propositions(rule.condition)}
        impossible, useless = file.said("K503"), {d.message for d in file.diagnostics if d.code == "K505"}
        reported[0] += len(impossible)
        reported[1] += len(useless)
        for made in file.wishes:
            outside = any(not RANGES[name][0] <= v <= RANGES[name][1] for name, v in made.values.items())
            assert (made.line in impossible) == outside, (seed, made)
        declared = {"p", "q"} if seed % 2 else {"p"}
        assert bool(useless) == bool({n for m in file.wishes for n in m.values} - used - declared), seed
    assert reported[0] > 20


WORDS = ("low", "mid", "high", "tiny", "small", "large", "dark", "bright")
RANKS = (
    {"low": 0, "mid": 1, "high": 2},
    {"tiny": 0, "small": 1, "mid": 2, "large": 3},
    {"dark": 1, "bright": 3},
)


def test_terms_out_of_order() -> None:
    reported = 0
    for seed in range(600):
        rng = random.Random(seed)
        names = rng.sample(WORDS, 2)
        sets = [straight_set(rng) for _ in names]
        text = "".join(f"term {n} of p = {function_text(f)}\n" for n, f in zip(names, sets, strict=True))
        text += f"IF p is {names[0]} AND q is high THEN anomalous\nIF p is {names[1]} THEN anomalous\n"
        result = check_text(Source("generated.kr", text), SCHEMA)
        told = any(d.code == "K215" and d.span.line <= 2 for d in result.diagnostics)
        reported += told
        pairs = [
            sorted(zip(names, sets, strict=True), key=lambda pair: ranks.get(pair[0], 0)) for ranks in RANKS
        ]
        wrong = any(
            set(names) <= set(ranks) and _right_of(pair[0][1], pair[1][1])
            for ranks, pair in zip(RANKS, pairs, strict=True)
        )
        assert told == wrong, (seed, text)
    assert reported > 5


def _right_of(a: object, b: object) -> bool:
    difference = [x - y for x, y in zip(_core(a), _core(b), strict=True)]
    return min(difference) >= -1e-9 and max(difference) > 1e-9


def _core(function) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    kinks = [*function.kink_points(), -1e9, 1e9]
    values = {v: function.evaluate(v) for v in kinks}
    best = [v for v in kinks if values[v] == max(values.values())]
    return min(best), max(best)


def test_clauses_written_twice() -> None:
    reported = 0
    for seed in range(400):
        generator = Generator(seed, columns=2, terms=2)
        condition = generator.conjunction()
        clauses = condition.operands if isinstance(condition, checked.And) else (condition,)
        text = "".join(f"term {t.name} = {function_text(t.function)}\n" for t in generator.terms)
        text += f"IF {' AND '.join(condition_text(c) for c in clauses)} THEN anomalous\n"
        result = check_text(Source("generated.kr", text), SCHEMA)
        told = sum(d.code == "K306" for d in result.diagnostics)
        reported += told
        assert told == len(clauses) - len({condition_text(c) for c in clauses}), (seed, text)
    assert reported > 5


def test_what_is_unused() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        terms = [f"t{i}" for i in range(3)]
        lines = [f"term {t} = trapmf({i}, {i}.2, {i}.4, {i}.6)" for i, t in enumerate(terms)]
        lines += ["class crack", "class stain", "property p", "property q scale 10"]
        for i in range(rng.randint(1, 2)):
            clause = f"{rng.choice('pq')} is {rng.choice(terms)}"
            lines.append(f"rule r{i}: IF {clause} THEN {rng.choice(['crack', 'stain', 'anomalous'])}")
        result = check_text(Source("generated.kr", "\n".join(lines) + "\n"), SCHEMA)
        rules = "\n".join(line for line in lines if line.startswith("rule"))
        words = set(re.findall(r"\w+", rules))
        said = {
            code: {d.span.text for d in result.diagnostics if d.code == code}
            for code in ("K217", "K218", "K219")
        }
        assert said["K217"] == set(terms) - words, seed
        assert said["K218"] == {"p", "q"} - words, seed
        assert said["K219"] == {"crack", "stain"} - words, seed
