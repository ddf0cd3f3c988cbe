"""IR nodes of one operand, on one number: what their docstrings say, as code.

Used where the compiler itself has to know values: alpha-cuts. `scalar` is float, or NumPy's float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from kistdsl.ir import nodes as ir
from kistdsl.language import exactmath
from kistdsl.language.memberships import HEDGES

Scalar: TypeAlias = Callable[[float], Any]
SCALARS: Mapping[ir.Dtype, Scalar] = {"float64": float, "float32": np.float32}


def apply(node: ir.Node, x: float, dtype: ir.Dtype) -> float:
    """Value of a node whose operand is x, as a Python float. NaN for NaN.

    Raises:
        KeyError: the node has no operand, or two.
    """
    if dtype == "float64":
        return float(_APPLY[type(node)](node, x, float))
    scalar = SCALARS[dtype]
    with np.errstate(all="ignore"):  # overflow to inf is part of the arithmetic
        return float(_APPLY[type(node)](node, scalar(x), scalar))


def _ramp(n: ir.Ramp, x: Any, scalar: Scalar) -> Any:
    distance = scalar(n.zero) - x if n.falling else x - scalar(n.zero)
    return distance / scalar(n.width)


def _step(n: ir.Step, x: Any, scalar: Scalar) -> Any:
    return x if x != x else float(x <= n.at if n.falling else x >= n.at)


def _clamp(n: ir.Clamp, x: Any, scalar: Scalar) -> Any:
    return 0.0 if x <= 0.0 else 1.0 if x >= 1.0 else x


def _smooth(n: ir.Smooth, x: Any, scalar: Scalar) -> Any:
    u = 1.0 - x
    return 2.0 * (x * x) if x <= 0.5 else 1.0 - 2.0 * (u * u)


def _gauss(n: ir.Gauss, x: Any, scalar: Scalar) -> Any:
    t = (x - scalar(n.mean)) / scalar(n.sigma)
    return scalar(exactmath.exp(float(-0.5 * (t * t))))


def _bell(n: ir.Bell, x: Any, scalar: Scalar) -> Any:
    t = abs((x - scalar(n.center)) / scalar(n.width))
    return 1.0 / (1.0 + scalar(exactmath.power(float(t), n.exponent)))


def _logistic(n: ir.Logistic, x: Any, scalar: Scalar) -> Any:
    t = (x - scalar(n.center)) * scalar(n.slope)
    return 1.0 / (1.0 + scalar(exactmath.exp(float(-t))))


def _polyline(n: ir.Polyline, x: Any, scalar: Scalar) -> Any:
    for at, peak in n.peaks:
        if x == at:
            return peak
    if x < n.peaks[0][0]:
        return n.before
    for s in n.segments:
        if x < s.end:
            run = (x - scalar(s.start)) / (scalar(s.end) - scalar(s.start))
            line = scalar(s.low) + (scalar(s.high) - scalar(s.low)) * run
            return min(line, s.high) if s.low <= s.high else max(line, s.high)
    return n.behind if x > n.peaks[-1][0] else x


_APPLY: Mapping[type, Callable[[Any, Any, Scalar], Any]] = {
    ir.Divide: lambda n, x, scalar: x / scalar(n.by),
    ir.Ramp: _ramp,
    ir.Step: _step,
    ir.Clamp: _clamp,
    ir.Smooth: _smooth,
    ir.Gauss: _gauss,
    ir.Bell: _bell,
    ir.Logistic: _logistic,
    ir.Polyline: _polyline,
    ir.Hedge: lambda n, x, scalar: HEDGES[n.name].evaluate(x),
    ir.Complement: lambda n, x, scalar: 1.0 - x,
    ir.Weigh: lambda n, x, scalar: x * scalar(n.truth_value),
}
