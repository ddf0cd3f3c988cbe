"""K402: a rule that another one makes needless."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.checks.fixes import without_statement
from kistdsl.language.checks.places import title_span
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    rules = context.program.rules
    for covered in context.analysis.covered:
        if not covered.equal:
            rule, other = rules[covered.rule], rules[covered.by]
            yield CHECK.at(
                title_span(rule),
                f"this rule changes no grade: rule `{other.name}` grades every region at least as high",
                labels=[Label(title_span(other), f"rule `{other.name}` covers it")],
                help=f"drop this rule, or make `{other.name}` narrower",
                fix=without_statement(context, rule.syntax),
            )


CHECK = Check(
    code="K402",
    slug="subsumed-rule",
    title="a rule that another rule covers",
    severity=WARNING,
    explanation="""
A region's grade is the largest of its rules' grades. Another rule of the same class grades every region at
least as high as this one, so this one never decides anything. Often the other rule was meant to be narrower,
or has a higher truth value than it should.
""",
    bad="""rule dark: IF gray is low THEN anomalous
rule stain: IF gray is low AND area is high THEN anomalous (0.8)
""",
    good="""rule dark: IF gray is low AND shape is high THEN anomalous
rule stain: IF gray is low AND area is high THEN anomalous (0.8)
""",
    run=_run,
)
