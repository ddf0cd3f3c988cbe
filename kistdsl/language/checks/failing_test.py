"""K501: a case that does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.analysis import propositions
from kistdsl.language.checks.contradicting_cases import contradicting
from kistdsl.language.checks.impossible_value import impossible
from kistdsl.language.checks.places import title_span
from kistdsl.language.checks.unreachable_expectation import unreachable
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.grading import membership
from kistdsl.language.tests import CaseResult, bounds_text, digits, outcome_text, run_tests, values_of


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    clashing = {id(case) for pair in contradicting(context) for case in pair}
    for result in run_tests(context.program):
        if result.passed or id(result.case) in clashing:
            continue
        if impossible(context, result.case) or unreachable(context, result.case.expectation) is not None:
            continue  # said there
        yield CHECK.at(
            result.case.expectation.span,
            outcome_text(result),
            labels=_trace(result),
            help="`kistdsl test` shows every rule's grade",
        )


def _trace(result: CaseResult) -> list[Label]:
    """The rule with the highest possible grade, and what its clauses say of the case."""
    if not result.counting:
        return []
    best = result.counting[0]
    values = values_of(result.case)
    labels = [
        Label(title_span(best.rule), f"`{best.rule.name}` grades {bounds_text(best.grade)}, the highest")
    ]
    for clause in propositions(best.rule.condition):
        known = clause.column in values
        text = digits(membership(clause, values[clause.column])) if known else "not given: 0 to 1"
        labels.append(Label(clause.span, text))
    return labels


CHECK = Check(
    code="K501",
    slug="failing-test",
    title="a test case that does not hold",
    severity=WARNING,
    explanation="""
The rules grade the region of the case otherwise than the case expects. A property that the case does not list
may have any value, and the case must hold whatever it is: list the property if its value matters.
""",
    bad="""IF gray is low AND area is high THEN anomalous
test "stain":
  gray = 30 => anomalous
""",
    good="""IF gray is low AND area is high THEN anomalous
test "stain":
  gray = 30, area = 90% => anomalous
""",
    run=_run,
)
