"""The program as array operations, block by block: no compilation, nothing but NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.backends import numpy_math as exact
from kistdsl.backends.base import NO_RULE, Columns, Winners
from kistdsl.ir import nodes as ir
from kistdsl.ir.printer import to_text

Array: TypeAlias = NDArray[Any]

BLOCK = 8192
"""Rows at a time: the intermediate results of a block stay in the second-level cache."""


class NumpyBackend:
    """Makes `NumpyKernel`s."""

    name = "numpy"

    def compile(self, program: ir.Program) -> NumpyKernel:
        return NumpyKernel(program)

    def source(self, program: ir.Program, kind: str = "grade", stage: str = "assembly") -> str:
        """The IR itself: this backend walks it."""
        return to_text(program)


class NumpyKernel:
    """See `kistdsl.backends.base.Kernel`. `threads` is accepted and ignored: always serial."""

    def __init__(self, program: ir.Program) -> None:
        self.program = program
        self._dtype = np.dtype(program.dtype)

    def grade(
        self,
        columns: Columns,
        *,
        skip_missing: bool = False,
        threads: int | None = 1,
        out: Array | None = None,
    ) -> Array:
        if out is None:
            out = np.empty(_rows(columns), self._dtype)
        join = np.fmax if skip_missing else np.maximum
        live = self.program.live_rules
        if not live:
            out.fill(0.0)
            return out
        for rows, nodes in self._blocks(columns):
            first, *rest = (nodes[rule.grade] for _, rule in live)
            target = out[rows]
            target[...] = first
            for grade in rest:
                join(target, grade, out=target)
        return out

    def evaluate(self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1) -> Winners:
        n = _rows(columns)
        grade = np.zeros(n, self._dtype)
        rule, target = np.full(n, NO_RULE, np.int32), np.full(n, NO_RULE, np.int32)
        if self.program.live_rules:
            for rows, nodes in self._blocks(columns):
                self._winners(nodes, skip_missing, grade[rows], rule[rows], target[rows])
        return Winners(grade, rule, target)

    def _winners(
        self, nodes: list[Array], skip_missing: bool, grade: Array, rule: Array, target: Array
    ) -> None:
        """Fill one block's grade, rule and target."""
        grade.fill(np.nan)
        missing = np.zeros(grade.shape, bool)
        for index, each in self.program.live_rules:
            value = nodes[each.grade]
            unknown = np.isnan(value)
            missing |= unknown
            better = ~(value <= grade) & ~unknown
            grade[better] = value[better]
            rule[better] = index
            target[better] = each.target
        if not skip_missing:
            grade[missing] = np.nan
        unknown = np.isnan(grade)
        rule[unknown] = NO_RULE
        target[unknown] = NO_RULE

    def matrix(self, columns: Columns, *, threads: int | None = 1) -> Array:
        out = np.empty((_rows(columns), len(self.program.rules)), self._dtype)
        for rows, nodes in self._blocks(columns):
            for j, rule in enumerate(self.program.rules):
                out[rows, j] = nodes[rule.grade]
        return out

    def decide(
        self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1
    ) -> NDArray[np.bool_]:
        grade = self.grade(columns, skip_missing=skip_missing)
        return np.greater_equal(grade, self._dtype.type(self.program.alpha))

    def grade_one(self, *values: float) -> float:
        return float(self.grade([np.array([value], self._dtype) for value in values])[0])

    def _blocks(self, columns: Columns) -> Iterator[tuple[slice, list[Array]]]:
        """(rows, value of every node on these rows)."""
        with np.errstate(all="ignore"):
            for start in range(0, _rows(columns), BLOCK):
                rows = slice(start, start + BLOCK)
                block = [np.asarray(column[rows], self._dtype) for column in columns]
                values: list[Array] = []
                for node in self.program.nodes:
                    values.append(_EMIT[type(node)](values, node, block))
                yield rows, values


def _rows(columns: Columns) -> int:
    return len(columns[0]) if columns else 0


def _ramp(v: list[Array], n: ir.Ramp, c: list[Array]) -> Array:
    return (n.zero - v[n.x] if n.falling else v[n.x] - n.zero) / n.width


