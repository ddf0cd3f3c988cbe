"""Gamma folded into what follows, where that changes no bit.

Division by a power of two is exact, so (v / g - a) / w is (v - a g) / (w g). Where v / g leaves the
normal range, both forms lie on the same plateau: huge values saturate, and tiny ones vanish beside an
`a` that is not tiny itself.
"""

from __future__ import annotations

import math

from kistdsl.ir import nodes as ir
from kistdsl.ir.rewriting import Builder, rewrite

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
        return builder.add(node)

    return rewrite(program, fold)


def _exact(by: float, zero: float, width: float, limit: float) -> bool:
    power_of_two = math.frexp(by)[0] == 0.5
    root = math.sqrt(limit)
    moderate = all(1.0 / root < abs(c) < root for c in (by, zero, width))
    return power_of_two and moderate
