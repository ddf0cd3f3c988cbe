"""Equal steps are taken once: `gray is low` in four rules is one membership."""

from __future__ import annotations

from kistdsl.ir import nodes as ir
from kistdsl.ir.rewriting import Builder, rewrite


def run(program: ir.Program) -> ir.Program:
    return rewrite(program, Builder.add)
