"""The passes in their order. Each keeps every grade of every rule to the last bit, NaN included."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kistdsl.ir.nodes import Program
from kistdsl.ir.passes import clamps, dead_nodes, dead_rules, fold, gamma, share
from kistdsl.ir.verify import verify

Pass: TypeAlias = Callable[[Program], Program]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("share", share.run),
    ("fold", fold.run),
    ("gamma", gamma.run),
    ("clamps", clamps.run),
    ("dead-rules", dead_rules.run),
    ("dead-nodes", dead_nodes.run),
)
"""Name and function of every pass, in the order they run."""


def optimise(program: Program) -> Program:
    """All passes, the IR verified before and after each.

    Raises:
        kistdsl.ir.verify.CompilerBug: an invariant broke.
    """
    verify(program, "lowering")
    for name, run in PASSES:
        program = verify(run(program), name)
    return program
