"""K306: the same clause twice."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.checks.fixes import without_operand
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.pruning import Part, Path, parts


def duplicates(condition: checked.Condition) -> Iterator[tuple[Part, checked.Condition]]:
    """(part, the equal part before it) of operands that an AND or OR has already."""
    seen: dict[tuple[Path, checked.Condition], checked.Condition] = {}
    for part in parts(condition):
        if part.parent is None:
            continue
        key = (part.path[:-1], part.node)
        if key in seen:
            yield part, seen[key]
        else:
            seen[key] = part.node


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    if not context.analysis.exact:
        return  # under other norms a AND a is not a
    for rule in context.program.rules:
        if isinstance(rule.condition, checked.Proposition):
            continue
        for part, first in duplicates(rule.condition):
            yield CHECK.at(
                part.node.span,
                "this clause is there already",
                labels=[Label(first.span, "the same clause")],
                help="drop it, or put in the property or term that was meant",
                fix=without_operand(part.parent, part.node) if part.parent is not None else None,
            )


CHECK = Check(
    code="K306",
    slug="duplicate-clause",
    title="a clause that is written twice",
    severity=WARNING,
    explanation="""
The same clause stands twice in one AND or OR. The second one changes nothing; mostly another property or
another term was meant.
""",
    bad="IF gray is low AND area is high AND gray is low THEN anomalous\n",
    good="IF gray is low AND area is high AND shape is low THEN anomalous\n",
    run=_run,
)
