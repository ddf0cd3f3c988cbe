"""K305: NOT NOT."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Fix
from kistdsl.language import checked
from kistdsl.language.analysis import operands
from kistdsl.language.checks.fixes import proposition_text
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _nodes(condition: checked.Condition) -> Iterator[checked.Condition]:
    """Outermost doubly negated parts, in the order written."""
    todo = [condition]
    while todo:
        node = todo.pop()
        if _doubled(node):
            yield node
        else:
            todo.extend(reversed(operands(node)))


def _doubled(node: checked.Condition) -> bool:
    if not isinstance(node, checked.Not):
        return False
    inner = node.operand
    return isinstance(inner, checked.Not) or (isinstance(inner, checked.Proposition) and inner.negated)


def _positive(node: checked.Condition) -> str:
    """The text of a doubly negated part without its two negations."""
    inner = node.operand if isinstance(node, checked.Not) else node
    if isinstance(inner, checked.Proposition):
        return proposition_text(inner, negated=False, hedges=inner.hedges)
    core = inner.operand if isinstance(inner, checked.Not) else inner
    text = core.span.text
    return f"({text})" if isinstance(core, checked.And | checked.Or) else text


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    for rule in context.program.rules:
        for node in _nodes(rule.condition):
            yield CHECK.at(
                node.span,
                "two negations cancel each other",
                help="drop both NOTs, or one of them if only one was meant",
                fix=Fix(node.span, _positive(node)),
            )


CHECK = Check(
    code="K305",
    slug="double-negation",
    title="two negations in a row",
    severity=WARNING,
    explanation="""
NOT is 1 - x, so NOT NOT c is c. Mostly only one of the two was meant, and the rule says the opposite of what
its author reads.
""",
    bad="IF NOT gray is NOT low AND area is high THEN anomalous\n",
    good="IF gray is low AND area is high THEN anomalous\n",
    run=_run,
)
