"""Steps that no rule reads are dropped."""

from __future__ import annotations

from dataclasses import replace

from kistdsl.ir import nodes as ir


def run(program: ir.Program) -> ir.Program:
    needed = {rule.grade for rule in program.rules}
    for i in reversed(range(len(program.nodes))):
        if i in needed:
            needed.update(ir.operands(program.nodes[i]))
    order = sorted(needed)
    new = {old: position for position, old in enumerate(order)}
    nodes = tuple(
        ir.with_operands(program.nodes[i], tuple(new[o] for o in ir.operands(program.nodes[i])))
        for i in order
    )
    rules = tuple(replace(rule, grade=new[rule.grade]) for rule in program.rules)
    return replace(program, nodes=nodes, rules=rules)
