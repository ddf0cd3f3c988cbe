"""IR nodes as LLVM instructions: one function for each node type.

Two forms of the same arithmetic: the plain one is right for every input; the quick one may assume that
no column holds a NaN or a value beyond `QUICK_RANGE` (the kernel has checked that for the block), and then
gives the same bits with one-instruction minima and proven multiplications in place of divisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kistdsl.backends.exact_division import PRECISION, reciprocal
from kistdsl.backends.llvm_text import HALF, ONE, TWO, ZERO, Body, constant
from kistdsl.ir import nodes as ir

QUICK_RANGE: Mapping[ir.Dtype, float] = {"float64": 2.0**400, "float32": 2.0**50}
"""Quick blocks hold only values of smaller magnitude."""
_MODERATE: Mapping[ir.Dtype, float] = {"float64": 2.0**200, "float32": 2.0**20}
"""Constants between 1 / this and this keep all intermediate results of a quick ramp normal (or zero)."""


class NodeEmitter:
    """Emits the nodes of one program, each at most once, into one `Body`."""

    def __init__(self, program: ir.Program, body: Body, columns: list[str], *, quick: bool) -> None:
        self.program, self.body, self.columns, self.quick = program, body, columns, quick
        self._values: dict[int, str] = {}
        self.moderate = moderate_nodes(program) if quick else frozenset()

    def value(self, index: int) -> str:
        """The LLVM value of a node, emitted on first use with what it needs."""
        for i in _needed(self.program, index, self._values):
            node = self.program.nodes[i]
            self._values[i] = _EMIT[type(node)](self, i, node)
        return self._values[index]

    def __getitem__(self, index: int) -> str:
        return self._values[index]

    def unclamped(self, grades: Sequence[int]) -> tuple[dict[float, list[str]], list[str]]:
        """Rule grades, as far as possible before their clamp and truth value.

        Returns:
            For each truth value the values that its rules' grades clamp and weigh, and the other grades.
            Clamping at 0 can be left to a maximum with 0 at the end: what lies below 0 stays there, and no
            -0.0 comes out.
        """
        by_truth_value: dict[float, list[str]] = {}
        others: list[str] = []
        for index in grades:
            node, truth_value = self.program.nodes[index], 1.0
            if isinstance(node, ir.Weigh):
                truth_value, node = node.truth_value, self.program.nodes[node.x]
            if isinstance(node, ir.Clamp) and _never_negative_zero(self, node.x):
                by_truth_value.setdefault(truth_value, []).append(self.value(node.x))
            else:
                others.append(self.value(index))
        return by_truth_value, others

    def quotient(self, index: int, x: str, by: float) -> str:
        """x / by, for the node `index`."""
        if index not in self.moderate:
            return self.body.div(x, constant(by))
        factors = reciprocal(by, PRECISION[self.program.dtype])
        if factors is None:
            return self.body.div(x, constant(by))
        if factors.low == 0.0:
            return self.body.mul(x, constant(factors.high))
        return self.body.call("fma", x, constant(factors.high), self.body.mul(x, constant(factors.low)))

    def in_double(self, x: str, function: Callable[[Body, str], str]) -> str:
        """`function` of x computed in double and rounded back."""
        body = self.body
        if body.type == "double":
            return function(body, x)
        wide = body.value(f"fpext float {x} to double")
        body.type = "double"
        result = function(body, wide)
        body.type = "float"
        return body.value(f"fptrunc double {result} to float")


def _needed(program: ir.Program, index: int, have: Mapping[int, str]) -> list[int]:
    """Nodes still to emit for `index`, operands first."""
    needed, stack = {index}, [index]
    while stack:
        for operand in ir.operands(program.nodes[stack.pop()]):
            if operand not in needed:
                needed.add(operand)
                stack.append(operand)
    return sorted(i for i in needed if i not in have)


def moderate_nodes(program: ir.Program) -> frozenset[int]:
    """Ramps and the divisions that only they read, whose numbers rule out overflow and underflow.

    A value that underflows in v / gamma is lost beside the ramp's zero in both forms.
    """
    limit = _MODERATE[program.dtype]

    def moderate(*numbers: float) -> bool:
        return all(1.0 / limit <= abs(x) <= limit for x in numbers)

    ramps = {
        i
        for i, node in enumerate(program.nodes)
        if isinstance(node, ir.Ramp) and moderate(node.zero, node.width)
    }
    read_elsewhere = {
        operand for i, node in enumerate(program.nodes) if i not in ramps for operand in ir.operands(node)
    }
    scales = {
        i
        for i, node in enumerate(program.nodes)
        if isinstance(node, ir.Divide) and moderate(node.by) and i not in read_elsewhere
    }
    return frozenset(ramps | scales)


# --- one function a node type -----------------------------------------------------------------


def _divide(to: NodeEmitter, i: int, n: ir.Divide) -> str:
    return to.quotient(i, to[n.x], n.by)


def _ramp(to: NodeEmitter, i: int, n: ir.Ramp) -> str:
    zero = constant(n.zero)
    distance = to.body.sub(zero, to[n.x]) if n.falling else to.body.sub(to[n.x], zero)
    return to.quotient(i, distance, n.width)


def _step(to: NodeEmitter, i: int, n: ir.Step) -> str:
    b, x = to.body, to[n.x]
    inside = b.select(b.compare("ole" if n.falling else "oge", x, constant(n.at)), ONE, ZERO)
    return inside if to.quick else b.select(b.is_nan(x), x, inside)


def _clamp(to: NodeEmitter, i: int, n: ir.Clamp) -> str:
    b, x = to.body, to[n.x]
    if to.quick and _never_negative_zero(to, n.x):
        return b.least(ONE, b.largest(ZERO, x))
    lower = b.select(b.compare("ole", x, ZERO), ZERO, x)
    return b.select(b.compare("oge", lower, ONE), ONE, lower)


def _never_negative_zero(to: NodeEmitter, index: int) -> bool:
    """A moderate ramp is +0 at its zero; minima and maxima select among such."""
    node = to.program.nodes[index]
    if isinstance(node, ir.Minimum | ir.Maximum):
        return all(_never_negative_zero(to, operand) for operand in ir.operands(node))
    return index in to.moderate or ir.is_unit(node, ())


def _smooth(to: NodeEmitter, i: int, n: ir.Smooth) -> str:
    b, x = to.body, to[n.x]
    u = b.sub(ONE, x)
    lower, upper = b.mul(TWO, b.mul(x, x)), b.sub(ONE, b.mul(TWO, b.mul(u, u)))
    return b.select(b.compare("ole", x, HALF), lower, upper)


def _gauss(to: NodeEmitter, i: int, n: ir.Gauss) -> str:
    b = to.body
    t = b.div(b.sub(to[n.x], constant(n.mean)), constant(n.sigma))
    return to.in_double(b.mul(constant(-0.5), b.mul(t, t)), lambda body, x: body.exp(x))


def _bell(to: NodeEmitter, i: int, n: ir.Bell) -> str:
    b = to.body
    t = b.call("fabs", b.div(b.sub(to[n.x], constant(n.center)), constant(n.width)))
    return b.div(ONE, b.add(ONE, to.in_double(t, lambda body, x: body.power(x, n.exponent))))


def _logistic(to: NodeEmitter, i: int, n: ir.Logistic) -> str:
    b = to.body
    t = b.neg(b.mul(b.sub(to[n.x], constant(n.center)), constant(n.slope)))
    return b.div(ONE, b.add(ONE, to.in_double(t, lambda body, x: body.exp(x))))


def _polyline(to: NodeEmitter, i: int, n: ir.Polyline) -> str:
    b, x = to.body, to[n.x]
    value = b.select(b.compare("ogt", x, constant(n.peaks[-1][0])), constant(n.behind), x)
    for s in reversed(n.segments):
        value = b.select(b.compare("olt", x, constant(s.end)), _segment(to, x, s), value)
    value = b.select(b.compare("olt", x, constant(n.peaks[0][0])), constant(n.before), value)
    for at, peak in n.peaks:
        value = b.select(b.compare("oeq", x, constant(at)), constant(peak), value)
    return value


def _segment(to: NodeEmitter, x: str, s: ir.Segment) -> str:
    b = to.body
    # These two differences of constants are folded by LLVM, rounded to the type of the arithmetic.
    rise, run = (b.sub(constant(q), constant(p)) for q, p in ((s.high, s.low), (s.end, s.start)))
    line = b.add(constant(s.low), b.mul(rise, b.div(b.sub(x, constant(s.start)), run)))
    end = constant(s.high)
    return b.select(b.compare("ogt" if s.low <= s.high else "olt", line, end), end, line)


def _hedge(to: NodeEmitter, i: int, n: ir.Hedge) -> str:
    b, x = to.body, to[n.x]
    if n.name == "very":
        return b.mul(x, x)
    if n.name == "extremely":
        return b.mul(b.mul(x, x), x)
    if n.name == "somewhat":
        return b.call("sqrt", x)
    return to.in_double(x, lambda body, wide: body.cbrt(wide))


def _minimum(to: NodeEmitter, i: int, n: ir.Minimum) -> str:
    smaller = to.body.least(to[n.a], to[n.b])
    return smaller if to.quick else to.body.select(to.body.is_nan(to[n.a]), to[n.a], smaller)


def _maximum(to: NodeEmitter, i: int, n: ir.Maximum) -> str:
    larger = to.body.largest(to[n.a], to[n.b])
    return larger if to.quick else to.body.select(to.body.is_nan(to[n.a]), to[n.a], larger)


def _probabilistic_sum(to: NodeEmitter, i: int, n: ir.ProbabilisticSum) -> str:
    b = to.body
    return b.add(to[n.a], b.mul(to[n.b], b.sub(ONE, to[n.a])))


def _bounded_difference(to: NodeEmitter, i: int, n: ir.BoundedDifference) -> str:
    b = to.body
    t = b.sub(b.add(to[n.a], to[n.b]), ONE)
    return b.select(b.compare("ole", t, ZERO), ZERO, t)


def _bounded_sum(to: NodeEmitter, i: int, n: ir.BoundedSum) -> str:
    b = to.body
    t = b.add(to[n.a], to[n.b])
    return b.select(b.compare("oge", t, ONE), ONE, t)


_EMIT: Mapping[type, Callable[[NodeEmitter, int, Any], str]] = {
    ir.Column: lambda to, i, n: to.columns[n.index],
    ir.Divide: _divide,
    ir.Ramp: _ramp,
    ir.Step: _step,
    ir.Clamp: _clamp,
    ir.Smooth: _smooth,
    ir.Gauss: _gauss,
    ir.Bell: _bell,
    ir.Logistic: _logistic,
    ir.Polyline: _polyline,
    ir.Hedge: _hedge,
    ir.Complement: lambda to, i, n: to.body.sub(ONE, to[n.x]),
    ir.Minimum: _minimum,
    ir.Maximum: _maximum,
    ir.Product: lambda to, i, n: to.body.mul(to[n.a], to[n.b]),
    ir.ProbabilisticSum: _probabilistic_sum,
    ir.BoundedDifference: _bounded_difference,
    ir.BoundedSum: _bounded_sum,
    ir.Weigh: lambda to, i, n: to.body.mul(to[n.x], constant(n.truth_value)),
}
"""How each node type is written in LLVM."""
