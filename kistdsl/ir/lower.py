"""Checked program -> IR: each rule written down step by step, nothing shared or shortened yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from kistdsl.ir import nodes as ir
from kistdsl.ir.rounding import ROUND, cast, positive
from kistdsl.language import checked
from kistdsl.language import memberships as mf

CONJUNCTION: Mapping[str, Callable[[int, int], ir.Node]] = {
    "zadeh": ir.Minimum,
    "product": ir.Product,
    "lukasiewicz": ir.BoundedDifference,
}
DISJUNCTION: Mapping[str, Callable[[int, int], ir.Node]] = {
    "zadeh": ir.Maximum,
    "product": ir.ProbabilisticSum,
    "lukasiewicz": ir.BoundedSum,
}


def lower(program: checked.Program, dtype: ir.Dtype = "float64") -> ir.Program:
    """The program as IR in `dtype`, as plainly as it is written.

    Raises:
        InputError: a number of the rules cannot be held in float32.
    """
    lowering = _Lowering(program, dtype)
    rules = tuple(lowering.rule(rule) for rule in program.rules)
    return ir.Program(
        dtype=dtype,
        columns=tuple(column.name for column in program.columns),
        nodes=tuple(lowering.nodes),
        rules=rules,
        classes=program.classes,
        alpha=positive(program.alpha, dtype, "alpha"),
        source_hash=program.source_hash,
    )


class _Lowering:
    """Appends nodes; every method returns the index of the node that holds its result."""

    def __init__(self, program: checked.Program, dtype: ir.Dtype) -> None:
        self.program, self.dtype = program, dtype
        self.nodes: list[ir.Node] = []
        self.index = {column.name: i for i, column in enumerate(program.columns)}

    def add(self, node: ir.Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def rule(self, rule: checked.Rule) -> ir.Rule:
        truth = self.condition(rule.condition)
        weight = positive(rule.truth_value, self.dtype, f"truth value of rule {rule.name}")
        target = self.program.classes.index(rule.target)
        return ir.Rule(rule.name, self.add(ir.Weigh(truth, weight)), target)

    def condition(self, condition: checked.Condition) -> int:
        if isinstance(condition, checked.Proposition):
            return self.proposition(condition)
        if isinstance(condition, checked.Not):
            return self.add(ir.Complement(self.condition(condition.operand)))
        table = CONJUNCTION if isinstance(condition, checked.And) else DISJUNCTION
        join = table[self.program.norms]
        parts = [self.condition(operand) for operand in condition.operands]
        return self.chained(join, parts) if self.program.norms != "zadeh" else self.balanced(join, parts)

    def chained(self, join: Callable[[int, int], ir.Node], parts: list[int]) -> int:
        """From left to right: the order in which a product or a sum rounds."""
        first, *rest = parts
        for other in rest:
            first = self.add(join(first, other))
        return first

    def balanced(self, join: Callable[[int, int], ir.Node], parts: list[int]) -> int:
        """In halves: minima and maxima do not round, and long conditions stay shallow."""
        if len(parts) == 1:
            return parts[0]
        half = (len(parts) + 1) // 2
        return self.add(join(self.balanced(join, parts[:half]), self.balanced(join, parts[half:])))

    def proposition(self, proposition: checked.Proposition) -> int:
        value = self.add(ir.Column(self.index[proposition.column]))
        divisor = positive(proposition.divisor, self.dtype, f"gamma of {proposition.column}")
        scaled = self.add(ir.Divide(value, divisor))
        truth = self.membership(scaled, cast(proposition.term.function, self.dtype, proposition.term.name))
        for hedge in reversed(proposition.hedges):
            truth = self.add(ir.Hedge(truth, hedge))
        return self.add(ir.Complement(truth)) if proposition.negated else truth

    # --- membership functions ---

    def membership(self, x: int, function: mf.MembershipFunction) -> int:
        emit = _MEMBERSHIPS[type(function)]
        return emit(self, x, function)

    def edge(self, x: int, zero: float, one: float) -> int:
        """From 0 at `zero` to 1 at `one`: rising if zero < one; a step where they are equal is rising."""
        if zero == one:
            return self.add(ir.Step(x, one, falling=False))
        width = ROUND[self.dtype](abs(one - zero))
        return self.add(ir.Clamp(self.add(ir.Ramp(x, zero, width, falling=one < zero))))

    def fall(self, x: int, one: float, zero: float) -> int:
        if zero == one:
            return self.add(ir.Step(x, one, falling=True))
        return self.edge(x, zero, one)

    def trapezoid(self, x: int, corners: tuple[float, ...]) -> int:
        a, b, c, d = corners
        return self.add(ir.Minimum(self.edge(x, a, b), self.fall(x, c, d)))

    def smooth_trapezoid(self, x: int, corners: tuple[float, ...]) -> int:
        a, b, c, d = corners
        rise, fall = self.add(ir.Smooth(self.edge(x, a, b))), self.add(ir.Smooth(self.fall(x, c, d)))
        return self.add(ir.Minimum(rise, fall))

    def bell(self, x: int, width: float, slope: float, center: float) -> int:
        exponent = ROUND[self.dtype](2.0 * slope)
        return self.add(ir.Bell(x, width, exponent, center))

    def polyline(self, x: int, points: mf.Points) -> int:
        knots = points.knots()
        segments = tuple(ir.Segment(k.x, n.x, k.right, n.left) for k, n in pairwise(knots))
        peaks = tuple((k.x, k.peak) for k in knots)
        return self.add(ir.Polyline(x, knots[0].left, segments, peaks, knots[-1].right))


_MEMBERSHIPS: Mapping[type, Callable[[_Lowering, int, mf.MembershipFunction], int]] = {
    mf.Trapezoid: lambda to, x, f: to.trapezoid(x, f.arguments),
    mf.Triangle: lambda to, x, f: to.trapezoid(x, (f.arguments[0], *f.arguments[1:2] * 2, f.arguments[2])),
    mf.Rectangle: lambda to, x, f: to.trapezoid(x, (*f.arguments[:1] * 2, *f.arguments[1:] * 2)),
    mf.Gaussian: lambda to, x, f: to.add(ir.Gauss(x, *f.arguments)),
    mf.GeneralizedBell: lambda to, x, f: to.bell(x, *f.arguments),
    mf.Sigmoid: lambda to, x, f: to.add(ir.Logistic(x, *f.arguments)),
    mf.SShape: lambda to, x, f: to.add(ir.Smooth(to.edge(x, *f.arguments))),
    mf.ZShape: lambda to, x, f: to.add(ir.Smooth(to.fall(x, *f.arguments))),
    mf.PiShape: lambda to, x, f: to.smooth_trapezoid(x, f.arguments),
    mf.Points: lambda to, x, f: to.polyline(x, f),  # type: ignore[arg-type]
}
"""How each membership function is written in IR steps, in the order of its `evaluate`."""
