"""Tests in rule files: whether each case holds, whatever the properties that it does not list are.

`C >= x`, `C <= x`, `C` (reaches alpha) and `not C` speak of the grade of class C: the largest grade of the
rules that conclude it. `anomalous` stands for every class: its grade is the region's. With `by RULE` the
grade is that rule's own; and where the case says that a grade is reached, no other rule may decide for
certain, by grading higher whatever is not listed (or as high, and coming first).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kistdsl.language import ast, checked
from kistdsl.language.analysis import propositions
from kistdsl.language.grading import Bounds, RuleGrade, rule_grades
from kistdsl.language.wording import enumeration

ANOMALOUS = "anomalous"


@dataclass(frozen=True, slots=True)
class Demand:
    """What an expectation asks of a grade: a least value, or a largest one.

    Attributes:
        least: the grade must be at least this; None when it must stay low.
        most: the grade must be at most this, or (`strict`) below it.
    """

    least: float | None
    most: float | None
    strict: bool = False

    def holds(self, grade: Bounds) -> bool:
        if self.least is not None:
            return grade.low >= self.least
        assert self.most is not None
        return grade.high < self.most if self.strict else grade.high <= self.most

    def excludes(self, other: Demand) -> bool:
        """Whether no grade satisfies both."""
        if self.least is None or other.most is None:
            return other.least is not None and self.most is not None and other.excludes(self)
        return self.least >= other.most if other.strict else self.least > other.most


def demand(expectation: ast.Expectation, alpha: float) -> Demand:
    """What an expectation asks."""
    if expectation.negated:
        return Demand(None, alpha, strict=True)
    if expectation.comparison == "<=" and expectation.value is not None:
        return Demand(None, expectation.value.value)
    return Demand(alpha if expectation.value is None else expectation.value.value, None)


def speaks_of(expectation: ast.Expectation, rule: checked.Rule) -> bool:
    """Whether a rule counts for an expectation: it concludes the class, and it is the one named."""
    if expectation.by is not None and expectation.by.text != rule.name:
        return False
    return expectation.target.text in (ANOMALOUS, rule.target)


@dataclass(frozen=True)
class CaseResult:
    """One case, worked out.

    Attributes:
        test: the text of the test that the case is in.
        case: what is listed and expected.
        passed: whether the expectation holds for all values of what is not listed.
        grade: bounds of the grade that the expectation speaks of.
        rules: bounds of every rule, in file order.
        unknown: properties that rules use and the case does not list.
        rival: with `by RULE`, another rule that decides for certain.
        alpha: the program's threshold.
    """

    test: str
    case: ast.Case
    passed: bool
    grade: Bounds
    rules: tuple[RuleGrade, ...]
    unknown: tuple[str, ...]
    rival: RuleGrade | None
    alpha: float

    @cached_property
    def fired(self) -> frozenset[str]:
        """Names of the rules that reach alpha for certain."""
        return frozenset(g.rule.name for g in self.rules if g.grade.low >= self.alpha)

    @cached_property
    def counting(self) -> tuple[RuleGrade, ...]:
        """The rules that the expectation speaks of, the one with the highest possible grade first."""
        mine = [g for g in self.rules if speaks_of(self.case.expectation, g.rule)]
        return tuple(sorted(mine, key=lambda g: -g.grade.high))


def values_of(case: ast.Case) -> dict[str, float]:
    """The values that a case lists, in the properties' own units."""
    return {setting.property.text: setting.value.value for setting in case.settings}


def run_case(program: checked.Program, test: str, case: ast.Case) -> CaseResult:
    """Work out one case."""
    values = values_of(case)
    grades = tuple(rule_grades(program, values))
    expectation = case.expectation
    wanted = demand(expectation, program.alpha)
    by = expectation.by.text if expectation.by is not None else None
    counting = [g for g in grades if speaks_of(expectation, g.rule)]
    low = max((g.grade.low for g in counting), default=0.0)
    high = max((g.grade.high for g in counting), default=0.0)
    rival = _rival(grades, by) if by is not None and wanted.least is not None else None
    return CaseResult(
        test,
        case,
        wanted.holds(Bounds(low, high)) and rival is None and (by is None or bool(counting)),
        Bounds(low, high),
        grades,
        tuple(c.name for c in program.columns if c.name not in values),
        rival,
        program.alpha,
    )


