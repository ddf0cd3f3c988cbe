"""IR as text, for `kistdsl debug ir` and golden files."""

from __future__ import annotations

from kistdsl.ir import nodes as ir


def to_text(program: ir.Program) -> str:
    """One line a node, `%3 = ramp %1 zero=0.4 width=0.2 falling=True`, then one line a rule."""
    columns = ", ".join(program.columns)
    lines = [f"program {program.dtype} alpha={program.alpha!r} columns({columns})"]
    lines += [f"  %{i} = {_node(program, node)}" for i, node in enumerate(program.nodes)]
    for rule in program.rules:
        dead = "" if rule.live else "  ; never wins"
        lines.append(f"  rule {rule.name} -> {program.classes[rule.target]}: %{rule.grade}{dead}")
    return "\n".join(lines) + "\n"


def _node(program: ir.Program, node: ir.Node) -> str:
    if isinstance(node, ir.Column):
        return f"column {program.columns[node.index]}"
    reads = [f"%{i}" for i in ir.operands(node)]
    numbers = [f"{name}={value!r}" for name, value in ir.constants(node)]
    return " ".join([type(node).__name__.lower(), *reads, *numbers])
