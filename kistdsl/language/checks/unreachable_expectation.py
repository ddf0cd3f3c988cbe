"""K502: an expectation that no region can meet."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import ast
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.tests import demand, expectation_text, speaks_of
from kistdsl.language.wording import grade


def ceiling(context: ProgramContext, expectation: ast.Expectation) -> float:
    """The highest grade that any region can have for an expectation (an upper bound when not proved)."""
    rules = [f for f in context.analysis.rules if speaks_of(expectation, f.rule)]
    bests = (f.best.value if f.best is not None else f.rule.truth_value for f in rules)
    return max(bests, default=0.0)


def floor(context: ProgramContext, expectation: ast.Expectation) -> float:
    """The lowest grade that any region can have for an expectation (a lower bound when not proved)."""
    rules = [f for f in context.analysis.rules if speaks_of(expectation, f.rule)]
    lowest = context.analysis.lowest(tuple(f.index for f in rules))
    if lowest is not None:
        return lowest
    return max((f.lowest for f in rules if f.lowest is not None), default=0.0)


def unreachable(context: ProgramContext, expectation: ast.Expectation) -> str | None:
    """Why no region can meet an expectation; None when one may."""
    wanted = demand(expectation, context.program.alpha)
    if wanted.least is not None:
        highest = ceiling(context, expectation)
        if highest < wanted.least:
            who = "this rule" if expectation.by is not None else "any rule"
            return (
                f"no region can meet `{expectation_text(expectation)}`: the best grade of {who} is "
                f"{grade(highest, wanted.least)}"
            )
        return None
    lowest = floor(context, expectation)
    if wanted.most is not None and (lowest >= wanted.most if wanted.strict else lowest > wanted.most):
        return (
            f"no region can meet `{expectation_text(expectation)}`: every region has at least "
            f"{grade(lowest, wanted.most)}"
        )
    return None


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    for test in context.program.tests:
        for case in test.cases:
            message = unreachable(context, case.expectation)
            if message is not None and not _all_barred(context, case.expectation):
                yield CHECK.at(case.expectation.span, message, help="expect less, or put the rules right")


def _all_barred(context: ProgramContext, expectation: ast.Expectation) -> bool:
    """Whether no rule that counts can fire at all: said at each of the rules."""
    counting = [f for f in context.analysis.rules if speaks_of(expectation, f.rule)]
    return bool(counting) and all(f.barred for f in counting)


CHECK = Check(
    code="K502",
    slug="unreachable-expectation",
    title="a test that no region can pass",
    severity=WARNING,
    explanation="""
Whatever values are listed, the case fails: no rule it speaks of can grade any region that high (or every
region is graded higher than the case allows). A rule's grade never exceeds its truth value.
""",
    bad="""IF gray is low AND area is high THEN anomalous (0.8)
test "stain":
  gray = 10, area = 90% => anomalous >= 0.9
""",
    good="""IF gray is low AND area is high THEN anomalous (0.8)
test "stain":
  gray = 10, area = 90% => anomalous >= 0.8
""",
    run=_run,
)