def _step(v: list[Array], n: ir.Step, c: list[Array]) -> Array:
    x = v[n.x]
    holds = x <= n.at if n.falling else x >= n.at
    return np.where(np.isnan(x), x, holds.astype(x.dtype))


def _clamp(v: list[Array], n: ir.Clamp, c: list[Array]) -> Array:
    clamped = np.minimum(np.maximum(v[n.x], 0.0), 1.0)
    return np.add(clamped, 0.0, out=clamped)  # -0.0 becomes 0.0


def _smooth(v: list[Array], n: ir.Smooth, c: list[Array]) -> Array:
    x = v[n.x]
    u = 1.0 - x
    return np.where(x <= 0.5, 2.0 * (x * x), 1.0 - 2.0 * (u * u))


def _gauss(v: list[Array], n: ir.Gauss, c: list[Array]) -> Array:
    t = (v[n.x] - n.mean) / n.sigma
    return exact.exp((-0.5 * (t * t)).astype(np.float64)).astype(t.dtype)


def _bell(v: list[Array], n: ir.Bell, c: list[Array]) -> Array:
    t = np.abs((v[n.x] - n.center) / n.width)
    return 1.0 / (1.0 + exact.power(t.astype(np.float64), n.exponent).astype(t.dtype))


def _logistic(v: list[Array], n: ir.Logistic, c: list[Array]) -> Array:
    t = (v[n.x] - n.center) * n.slope
    return 1.0 / (1.0 + exact.exp((-t).astype(np.float64)).astype(t.dtype))


def _polyline(v: list[Array], n: ir.Polyline, c: list[Array]) -> Array:
    x = v[n.x]
    last = n.peaks[-1][0]
    value = np.where(x > last, x.dtype.type(n.behind), x)
    for s in reversed(n.segments):
        line = s.low + (s.high - s.low) * ((x - s.start) / (x.dtype.type(s.end) - x.dtype.type(s.start)))
        line = np.minimum(line, s.high) if s.low <= s.high else np.maximum(line, s.high)
        value = np.where(x < s.end, line, value)
    value = np.where(x < n.peaks[0][0], x.dtype.type(n.before), value)
    for at, peak in n.peaks:
        value = np.where(x == at, x.dtype.type(peak), value)
    return value


def _hedge(v: list[Array], n: ir.Hedge, c: list[Array]) -> Array:
    return _HEDGES[n.name](v[n.x])


_HEDGES: Mapping[str, Callable[[Array], Array]] = {
    "very": lambda x: x * x,
    "extremely": lambda x: (x * x) * x,
    "somewhat": np.sqrt,
    "slightly": lambda x: exact.cbrt(x.astype(np.float64)).astype(x.dtype),
}


def _bounded_difference(v: list[Array], n: ir.BoundedDifference, c: list[Array]) -> Array:
    t = (v[n.a] + v[n.b]) - 1.0
    return np.where(t <= 0.0, t.dtype.type(0.0), t)


_EMIT: Mapping[type, Callable[[list[Array], Any, list[Array]], Array]] = {
    ir.Column: lambda v, n, c: c[n.index],
    ir.Divide: lambda v, n, c: v[n.x] / n.by,
    ir.Ramp: _ramp,
    ir.Step: _step,
    ir.Clamp: _clamp,
    ir.Smooth: _smooth,
    ir.Gauss: _gauss,
    ir.Bell: _bell,
    ir.Logistic: _logistic,
    ir.Polyline: _polyline,
    ir.Hedge: _hedge,
    ir.Complement: lambda v, n, c: 1.0 - v[n.x],
    ir.Minimum: lambda v, n, c: np.minimum(v[n.a], v[n.b]),
    ir.Maximum: lambda v, n, c: np.maximum(v[n.a], v[n.b]),
    ir.Product: lambda v, n, c: v[n.a] * v[n.b],
    ir.ProbabilisticSum: lambda v, n, c: v[n.a] + v[n.b] * (1.0 - v[n.a]),
    ir.BoundedDifference: _bounded_difference,
    ir.BoundedSum: lambda v, n, c: np.minimum(v[n.a] + v[n.b], 1.0),
    ir.Weigh: lambda v, n, c: v[n.x] * n.truth_value,
}
"""One array expression for each node type."""
