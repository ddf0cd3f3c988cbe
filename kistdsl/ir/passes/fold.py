"""Steps whose result is known, or is an operand, are not taken.

Kept apart from algebra that is wrong on floats: 1 - (1 - x) stays as it is.
"""

from __future__ import annotations

import math

from kistdsl.ir import nodes as ir
from kistdsl.ir.rewriting import Builder, rewrite


def run(program: ir.Program) -> ir.Program:
    return rewrite(program, _fold)


def _fold(builder: Builder, node: ir.Node) -> int:
    if isinstance(node, ir.Divide) and node.by == 1.0:
        return node.x
    if isinstance(node, ir.Weigh) and node.truth_value == 1.0:
        return node.x
    if isinstance(node, ir.Minimum | ir.Maximum) and node.a == node.b:
        return node.a
    if isinstance(node, ir.Minimum):
        for one, other in ((node.a, node.b), (node.b, node.a)):
            if builder.unit[other] and _is_one(builder, one, other):
                return other
    return builder.add(node)


def _is_one(builder: Builder, one: int, other: int) -> bool:
    """Whether node `one` is 1 wherever `other` is a number: the open side of low and high."""
    node = builder.nodes[one]
    if isinstance(node, ir.Smooth):
        return _is_one(builder, node.x, other)
    if not isinstance(node, ir.Step) or node.at != (math.inf if node.falling else -math.inf):
        return False
    return builder.columns[one] <= builder.columns[other]