def _rival(grades: Sequence[RuleGrade], by: str) -> RuleGrade | None:
    """A rule that decides for certain instead of the one named `by`: higher, or as high and earlier."""
    indices = [i for i, g in enumerate(grades) if g.rule.name == by]
    if not indices:
        return None
    mine = indices[0]
    high = grades[mine].grade.high
    for i, g in enumerate(grades):
        if i not in indices and (g.grade.low > high or (g.grade.low == high and i < mine)):
            return g
    return None


def run_tests(program: checked.Program) -> tuple[CaseResult, ...]:
    """Every case of every test, in the order written."""
    return tuple(run_case(program, test.text, case) for test in program.tests for case in test.cases)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rules that reached alpha in some case, and the others, by name in file order."""

    covered: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Share of covered rules, 0 to 100; 100 where there is no rule."""
        rules = len(self.covered) + len(self.missed)
        return 100.0 * len(self.covered) / rules if rules else 100.0


def coverage(program: checked.Program, results: Sequence[CaseResult]) -> Coverage:
    """Rule coverage of the cases."""
    fired = frozenset(name for result in results for name in result.fired)
    names = [rule.name for rule in program.rules]
    return Coverage(tuple(n for n in names if n in fired), tuple(n for n in names if n not in fired))


# --- in words --------------------------------------------------------------------------------


def expectation_text(expectation: ast.Expectation) -> str:
    """The expectation as written: `anomalous >= 0.9 by stain`."""
    text = f"not {expectation.target.text}" if expectation.negated else expectation.target.text
    if expectation.comparison is not None and expectation.value is not None:
        text += f" {expectation.comparison} {expectation.value.text}"
    return f"{text} by {expectation.by.text}" if expectation.by is not None else text


def case_text(case: ast.Case) -> str:
    """The case as written, on one line."""
    settings = ", ".join(f"{s.property.text} = {s.value.text}" for s in case.settings)
    return f"{settings} => {expectation_text(case.expectation)}"


def bounds_text(bounds: Bounds) -> str:
    """`0.40`, or `between 0.00 and 1.00`."""
    if bounds.known:
        return digits(bounds.low)
    return f"between {digits(bounds.low)} and {digits(bounds.high)}"


def digits(value: float) -> str:
    """Two digits, or more where two would hide a difference from 0 or 1."""
    text = f"{value:.2f}"
    return text if float(text) == value or 0.005 <= value < 0.995 else f"{value:.6g}"


def outcome_text(result: CaseResult) -> str:
    """What came out, for a failure."""
    expectation = result.case.expectation
    who = f"rule `{expectation.by.text}`" if expectation.by is not None else f"`{expectation.target.text}`"
    text = f"expected {expectation_text(expectation)}, but the grade of {who} is {bounds_text(result.grade)}"
    if not result.counting:
        text = f"expected {expectation_text(expectation)}, but {who} does not conclude `{expectation.target.text}`"
    elif result.rival is not None and demand(expectation, result.alpha).holds(result.grade):
        rival = result.rival
        text = (
            f"expected {expectation_text(expectation)}, but rule `{rival.rule.name}` decides: "
            f"it grades {bounds_text(rival.grade)}, {who} {bounds_text(result.grade)}"
        )
    missing = [name for name in result.unknown if name in _columns(result.counting)]
    if missing and not result.grade.known:
        text += f"; {enumeration(missing)} {'are' if len(missing) > 1 else 'is'} not given"
    return text


def _columns(grades: Sequence[RuleGrade]) -> frozenset[str]:
    return frozenset(p.column for g in grades for p in propositions(g.rule.condition))
