"""K403: a class that always loses."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label, Span
from kistdsl.language import ast
from kistdsl.language.analysis import Analysis
from kistdsl.language.checks.places import title_span
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import quoted


def unreachable(analysis: Analysis) -> dict[str, list[int]]:
    """Classes whose every rule that can fire fires only where other classes win, with these rules."""
    lost = {s.rule for s in analysis.shadowed}
    needless = {c.rule for c in analysis.covered}
    able: dict[str, list[int]] = {}
    for facts in analysis.rules:
        if not facts.barred and facts.index not in needless:
            able.setdefault(facts.rule.target, []).append(facts.index)
    return {name: indices for name, indices in able.items() if set(indices) <= lost}


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis, rules = context.analysis, context.program.rules
    by = {s.rule: s.by for s in analysis.shadowed}
    for name, indices in unreachable(analysis).items():
        winners = sorted({winner for index in indices for winner in by[index]})
        yield CHECK.at(
            _class_span(context, name) or rules[indices[0]].syntax.target.span,
            f"no region can be of class `{name}`: wherever its rules fire, "
            f"rule{'s' if len(winners) > 1 else ''} {quoted([rules[i].name for i in winners])} "
            f"grade{'' if len(winners) > 1 else 's'} higher or come{'' if len(winners) > 1 else 's'} first",
            labels=[Label(title_span(rules[i]), f"concludes `{rules[i].target}`") for i in winners[:3]],
            help="a region's class is that of the rule with the highest grade, the first one on a tie",
        )


def _class_span(context: ProgramContext, name: str) -> Span | None:
    for statement in context.tree.statements:
        if isinstance(statement, ast.Class) and statement.name.text == name:
            return statement.name.span
    return None


CHECK = Check(
    code="K403",
    slug="unreachable-class",
    title="a class that no region can have",
    severity=WARNING,
    explanation="""
A region's class is the class of the rule with the highest grade, the first one on a tie. Wherever a rule of
this class fires, a rule of another class grades at least as high and wins. Raise this class's truth values,
narrow the other rule, or put the more special rule first.
""",
    bad="""class crack
rule dark: IF gray is low THEN anomalous
rule line: IF gray is low AND shape is high THEN crack
""",
    good="""class crack
rule line: IF gray is low AND shape is high THEN crack
rule dark: IF gray is low THEN anomalous
""",
    run=_run,
)
