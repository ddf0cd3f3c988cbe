"""K219: a class that no rule concludes."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import ast
from kistdsl.language.checks.fixes import without_statement
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    concluded = {rule.target for rule in context.program.rules}
    if not context.program.rules:
        return  # a file of definitions, to be included by others
    for statement in context.tree.statements:
        if isinstance(statement, ast.Class) and statement.name.text not in concluded:
            name = statement.name.text
            yield CHECK.at(
                statement.name.span,
                f"no rule concludes the class `{name}`",
                help=f"write a rule that ends in `THEN {name}`, or remove the class",
                fix=without_statement(context, statement),
            )


CHECK = Check(
    code="K219",
    slug="unused-class",
    title="a class that no rule concludes",
    severity=WARNING,
    explanation="""
The class is declared, but no rule ends in it, so that no region can ever belong to it.
""",
    bad="class crack\nIF gray is low AND shape is high THEN anomalous\n",
    good="class crack\nIF gray is low AND shape is high THEN crack\n",
    run=_run,
)
