"""The program as tensor operations on the CPU, block by block.

For rules inside a network, on any device and with gradients: `kistdsl.backends.torch_module`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kistdsl.backends import torch_math as tm
from kistdsl.backends.base import NO_RULE, Columns, Winners
from kistdsl.ir import nodes as ir
from kistdsl.ir.printer import to_text
from kistdsl.language.exactmath import is_whole_power

Array: TypeAlias = NDArray[Any]

BLOCK = 65536
"""Rows at a time: bounds the memory of intermediate results."""
_DTYPES: Mapping[ir.Dtype, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}


class TorchBackend:
    """Makes `TorchKernel`s."""

    name = "torch"

    def compile(self, program: ir.Program) -> TorchKernel:
        return TorchKernel(program)

    def source(self, program: ir.Program, kind: str = "grade", stage: str = "assembly") -> str:
        """The IR itself: this backend walks it."""
        return to_text(program)


class TorchKernel:
    """See `kistdsl.backends.base.Kernel`. `threads` is ignored: torch has a setting of its own."""

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
        out[...] = self.evaluate(columns, skip_missing=skip_missing).grade
        return out

    def evaluate(self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1) -> Winners:
        n, live = _rows(columns), self.program.live_rules
        grade = np.zeros(n, self._dtype)
        rule, target = np.full(n, NO_RULE, np.int32), np.full(n, NO_RULE, np.int32)
        if live:
            # NO_RULE, -1, picks the last entry
            rules = np.array([*(i for i, _ in live), NO_RULE], np.int32)
            targets = np.array([*(r.target for _, r in live), NO_RULE], np.int32)
            for rows, nodes in self._blocks(columns):
                best, index = tm.winners([nodes[r.grade] for _, r in live], skip_missing)
                grade[rows], rule[rows], target[rows] = best, rules[index], targets[index]
        return Winners(grade, rule, target)

    def matrix(self, columns: Columns, *, threads: int | None = 1) -> Array:
        out = np.empty((_rows(columns), len(self.program.rules)), self._dtype)
        for rows, nodes in self._blocks(columns):
            for j, rule in enumerate(self.program.rules):
                out[rows, j] = nodes[rule.grade]
        return out

    def decide(
        self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1
    ) -> NDArray[np.bool_]:
        return np.greater_equal(
            self.grade(columns, skip_missing=skip_missing), self._dtype.type(self.program.alpha)
        )

    def grade_one(self, *values: float) -> float:
        return float(self.grade([np.array([value], self._dtype) for value in values])[0])

    def _blocks(self, columns: Columns) -> Iterator[tuple[slice, list[Tensor]]]:
        """(rows, value of every node on these rows)."""
        dtype = _DTYPES[self.program.dtype]
        with torch.inference_mode():
            for start in range(0, _rows(columns), BLOCK):
                rows = slice(start, start + BLOCK)
                with np.errstate(over="ignore"):
                    # a copy: native byte order, positive strides, and writable, as torch wants it
                    block = [torch.from_numpy(np.array(c[rows], self._dtype)) for c in columns]
                values: list[Tensor] = []
                for node in self.program.nodes:
                    values.append(_EMIT[type(node)](_Step(values, block, dtype), node))
                yield rows, values


def _rows(columns: Columns) -> int:
    return len(columns[0]) if columns else 0


class _Step:
    """What a node may read: earlier values, the columns, and its own constants as tensors."""

    def __init__(self, values: list[Tensor], columns: list[Tensor], dtype: torch.dtype) -> None:
        self.values, self.columns, self.dtype = values, columns, dtype

    def __call__(self, index: int) -> Tensor:
        return self.values[index]

    def number(self, value: float) -> Tensor:
        return torch.tensor(value, dtype=self.dtype)


def _bell(s: _Step, n: ir.Bell) -> Tensor:
    whole = int(n.exponent) if is_whole_power(n.exponent) else None
    return tm.bell(s(n.x), s.number(n.width), s.number(n.exponent), s.number(n.center), whole)


def _polyline(s: _Step, n: ir.Polyline) -> Tensor:
    x = s(n.x)
    pieces = [
        (p.end, tm.segment(x, *(s.number(v) for v in (p.start, p.end, p.low, p.high)))) for p in n.segments
    ]
    value = torch.where(torch.isnan(x), math.nan, s.number(n.behind))
    for end, line in reversed(pieces):
        value = torch.where(x < end, line, value)
    value = torch.where(x < n.peaks[0][0], s.number(n.before), value)
    for at, peak in n.peaks:
        value = torch.where(x == at, s.number(peak), value)
    return value


_EMIT: Mapping[type, Callable[[_Step, Any], Tensor]] = {
    ir.Column: lambda s, n: s.columns[n.index],
    ir.Divide: lambda s, n: s(n.x) / s.number(n.by),
    ir.Ramp: lambda s, n: tm.ramp(s(n.x), s.number(n.zero), s.number(n.width), falling=n.falling),
    ir.Step: lambda s, n: tm.step(s(n.x), s.number(n.at), falling=n.falling),
    ir.Clamp: lambda s, n: tm.unit(s(n.x)),
    ir.Smooth: lambda s, n: tm.smooth(s(n.x)),
    ir.Gauss: lambda s, n: tm.gauss(s(n.x), s.number(n.mean), s.number(n.sigma)),
    ir.Bell: _bell,
    ir.Logistic: lambda s, n: tm.logistic(s(n.x), s.number(n.slope), s.number(n.center)),
    ir.Polyline: _polyline,
    ir.Hedge: lambda s, n: tm.HEDGES[n.name](s(n.x)),
    ir.Complement: lambda s, n: 1.0 - s(n.x),
    ir.Minimum: lambda s, n: torch.minimum(s(n.a), s(n.b)),
    ir.Maximum: lambda s, n: torch.maximum(s(n.a), s(n.b)),
    ir.Product: lambda s, n: s(n.a) * s(n.b),
    ir.ProbabilisticSum: lambda s, n: tm.probabilistic_sum(s(n.a), s(n.b)),
    ir.BoundedDifference: lambda s, n: tm.bounded_difference(s(n.a), s(n.b)),
    ir.BoundedSum: lambda s, n: tm.bounded_sum(s(n.a), s(n.b)),
    ir.Weigh: lambda s, n: s(n.x) * s.number(n.truth_value),
}
"""One tensor expression for each node type."""
