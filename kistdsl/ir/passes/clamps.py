"""Clamps after minima and maxima instead of before: min(clamp a, clamp b) = clamp(min(a, b)).

Exact, because a clamp only selects and never steps backwards. A conjunction of n trapezoids then takes
one clamp instead of 2 n.
"""

from __future__ import annotations

from kistdsl.ir import nodes as ir
from kistdsl.ir.rewriting import Builder, rewrite


def run(program: ir.Program) -> ir.Program:
    return rewrite(program, _hoist)


def _hoist(builder: Builder, node: ir.Node) -> int:
    if not isinstance(node, ir.Minimum | ir.Maximum) or not (builder.unit[node.a] and builder.unit[node.b]):
        return builder.add(node)
    pair = [(i, builder.nodes[i]) for i in (node.a, node.b)]
    if not any(isinstance(operand, ir.Clamp) for _, operand in pair):
        return builder.add(node)
    a, b = (operand.x if isinstance(operand, ir.Clamp) else i for i, operand in pair)
    return builder.add(ir.Clamp(builder.add(type(node)(a, b))))
