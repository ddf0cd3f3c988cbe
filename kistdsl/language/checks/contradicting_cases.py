"""K504: two cases that cannot both hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import ast
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.tests import ANOMALOUS, case_text, demand, values_of

MOST_CASES = 1000
"""Files with more cases are compared only within each test."""


def _same_region(first: ast.Case, second: ast.Case) -> bool:
    """Whether some region is meant by both: no property is listed with two values."""
    a, b = values_of(first), values_of(second)
    return all(b[name] == value for name, value in a.items() if name in b)


def _implies(a: ast.Expectation, b: ast.Expectation) -> bool:
    """Whether a grade that reaches a level for a's class (and rule) does so for b's."""
    if b.by is not None and (a.by is None or a.by.text != b.by.text):
        return False
    return b.target.text in (ANOMALOUS, a.target.text)


def _contradict(a: ast.Expectation, b: ast.Expectation, alpha: float) -> bool:
    first, second = demand(a, alpha), demand(b, alpha)
    if first.least is None:
        a, b, first, second = b, a, second, first
    return first.least is not None and first.excludes(second) and _implies(a, b)


def contradicting(context: ProgramContext) -> list[tuple[ast.Case, ast.Case]]:
    """Pairs of cases, the earlier one first; each later case once."""
    tests, alpha = context.program.tests, context.program.alpha
    every = [case for test in tests for case in test.cases]
    groups = [every] if len(every) <= MOST_CASES else [list(test.cases) for test in tests]
    found: dict[int, tuple[ast.Case, ast.Case]] = {}
    for group in groups:
        for first, second in combinations(group, 2):
            if id(second) in found or not _same_region(first, second):
                continue
            if _contradict(first.expectation, second.expectation, alpha):
                found[id(second)] = (first, second)
    return list(found.values())


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    for first, second in contradicting(context):
        yield CHECK.at(
            second.span,
            "this case contradicts an earlier one: no rule set can satisfy both",
            labels=[Label(first.span, f"`{case_text(first)}`")],
            help="a property that a case does not list may have any value, the other case's too",
        )


CHECK = Check(
    code="K504",
    slug="contradicting-cases",
    title="two test cases that cannot both hold",
    severity=WARNING,
    explanation="""
The two cases can mean the same region and expect opposite things of it. A property that a case does not list
may have any value: `area = 4% => anomalous` also speaks of regions with `gray = 200`.
""",
    bad="""IF area is high AND gray is low THEN anomalous
test "stain":
  area = 90%, gray = 30 => anomalous
  area = 90%, gray = 30 => not anomalous
""",
    good="""IF area is high AND gray is low THEN anomalous
test "stain":
  area = 90%, gray = 30 => anomalous
  area = 90%, gray = 200 => not anomalous
""",
    run=_run,
)
