"""K401: two rules that say the same."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.checks.fixes import without_statement
from kistdsl.language.checks.places import title_span
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    rules = context.program.rules
    for covered in context.analysis.covered:
        if covered.equal:
            rule, first = rules[covered.rule], rules[covered.by]
            yield CHECK.at(
                title_span(rule),
                f"this rule says the same as rule `{first.name}`",
                labels=[Label(title_span(first), f"rule `{first.name}` grades every region alike")],
                help="drop one of them, or put in what was meant to differ",
                fix=without_statement(context, rule.syntax),
            )


CHECK = Check(
    code="K401",
    slug="duplicate-rule",
    title="two rules that grade every region alike",
    severity=WARNING,
    explanation="""
The two rules conclude the same class and give every region the same grade, whatever their clauses look like.
One of them has no effect. Mostly a rule was copied and not changed.
""",
    bad="""rule one: IF gray is low AND area is high THEN anomalous
rule two: IF area is high AND gray is low THEN anomalous
""",
    good="""rule one: IF gray is low AND area is high THEN anomalous
rule two: IF area is high AND shape is low THEN anomalous
""",
    run=_run,
)
