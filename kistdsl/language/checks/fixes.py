"""Changes to the text that put a report right."""

from __future__ import annotations

from collections.abc import Sequence

from kistdsl.diagnostics import Fix, Span
from kistdsl.language import ast, checked
from kistdsl.language.codes import ProgramContext


def without_operand(parent: checked.And | checked.Or, node: checked.Condition) -> Fix | None:
    """Leave an operand out, with the AND or OR beside it; None where brackets stand between."""
    operands = parent.operands
    index = next(i for i, operand in enumerate(operands) if operand is node)
    if index > 0:
        start, end = operands[index - 1].span.end, node.span.end
        between = Span(node.span.source, start, node.span.start)
    else:
        start, end = node.span.start, operands[1].span.start
        between = Span(node.span.source, node.span.end, end)
    if set("()#") & set(between.text):
        return None
    return Fix(Span(node.span.source, start, end), "")


def proposition_text(clause: checked.Proposition, *, negated: bool, hedges: Sequence[str]) -> str:
    """The clause as the language writes it, with another negation or other hedges."""
    return " ".join([clause.column, "is", *(["NOT"] if negated else []), *hedges, clause.term.name])


def without_statement(context: ProgramContext, statement: ast.Statement) -> Fix | None:
    """Leave a whole statement out, where it stands in the main file."""
    if statement.span.source.name != context.tree.span.source.name:
        return None
    return Fix(statement.span, "")
