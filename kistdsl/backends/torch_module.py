"""Rules as an `nn.Module`: any device, differentiable, for `torch.compile` and `torch.export`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from kistdsl.backends import torch_math as tm
from kistdsl.diagnostics import InputError
from kistdsl.ir.nodes import DTYPES, Dtype
from kistdsl.ir.rounding import cast
from kistdsl.language import checked
from kistdsl.language import memberships as mf
from kistdsl.language.exactmath import is_whole_power

TRAINABLE = ("gammas", "terms", "truth_values")
LEAST_SHARE = 1e-3
"""Of an edge's width or a bell's size as written: `project` keeps at least that much."""


class _Rules(Protocol):
    @property
    def program(self) -> checked.Program: ...


class RuleModule(nn.Module):
    """Grades of regions (eq. 4, 7), as a layer.

    In float64 on the CPU the grades are the reference's to the last bit, except memberships gbellmf with
    trainable terms, which agree within 1e-12. Gradients hold at finite values; where an edge is vertical
    there is none. Training may move terms out of order: see `project`.

    Attributes:
        gammas: (P,) scale factors, in the order of `properties`.
        truth_values: (R,) of the rules, in file order.
        term_0, term_1, ...: numbers of each term as the language writes them; `terms` has them by name.
        properties: names of the columns of the input.
    """

    gammas: Tensor
    truth_values: Tensor

    def __init__(
        self, rules: checked.Program | _Rules, *, dtype: Dtype = "float64", trainable: Collection[str] = ()
    ) -> None:
        """Make the layer.

        Args:
            rules: a `RuleSet` or its checked program; at least one rule.
            dtype: of parameters, arithmetic and grades.
            trainable: which numbers are parameters: "gammas", "terms", "truth_values"; the others are buffers.

        Raises:
            InputError: there is no rule, a word in `trainable` is none of these, dtype is neither "float64" nor
                "float32", or cannot hold a number.
        """
        super().__init__()
        if dtype not in DTYPES:
            raise InputError(f"dtype {dtype!r}: choose one of {', '.join(DTYPES)}")
        if unknown := set(trainable) - set(TRAINABLE):
            raise InputError(f"trainable {sorted(unknown)[0]!r}: choose from {', '.join(TRAINABLE)}")
        program = rules if isinstance(rules, checked.Program) else rules.program
        if not program.rules:
            raise InputError(f"{program.name}: no rule, so there is nothing to grade with")
        self.program, self.alpha = program, program.alpha
        self.properties = tuple(column.name for column in program.columns)
        self._trainable, self._kind = frozenset(trainable), getattr(torch, dtype)
        self._gamma_of = {column.name: column.gamma for column in program.columns}
        self._functions: list[mf.MembershipFunction] = []
        self._keys: dict[tuple[str | None, str, mf.MembershipFunction], int] = {}
        self._hold("gammas", "gammas", [column.gamma for column in program.columns])
        self._hold("truth_values", "truth_values", [rule.truth_value for rule in program.rules])
        for rule in program.rules:
            for proposition in _propositions(rule.condition):
                self._add(proposition.term, dtype)

    def _hold(self, name: str, group: str, values: Collection[float]) -> None:
        """A parameter or a buffer, as asked."""
        tensor = torch.tensor(list(values), dtype=self._kind)
        if group in self._trainable:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor)

    def _add(self, term: checked.Term, dtype: Dtype) -> None:
        key = (term.column, term.name, term.function)
        if key not in self._keys:
            function = cast(term.function, dtype, term.name)
            self._hold(f"term_{len(self._functions)}", "terms", function.arguments)
            self._keys[key] = len(self._functions)
            self._functions.append(function)

    @property
    def terms(self) -> dict[str, Tensor]:
        """Numbers of each term, by its name; a property's own term as `property.term`."""
        return {
            f"{column}.{name}" if column else name: getattr(self, f"term_{i}")
            for (column, name, _), i in self._keys.items()
        }

    def forward(self, regions: Tensor | Mapping[str, Tensor]) -> Tensor:
        """Anomaly grades.

        Args:
            regions: (..., P) in the order of `properties`, or a tensor (...) for each name; any real dtype,
                on the module's device, in each property's own unit.

        Returns:
            (...) in [0, 1]; NaN where a property that a rule reads is NaN.

        Raises:
            InputError: a property is missing, or the last size is not P.
        """
        return self.rule_grades(regions).amax(-1)

    def rule_grades(self, regions: Tensor | Mapping[str, Tensor]) -> Tensor:
        """(..., R) grade of every rule, in file order; arguments as in `forward`. Equation: (4)."""
        values = self._columns(regions)
        known: dict[checked.Proposition, Tensor] = {}
        truths = [self._truth(rule.condition, values, known) for rule in self.program.rules]
        shared = torch.broadcast_tensors(*truths)  # type: ignore[no-untyped-call]
        return torch.stack(shared, -1) * self.truth_values

    def evaluate(self, regions: Tensor | Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """(grade, place of the first rule that has it or -1 where grade is NaN), each (...)."""
        return tm.winners(list(self.rule_grades(regions).unbind(-1)), skip_missing=False)

    @torch.no_grad()
    def project(self) -> None:
        """Put trained numbers back where they mean something: call it after each optimiser step.

        Gammas stay above 0, truth values in (0, 1], the edges of trapmf, trimf, rectmf, smf, zmf and pimf and the
        x of `points` in order, its y in [0, 1]. What was written with a size keeps a thousandth of it and at
        least one step between floats: the distance of two edges, sigma, the width and slope of gbellmf.
        """
        self.gammas.clamp_(min=1e-12)
        self.truth_values.clamp_(1e-6, 1.0)
        for i, function in enumerate(self._functions):
            _project(getattr(self, f"term_{i}"), function)

    def _columns(self, regions: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        dtype = self.truth_values.dtype
        if isinstance(regions, Tensor):
            if regions.ndim == 0 or regions.shape[-1] != len(self.properties):
                names = ", ".join(self.properties)
                raise InputError(
                    f"regions of shape {tuple(regions.shape)}: the last size must be {len(self.properties)} ({names})"
                )
            return dict(zip(self.properties, regions.to(dtype).unbind(-1), strict=True))
        for name in self.properties:
            if name not in regions:
                raise InputError(f"regions have no property {name!r}")
        return {name: regions[name].to(dtype) for name in self.properties}

    def _truth(
        self,
        condition: checked.Condition,
        values: Mapping[str, Tensor],
        known: dict[checked.Proposition, Tensor],
    ) -> Tensor:
        if isinstance(condition, checked.Proposition):
            if condition not in known:
                known[condition] = self._proposition(condition, values)
            return known[condition]
        if isinstance(condition, checked.Not):
            return 1.0 - self._truth(condition.operand, values, known)
        table = tm.CONJUNCTION if isinstance(condition, checked.And) else tm.DISJUNCTION
        join = table[self.program.norms]
        first, *rest = (self._truth(operand, values, known) for operand in condition.operands)
        for other in rest:
            first = join(first, other)
        return first

    def _proposition(self, proposition: checked.Proposition, values: Mapping[str, Tensor]) -> Tensor:
        x, term = values[proposition.column], proposition.term
        if term.column is None and proposition.divisor == self._gamma_of[proposition.column]:
            x = x / self.gammas[self.properties.index(proposition.column)]
        i = self._keys[term.column, term.name, term.function]
        function = self._functions[i]
        truth = _MEMBERSHIPS[type(function)](x, getattr(self, f"term_{i}"), function)
        for hedge in reversed(proposition.hedges):
            truth = tm.HEDGES[hedge](truth)
        return 1.0 - truth if proposition.negated else truth


def _propositions(condition: checked.Condition) -> list[checked.Proposition]:
    if isinstance(condition, checked.Proposition):
        return [condition]
    parts = (condition.operand,) if isinstance(condition, checked.Not) else condition.operands
    return [found for part in parts for found in _propositions(part)]


# --- numbers that have a meaning ------------------------------------------------------------------


_ASCENDING = mf.Trapezoid | mf.Triangle | mf.Rectangle | mf.SShape | mf.ZShape | mf.PiShape


def _project(p: Tensor, f: mf.MembershipFunction) -> None:
    """The numbers of one term, in place; see `RuleModule.project`."""
    if isinstance(f, _ASCENDING):
        _put_in_order(p, f.arguments)
    elif isinstance(f, mf.Points):
        _put_in_order(p[0::2], f.arguments[0::2], together=True)
        p[1::2].clamp_(0.0, 1.0)
    elif isinstance(f, mf.Gaussian):
        _keep_above_zero(p, 1, f.sigma)
    elif isinstance(f, mf.GeneralizedBell):
        _keep_above_zero(p, 0, f.width)
        _keep_above_zero(p, 1, f.slope)


def _put_in_order(p: Tensor, written: Sequence[float], *, together: bool = False) -> None:
    """Ascending, apart where they were written apart; `together`: equal where they were written equal."""
    for i, (low, high) in enumerate(pairwise(written)):
        if low == high:
            p[i + 1] = p[i] if together else torch.maximum(p[i], p[i + 1])
        else:
            gap = LEAST_SHARE * (high - low)
            behind = _above(p[i], p[i] + gap if math.isfinite(gap) else p[i])
            p[i + 1] = torch.maximum(p[i + 1], behind)


def _keep_above_zero(p: Tensor, i: int, written: float) -> None:
    p[i] = torch.maximum(p[i], _above(torch.zeros_like(p[i]), torch.full_like(p[i], LEAST_SHARE * written)))


def _above(x: Tensor, least: Tensor) -> Tensor:
    """The larger of `least` and the float behind x."""
    return torch.maximum(least, torch.nextafter(x, torch.full_like(x, math.inf)))


# --- memberships: tensors of the numbers, and the function that says which edges are vertical -----


def _rise(x: Tensor, p: Tensor, a: int, b: int, numbers: tuple[float, ...]) -> Tensor:
    if numbers[a] == numbers[b]:
        return tm.step(x, p[b], falling=False)
    return tm.unit(tm.ramp(x, p[a], p[b] - p[a], falling=False))


def _fall(x: Tensor, p: Tensor, c: int, d: int, numbers: tuple[float, ...]) -> Tensor:
    if numbers[c] == numbers[d]:
        return tm.step(x, p[c], falling=True)
    return tm.unit(tm.ramp(x, p[d], p[d] - p[c], falling=True))


def _trapezoid(x: Tensor, p: Tensor, f: Any, corners: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Tensor:
    a, b, c, d = corners
    return torch.minimum(_rise(x, p, a, b, f.arguments), _fall(x, p, c, d, f.arguments))


def _smooth_trapezoid(x: Tensor, p: Tensor, f: Any) -> Tensor:
    rise, fall = _rise(x, p, 0, 1, f.arguments), _fall(x, p, 2, 3, f.arguments)
    return torch.minimum(tm.smooth(rise), tm.smooth(fall))


def _bell(x: Tensor, p: Tensor, f: mf.GeneralizedBell) -> Tensor:
    exponent = 2.0 * f.slope
    whole = int(exponent) if is_whole_power(exponent) and not p.requires_grad else None
    return tm.bell(x, p[0], 2.0 * p[1], p[2], whole)


def _points(x: Tensor, p: Tensor, f: mf.Points) -> Tensor:
    at, height = p[0::2], p[1::2]
    knots = _knots(f)
    value = torch.where(torch.isnan(x), math.nan, height[knots[-1][1]])
    for (_, i, _), (j, _, _) in zip(reversed(knots[:-1]), reversed(knots[1:]), strict=True):
        value = torch.where(x < at[j], tm.segment(x, at[i], at[j], height[i], height[j]), value)
    value = torch.where(x < at[0], height[0], value)
    for first, _, peak in knots:
        value = torch.where(x == at[first], height[peak], value)
    return value


def _knots(f: mf.Points) -> list[tuple[int, int, int]]:
    """(first point, last one, first highest one) of each distinct x; in words that torch.compile reads."""
    knots: list[tuple[int, int, int]] = []
    for i, (x, y) in enumerate(f.points):
        if knots and f.points[knots[-1][0]][0] == x:
            first, _, peak = knots[-1]
            knots[-1] = (first, i, i if y > f.points[peak][1] else peak)
        else:
            knots.append((i, i, i))
    return knots


_MEMBERSHIPS: Mapping[type, Callable[[Tensor, Tensor, Any], Tensor]] = {
    mf.Trapezoid: _trapezoid,
    mf.Triangle: lambda x, p, f: _trapezoid(x, p, f, (0, 1, 1, 2)),
    mf.Rectangle: lambda x, p, f: _trapezoid(x, p, f, (0, 0, 1, 1)),
    mf.Gaussian: lambda x, p, f: tm.gauss(x, p[0], p[1]),
    mf.GeneralizedBell: _bell,
    mf.Sigmoid: lambda x, p, f: tm.logistic(x, p[0], p[1]),
    mf.SShape: lambda x, p, f: tm.smooth(_rise(x, p, 0, 1, f.arguments)),
    mf.ZShape: lambda x, p, f: tm.smooth(_fall(x, p, 0, 1, f.arguments)),
    mf.PiShape: _smooth_trapezoid,
    mf.Points: _points,
}
"""Each membership in the steps of its `evaluate`."""
