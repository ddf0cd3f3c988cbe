"""`kistdsl build --target onnx`: the rules as an ONNX model for onnxruntime and others.

Opset 17. Input `regions`: (N, P), the properties in the order of the metadata's `properties`, NaN where
unknown. Outputs: `grade` (N,), `rule` and `target` (N,) int64 places in the metadata's `rules` and
`classes` (-1 where grade is NaN), `anomalous` (N,) bool, `rule_grades` (N, R). The runtime's own Exp and Pow
are used: grades agree with the reference within `kistdsl.backends.tolerances`, not to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kistdsl._version import __version__
from kistdsl.diagnostics import InputError
from kistdsl.ir import nodes as ir
from kistdsl.ir.lower import lower
from kistdsl.ir.passes import optimise
from kistdsl.language import checked

OPSET = 17
IR_VERSION = 8
_TYPES: Mapping[ir.Dtype, int] = {"float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT}


def to_onnx(program: checked.Program, dtype: ir.Dtype = "float64") -> bytes:
    """The rules as a serialised model; input, arithmetic and grades in `dtype`.

    Raises:
        InputError: there is no rule, or `dtype` cannot hold a number of the rules.
    """
    if not program.rules:
        raise InputError(f"{program.name}: no rule, so there is nothing to build a model from")
    lowered = optimise(lower(program, dtype))
    graph = _Graph(lowered)
    graph.write()
    float_type, n = _TYPES[dtype], "N"
    made = helper.make_graph(
        graph.nodes,
        "kistdsl",
        [helper.make_tensor_value_info("regions", float_type, [n, len(program.columns)])],
        [
            helper.make_tensor_value_info("grade", float_type, [n]),
            helper.make_tensor_value_info("rule", TensorProto.INT64, [n]),
            helper.make_tensor_value_info("target", TensorProto.INT64, [n]),
            helper.make_tensor_value_info("anomalous", TensorProto.BOOL, [n]),
            helper.make_tensor_value_info("rule_grades", float_type, [n, len(program.rules)]),
        ],
        graph.constants,
    )
    model = helper.make_model(
        made,
        producer_name="kistdsl",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, _metadata(program))
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString()
    return serialised


def _metadata(program: checked.Program) -> dict[str, str]:
    """What the model is of; lists as JSON."""
    return {
        "product": program.product or "",
        "source_hash": program.source_hash,
        "alpha": repr(program.alpha),
        "properties": json.dumps([c.name for c in program.columns]),
        "units": json.dumps([c.spec.unit for c in program.columns]),
        "rules": json.dumps([rule.name for rule in program.rules]),
        "classes": json.dumps(program.classes),
    }


class _Graph:
    """Appends ONNX nodes; every method returns the name of its result."""

    def __init__(self, program: ir.Program) -> None:
        self.program, self.dtype = program, np.dtype(program.dtype)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.values: list[str] = []
        self._known: dict[tuple[str, str, bytes], str] = {}

    def op(self, kind: str, *inputs: str | float, to: str | None = None, **attributes: Any) -> str:
        if kind in ("Mul", "Div") and any(_looks_like(1.0, i) for i in inputs):
            inputs = tuple(-i if isinstance(i, float) else self.op("Neg", i) for i in inputs)
        if kind == "Add" and _looks_like(0.0, inputs[0]):
            inputs = inputs[::-1]
        if kind in ("Add", "Sub") and _looks_like(0.0, inputs[1]):
            x, c = inputs[0], float(inputs[1])
            return self.op("Neg", self.op("Sub", -c if kind == "Add" else c, x))
        names = [self.number(i) if isinstance(i, float) else i for i in inputs]
        name = to or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [name], **attributes))
        return name

    def array(self, value: np.ndarray[Any, Any]) -> str:
        key = (str(value.dtype), str(value.shape), value.tobytes())
        if key not in self._known:
            self._known[key] = name = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(value, name))
        return self._known[key]

    def number(self, value: float) -> str:
        return self.array(np.array(value, self.dtype))

    def integers(self, *values: int) -> str:
        return self.array(np.array(values, np.int64))

    def write(self) -> None:
        """All nodes, then the outputs."""
        for node in self.program.nodes:
            self.values.append(_EMIT[type(node)](self, node))
        axis = self.integers(1)
        grades = [self.op("Unsqueeze", self.values[rule.grade], axis) for rule in self.program.rules]
        matrix = self.op("Concat", *grades, to="rule_grades", axis=1)
        missing = self.op("IsNaN", matrix)
        count = self.op("ReduceSum", self._ones(missing), axis, keepdims=0)
        unknown = self.op("Greater", count, self.array(np.array(0, np.int64)))
        known = self.op("Where", missing, -1.0, matrix)
        best = self.op("ReduceMax", known, axes=[1], keepdims=0)
        grade = self.op("Where", unknown, float("nan"), best, to="grade")
        none = self.array(np.array(-1, np.int64))
        first = self.op("ArgMax", known, axis=1, keepdims=0)
        self.op("Where", unknown, none, first, to="rule")
        targets = self.integers(*(rule.target for rule in self.program.rules))
        self.op("Where", unknown, none, self.op("Gather", targets, first), to="target")
        self.op("GreaterOrEqual", grade, self.program.alpha, to="anomalous")

    def _ones(self, holds: str) -> str:
        """1 where `holds`, else 0, as int64."""
        one, zero = self.array(np.array(1, np.int64)), self.array(np.array(0, np.int64))
        return self.op("Where", holds, one, zero)


def _looks_like(neutral: float, value: str | float) -> bool:
    """Whether onnxruntime would drop an operation with this constant, which it rounds to single precision first.

    Seen up to version 1.32 (its NoopElimination): x - 1e-160 becomes x, and so does x / 1.00000001. A sum with
    the constant in front, and factors of -1.00000001, stay.
    """
    with np.errstate(over="ignore"):  # what is beyond float32 is infinite there
        return isinstance(value, float) and value != neutral and float(np.float32(value)) == neutral


def _ramp(g: _Graph, n: ir.Ramp) -> str:
    x = g.values[n.x]
    difference = g.op("Sub", n.zero, x) if n.falling else g.op("Sub", x, n.zero)
    return g.op("Div", difference, n.width)


def _step(g: _Graph, n: ir.Step) -> str:
    x = g.values[n.x]
    holds = g.op("LessOrEqual" if n.falling else "GreaterOrEqual", x, n.at)
    return g.op("Where", g.op("IsNaN", x), x, g.op("Where", holds, 1.0, 0.0))


def _clamp(g: _Graph, n: ir.Clamp) -> str:
    x = g.values[n.x]
    below = g.op("Where", g.op("GreaterOrEqual", x, 1.0), 1.0, x)
    return g.op("Where", g.op("LessOrEqual", x, 0.0), 0.0, below)


def _smooth(g: _Graph, n: ir.Smooth) -> str:
    x = g.values[n.x]
    u = g.op("Sub", 1.0, x)
    rising = g.op("Mul", 2.0, g.op("Mul", x, x))
    falling = g.op("Sub", 1.0, g.op("Mul", 2.0, g.op("Mul", u, u)))
    return g.op("Where", g.op("LessOrEqual", x, 0.5), rising, falling)


def _gauss(g: _Graph, n: ir.Gauss) -> str:
    t = g.op("Div", g.op("Sub", g.values[n.x], n.mean), n.sigma)
    return g.op("Exp", g.op("Mul", -0.5, g.op("Mul", t, t)))


def _bell(g: _Graph, n: ir.Bell) -> str:
    t = g.op("Abs", g.op("Div", g.op("Sub", g.values[n.x], n.center), n.width))
    return g.op("Div", 1.0, g.op("Add", 1.0, g.op("Pow", t, n.exponent)))


def _logistic(g: _Graph, n: ir.Logistic) -> str:
    t = g.op("Mul", g.op("Sub", g.values[n.x], n.center), n.slope)
    return g.op("Div", 1.0, g.op("Add", 1.0, g.op("Exp", g.op("Neg", t))))


def _segment(g: _Graph, x: str, s: ir.Segment) -> str:
    t = g.op("Div", g.op("Sub", x, s.start), float(g.dtype.type(s.end) - g.dtype.type(s.start)))
    rise = float(g.dtype.type(s.high) - g.dtype.type(s.low))
    line = g.op("Add", s.low, g.op("Mul", rise, t))
    past = g.op("Greater" if s.low <= s.high else "Less", line, s.high)
    return g.op("Where", past, s.high, line)


def _polyline(g: _Graph, n: ir.Polyline) -> str:
    x = g.values[n.x]
    value = g.op("Where", g.op("IsNaN", x), x, n.behind)
    for s in reversed(n.segments):
        value = g.op("Where", g.op("Less", x, s.end), _segment(g, x, s), value)
    value = g.op("Where", g.op("Less", x, n.peaks[0][0]), n.before, value)
    for at, peak in n.peaks:
        value = g.op("Where", g.op("Equal", x, at), peak, value)
    return value


def _hedge(g: _Graph, n: ir.Hedge) -> str:
    x = g.values[n.x]
    if n.name in ("very", "extremely"):
        square = g.op("Mul", x, x)
        return square if n.name == "very" else g.op("Mul", square, x)
    return g.op("Sqrt", x) if n.name == "somewhat" else g.op("Pow", x, 1.0 / 3.0)


def _choose(g: _Graph, n: ir.Minimum | ir.Maximum) -> str:
    """Where, not Min: what that makes of NaN is up to each runtime."""
    a, b = g.values[n.a], g.values[n.b]
    chosen = g.op("Where", g.op("Less" if isinstance(n, ir.Minimum) else "Greater", a, b), a, b)
    return g.op("Where", g.op("IsNaN", a), a, chosen)


def _bounded_difference(g: _Graph, n: ir.BoundedDifference) -> str:
    t = g.op("Sub", g.op("Add", g.values[n.a], g.values[n.b]), 1.0)
    return g.op("Where", g.op("LessOrEqual", t, 0.0), 0.0, t)


def _bounded_sum(g: _Graph, n: ir.BoundedSum) -> str:
    t = g.op("Add", g.values[n.a], g.values[n.b])
    return g.op("Where", g.op("GreaterOrEqual", t, 1.0), 1.0, t)


def _probabilistic_sum(g: _Graph, n: ir.ProbabilisticSum) -> str:
    a, b = g.values[n.a], g.values[n.b]
    return g.op("Add", a, g.op("Mul", b, g.op("Sub", 1.0, a)))


_EMIT: Mapping[type, Callable[[_Graph, Any], str]] = {
    ir.Column: lambda g, n: g.op("Gather", "regions", g.array(np.array(n.index, np.int64)), axis=1),
    ir.Divide: lambda g, n: g.op("Div", g.values[n.x], n.by),
    ir.Ramp: _ramp,
    ir.Step: _step,
    ir.Clamp: _clamp,
    ir.Smooth: _smooth,
    ir.Gauss: _gauss,
    ir.Bell: _bell,
    ir.Logistic: _logistic,
    ir.Polyline: _polyline,
    ir.Hedge: _hedge,
    ir.Complement: lambda g, n: g.op("Sub", 1.0, g.values[n.x]),
    ir.Minimum: _choose,
    ir.Maximum: _choose,
    ir.Product: lambda g, n: g.op("Mul", g.values[n.a], g.values[n.b]),
    ir.ProbabilisticSum: _probabilistic_sum,
    ir.BoundedDifference: _bounded_difference,
    ir.BoundedSum: _bounded_sum,
    ir.Weigh: lambda g, n: g.op("Mul", g.values[n.x], n.truth_value),
}
"""A few ONNX nodes for each node type."""
