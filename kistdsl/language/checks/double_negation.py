"""K305: NOT NOT."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Fix
from kistdsl.language import checked
from kistdsl.language.analysis import operands
from kistdsl.language.checks.fixes import proposition_text
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _nodes(condition: checked.Condition) -> Iterator[checked.Condition]:
    """Parts that begin a run of two negations or more, in the order written: one a run."""
    todo = [condition]
    while todo:
        node = todo.pop()
        core, negations = _peeled(node)
        if negations > 1:
            yield node
        todo.extend(reversed(operands(core)))


def _peeled(node: checked.Condition) -> tuple[checked.Condition, int]:
    """What stands behind a run of negations, and how many they are; `is NOT` counts."""
    negations = 0
    while isinstance(node, checked.Not):
        node, negations = node.operand, negations + 1
    return node, negations + (isinstance(node, checked.Proposition) and node.negated)


def _single(node: checked.Condition) -> str:
    """The text of a part without the pairs among its negations."""
    core, negations = _peeled(node)
    odd = negations % 2 == 1
    if isinstance(core, checked.Proposition):
        return proposition_text(core, negated=odd, hedges=core.hedges)
    return f"NOT ({core.span.text})" if odd else f"({core.span.text})"


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    for rule in context.program.rules:
        for node in _nodes(rule.condition):
            yield CHECK.at(
                node.span,
                "two negations cancel each other",
                help="drop both NOTs, or one of them if only one was meant",
                fix=Fix(node.span, _single(node)),
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
