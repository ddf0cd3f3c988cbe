"""Generated rule files with tests in them, and what is said of each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kistdsl.diagnostics import Source
from kistdsl.language import checked
from kistdsl.language.check import check_text
from kistdsl.language.codes import ProgramContext

from .generated import RANGES, SCHEMA, Generator, all_axes, file_text, truth

LEVELS = (0.3, 0.5, 0.8, 0.9, 1.0)
CLASSES = ("anomalous", "crack")


@dataclass(frozen=True)
class Wish:
    """One generated case: what it lists, and what it expects of which rules."""

    values: dict[str, float]
    target: str
    sign: str  # "", "not", ">=" or "<="
    level: float
    by: str | None
    line: int = 0

    @property
    def text(self) -> str:
        listed = ", ".join(f"{name} = {value!r}" for name, value in self.values.items())
        head = f"not {self.target}" if self.sign == "not" else self.target
        tail = f" {self.sign} {self.level!r}" if self.sign in (">=", "<=") else ""
        return f"{listed} => {head}{tail}" + (f" by {self.by}" if self.by else "")

    def counts(self, rule: checked.Rule) -> bool:
        return self.target in ("anomalous", rule.target) and self.by in (None, rule.name)

    def holds(self, low: float, high: float) -> bool:
        """For a grade anywhere from `low` to `high`."""
        if self.sign == "not":
            return high < 0.8
        if self.sign == "<=":
            return high <= self.level
        return low >= (self.level if self.sign == ">=" else 0.8)


def wish(rng: random.Random, columns: list[str], rules: int) -> Wish:
    listed = rng.sample(columns, rng.randint(1, len(columns)))
    values = {name: round(RANGES[name][1] * rng.choice([0.0, 0.1, 0.3, 0.5, 0.9, 1.0]), 3) for name in listed}
    if rng.random() < 0.05:
        values[listed[0]] = -1.0
    sign = rng.choice(["", "not", ">=", "<="])
    by = f"r{rng.randrange(rules)}" if rng.random() < 0.2 and sign != "not" else None
    return Wish(values, rng.choice(CLASSES), sign, rng.choice(LEVELS), by)


class File:
    """A generated file with tests: what was said of it, line by line."""

    def __init__(self, seed: int, rules: int = 3, wishes: int = 6, norms: str = "zadeh") -> None:
        self.seed, rng = seed, random.Random(seed)
        generator = Generator(seed, columns=1 + seed % 2, terms=3)
        text = f'norms {norms}\n{file_text(generator, rules, CLASSES)}test "generated":\n'
        columns = [column.name for column in generator.columns]
        self.wishes = []
        for _ in range(wishes):
            made = wish(rng, columns, rules)
            text += f"  {made.text}\n"
            self.wishes.append(Wish(**{**_fields(made), "line": text.count("\n")}))
        result = check_text(Source("generated.kr", text), SCHEMA)
        assert result.program is not None, (seed, result.diagnostics)
        self.program, self.diagnostics = result.program, result.diagnostics
        self.context = ProgramContext(result.program, result.tree, SCHEMA)
        self.facts = self.context.analysis.rules
        conditions = [rule.condition for rule in self.program.rules]
        scales = sorted({rule.truth_value for rule in self.program.rules})
        self.axes = all_axes(conditions, generator.columns, dense=17, scales=scales)

    def said(self, code: str) -> set[int]:
        return {d.span.line for d in self.diagnostics if d.code == code}

    def counting(self, made: Wish) -> list[int]:
        return [i for i, rule in enumerate(self.program.rules) if made.counts(rule)]

    def grades(self, i: int) -> np.ndarray:
        rule = self.program.rules[i]
        return rule.truth_value * truth(rule.condition, self.axes, self.program.norms)

    def region(self, counting: Sequence[int]) -> np.ndarray:
        """The best grade of some rules on the grid."""
        return np.max(np.broadcast_arrays(*(self.grades(i) for i in counting)), axis=0)


def _fields(made: Wish) -> dict[str, object]:
    return {name: getattr(made, name) for name in Wish.__dataclass_fields__}
