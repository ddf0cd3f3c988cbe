"""K218: a property that no rule uses."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import ast
from kistdsl.language.checks.fixes import without_statement
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    used = {column.name for column in context.program.columns}
    if not context.program.rules:
        return  # a file of definitions, to be included by others
    for statement in context.tree.statements:
        if isinstance(statement, ast.Property) and statement.name.text not in used:
            yield CHECK.at(
                statement.name.span,
                f"no rule uses the property `{statement.name.text}`",
                fix=without_statement(context, statement),
            )


CHECK = Check(
    code="K218",
    slug="unused-property",
    title="a property that no rule uses",
    severity=WARNING,
    explanation="""
The file gives a property a scale or a description, but no rule speaks of it. It is not measured then and has
no influence on any grade.
""",
    bad="property shape high at 100\nIF gray is low AND area is high THEN anomalous\n",
    good="property shape high at 100\nIF gray is low AND shape is high THEN anomalous\n",
    run=_run,
)
