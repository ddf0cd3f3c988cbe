"""What every IR program must satisfy, before and after each pass."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kistdsl.ir import nodes as ir
from kistdsl.ir.rounding import ROUND
from kistdsl.language.memberships import HEDGES


class CompilerBug(Exception):
    """A pass broke the IR: never a user's mistake."""


def verify(program: ir.Program, after: str) -> ir.Program:
    """The program itself, if it is well formed.

    Args:
        program: what a pass made.
        after: name of that pass, for the message.

    Raises:
        CompilerBug: an invariant does not hold.
    """
    for problem in _problems(program):
        raise CompilerBug(f"after {after}: {problem}")
    return program


def _problems(program: ir.Program) -> Iterator[str]:
    unit = ir.unit_nodes(program.nodes)
    for i, node in enumerate(program.nodes):
        where = f"node {i} ({node})"
        if any(not 0 <= operand < i for operand in ir.operands(node)):
            yield f"{where} reads a node that is not before it"
        if isinstance(node, ir.Column) and not 0 <= node.index < len(program.columns):
            yield f"{where} reads no column of the program"
        if isinstance(node, _NEEDS_UNIT) and not all(unit[o] for o in ir.operands(node)):
            yield f"{where} needs operands in [0, 1]"
        yield from (f"{where}: {problem}" for problem in _constant_problems(node, program.dtype))
    for rule in program.rules:
        if not 0 <= rule.grade < len(program.nodes) or not unit[rule.grade]:
            yield f"rule {rule.name} is no grade in [0, 1]"
        if not 0 <= rule.target < len(program.classes):
            yield f"rule {rule.name} has no class"
    if program.rules and not program.live_rules:
        yield "no rule is live"
    if not 0.0 < program.alpha <= 1.0:
        yield f"alpha {program.alpha} is not in (0, 1]"


_NEEDS_UNIT = (
    ir.Smooth,
    ir.Hedge,
    ir.Complement,
    ir.Product,
    ir.ProbabilisticSum,
    ir.BoundedDifference,
    ir.BoundedSum,
    ir.Weigh,
)


def _constant_problems(node: ir.Node, dtype: ir.Dtype) -> Iterator[str]:
    for name, value in ir.constants(node):
        if isinstance(value, float):
            if value != value or (math.isinf(value) and not isinstance(node, ir.Step)):
                yield f"{name} is {value}"
            elif ROUND[dtype](value) != value:
                yield f"{name} = {value!r} is no {dtype}"
    if isinstance(node, ir.Divide) and not node.by > 0.0:
        yield "divisor is not above 0"
    if isinstance(node, ir.Ramp) and not node.width > 0.0:
        yield "width is not above 0"
    if isinstance(node, ir.Weigh) and not 0.0 < node.truth_value <= 1.0:
        yield "truth value is not in (0, 1]"
    if isinstance(node, ir.Hedge) and node.name not in HEDGES:
        yield "unknown hedge"
    if isinstance(node, ir.Polyline) and any(not s.start < s.end for s in node.segments):
        yield "a segment has no width"
