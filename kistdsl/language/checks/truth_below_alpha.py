"""K302: a rule that is trusted less than alpha asks for."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Fix, Label
from kistdsl.language import ast
from kistdsl.language.checks.places import truth_span
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import grade


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    alpha = context.program.alpha
    set_at = [
        Label(s.value.span, "alpha is set here") for s in context.tree.statements if isinstance(s, ast.Alpha)
    ]
    for facts in context.analysis.rules:
        if not facts.trusted:
            tv, number = facts.rule.truth_value, facts.rule.syntax.truth_value
            yield CHECK.at(
                truth_span(facts.rule),
                f"this rule can never fire: its truth value {grade(tv, alpha)} is below "
                f"alpha {grade(alpha, tv)}",
                labels=set_at[-1:],
                help="a grade is the truth value TIMES the truth of the condition; "
                f"use at least {alpha:g}, or lower alpha",
                fix=Fix(number.span, repr(alpha)) if number is not None else None,
            )


CHECK = Check(
    code="K302",
    slug="truth-value-below-alpha",
    title="a rule whose truth value lies below alpha",
    severity=WARNING,
    explanation="""
A rule's grade is its truth value times the truth of its condition, so it never exceeds the truth value. With a
truth value below alpha the rule raises grades, but no region becomes anomalous by it.

With a truth value equal to alpha only a condition that holds fully (truth exactly 1) lets the rule fire.
""",
    bad="alpha 0.8\nIF gray is low AND area is high THEN anomalous (0.6)\n",
    good="alpha 0.6\nIF gray is low AND area is high THEN anomalous (0.6)\n",
    run=_run,
)
