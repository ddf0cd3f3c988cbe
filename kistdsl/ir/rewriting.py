"""The one loop that passes have in common: rebuild a program node by node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from kistdsl.ir import nodes as ir


class Builder:
    """Appends nodes; equal nodes become one. Knows of each node whether it is unit, and its columns."""

    def __init__(self) -> None:
        self.nodes: list[ir.Node] = []
        self.unit: list[bool] = []
        self.columns: list[frozenset[int]] = []
        self._index: dict[ir.Node, int] = {}

    def add(self, node: ir.Node) -> int:
        """Index of `node`, appended unless an equal one is there."""
        index = self._index.get(node)
        if index is None:
            index = self._index[node] = len(self.nodes)
            self.nodes.append(node)
            self.unit.append(ir.is_unit(node, self.unit))
            self.columns.append(ir.column_set(node, self.columns))
        return index


Rule: TypeAlias = Callable[[Builder, ir.Node], int]


def rewrite(program: ir.Program, rule: Rule) -> ir.Program:
    """Rebuild with `rule(builder, node)`, where `node` already reads the new nodes."""
    builder = Builder()
    new: list[int] = []
    for node in program.nodes:
        moved = ir.with_operands(node, tuple(new[i] for i in ir.operands(node)))
        new.append(rule(builder, moved))
    rules = tuple(replace(r, grade=new[r.grade]) for r in program.rules)
    return replace(program, nodes=tuple(builder.nodes), rules=rules)
