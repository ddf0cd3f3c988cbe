"""Gamma folded into what follows, where that changes no bit.

Division by a power of two is exact, so (v / g - a) / w is (v - a g) / (w g). Where v / g leaves the
normal range, both forms lie on the same plateau: huge values saturate, and tiny ones vanish beside an
`a` that is not tiny itself. A step v / g >= at is v >= the smallest float that passes, whatever g is.
"""

from __future__ import annotations

import math

from kistdsl.ir import nodes as ir
from kistdsl.ir.rewriting import Builder, rewrite
from kistdsl.ir.rounding import ROUND
from kistdsl.ir.scalar import apply
from kistdsl.language.floatline import first_where, last_where

_MODERATE = {"float64": 2.0**500, "float32": 2.0**60}
"""Constants between 1 / limit and limit, and gammas whose square root is: products stay normal."""


def run(program: ir.Program) -> ir.Program:
    limit = _MODERATE[program.dtype]

    def fold(builder: Builder, node: ir.Node) -> int:
        if isinstance(node, ir.Ramp):
            scaled = builder.nodes[node.x]
            if isinstance(scaled, ir.Divide) and _exact(scaled.by, node.zero, node.width, limit):
                zero, width = node.zero * scaled.by, node.width * scaled.by
                return builder.add(ir.Ramp(scaled.x, zero, width, node.falling))
        if isinstance(node, ir.Step):
            scaled = builder.nodes[node.x]
            if isinstance(scaled, ir.Divide):
                at = _passing(scaled, node, program.dtype)
                return builder.add(ir.Step(scaled.x, at, node.falling))
        return builder.add(node)

    return rewrite(program, fold)


def _passing(scale: ir.Divide, step: ir.Step, dtype: ir.Dtype) -> float:
    """The outermost float that passes the step after the division."""
    nearest = ROUND[dtype]

    def passes(x: float) -> bool:
        return apply(step, apply(scale, nearest(x), dtype), dtype) == 1.0

    find = last_where if step.falling else first_where
    return nearest(find(passes, -math.inf, math.inf))


def _exact(by: float, zero: float, width: float, limit: float) -> bool:
    power_of_two = math.frexp(by)[0] == 0.5
    root = math.sqrt(limit)
    moderate = all(1.0 / root < abs(c) < root for c in (by, zero, width))
    return power_of_two and moderate
