"""Hypothesis strategies: checked programs built directly, and tables that sit on their edges."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from kistdsl.diagnostics import Source, Span
from kistdsl.language import ast, checked
from kistdsl.language import memberships as mf
from kistdsl.schema import BUILTIN

SPAN = Span(Source("generated", "generated"), 0, 1)
SYNTAX = ast.Rule(
    SPAN,
    None,
    None,
    ast.Proposition(SPAN, ast.Name(SPAN, "area"), False, (), ast.Name(SPAN, "low")),
    ast.Name(SPAN, "anomalous"),
    None,
)

numbers = st.one_of(
    st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, -1.0, 0.5, 2.0, 1e-3, 1e-300, 5e-324]),
    st.floats(-4.0, 4.0),
)
gammas = st.one_of(st.sampled_from([1.0, 2.0, 0.5, 255.0, 0.025, 125.0, 37.5, 1024.0]), st.floats(1e-3, 1e3))
truth_values = st.one_of(st.sampled_from([1.0, 0.8, 0.5]), st.floats(0.05, 1.0))


@st.composite
def functions(draw: st.DrawFn, kinds: Sequence[str] = tuple(mf.MEMBERSHIPS)) -> mf.MembershipFunction:
    """A valid membership function."""
    kind = mf.MEMBERSHIPS[draw(st.sampled_from(list(kinds)))]
    if kind.variadic:
        n = draw(st.integers(1, 4))
        xs = sorted(draw(st.lists(numbers, min_size=n, max_size=n)))
        ys = draw(st.lists(st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=n, max_size=n))
        return kind.build([value for pair in zip(xs, ys, strict=True) for value in pair])
    n = len(kind.parameters)
    values = draw(st.lists(numbers, min_size=n, max_size=n))
    if kind.name not in ("gaussmf", "gbellmf", "sigmf"):
        values.sort()
    if kind.name in ("trapmf", "pimf"):
        if draw(st.booleans()):
            values[:2] = [-math.inf, -math.inf]
        if draw(st.booleans()):
            values[2:] = [math.inf, math.inf]
    if kind.name == "gaussmf":
        values[1] = max(abs(values[1]), 1e-3)
    if kind.name == "gbellmf":
        values[:2] = [max(abs(values[0]), 1e-3), max(abs(values[1]), 0.25)]
    if kind.name == "sigmf" and abs(values[0]) < 1e-3:
        values[0] = 3.0
    assert kind.validate(values) is None
    return kind.build(values)


@st.composite
def propositions(
    draw: st.DrawFn, columns: Sequence[checked.Column], terms: Sequence[checked.Term]
) -> checked.Proposition:
    column, term = draw(st.sampled_from(list(columns))), draw(st.sampled_from(list(terms)))
    hedges = tuple(draw(st.lists(st.sampled_from(list(mf.HEDGES)), max_size=2)))
    own = draw(st.booleans())
    return checked.Proposition(
        column.name, 1.0 if own else column.gamma, term, hedges, draw(st.booleans()), SPAN
    )


def conditions(
    columns: Sequence[checked.Column], terms: Sequence[checked.Term]
) -> st.SearchStrategy[checked.Condition]:
    leaf: st.SearchStrategy[checked.Condition] = propositions(columns, terms)

    def grow(inner: st.SearchStrategy[checked.Condition]) -> st.SearchStrategy[checked.Condition]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            several.map(lambda c: checked.And(c, SPAN)),
            several.map(lambda c: checked.Or(c, SPAN)),
            inner.map(lambda c: checked.Not(c, SPAN)),
        )

    return st.recursive(leaf, grow, max_leaves=5)


def used(condition: checked.Condition) -> list[str]:
    """Columns in order of first use."""
    if isinstance(condition, checked.Proposition):
        return [condition.column]
    parts = (condition.operand,) if isinstance(condition, checked.Not) else condition.operands
    return [name for part in parts for name in used(part)]


@st.composite
def programs(
    draw: st.DrawFn,
    kinds: Sequence[str] = tuple(mf.MEMBERSHIPS),
    norms: Sequence[str] = ("zadeh", "product", "lukasiewicz"),
) -> checked.Program:
    """A whole checked program over the built-in properties."""
    names = draw(st.lists(st.sampled_from(list(BUILTIN)), min_size=1, max_size=3, unique=True))
    columns = [checked.Column(BUILTIN[name], draw(gammas)) for name in names]
    shared = [checked.Term(name, None, function) for name, function in mf.STANDARD_TERMS.items()]
    extra = draw(st.lists(functions(kinds), min_size=1, max_size=3))
    terms = shared + [checked.Term(f"t{i}", None, function) for i, function in enumerate(extra)]
    classes = ("anomalous", "crack")
    rules = []
    for i in range(draw(st.integers(1, 4))):
        condition = draw(conditions(columns, terms))
        target, tv = draw(st.sampled_from(classes)), draw(truth_values)
        rules.append(checked.Rule(f"L{i}", None, condition, target, tv, i + 1, SPAN, SYNTAX))
    order = list(dict.fromkeys(name for rule in rules for name in used(rule.condition)))
    by_name = {column.name: column for column in columns}
    return checked.Program(
        name="generated",
        product=None,
        alpha=draw(st.one_of(st.just(0.8), st.floats(0.05, 1.0))),
        norms=draw(st.sampled_from(list(norms))),
        columns=tuple(by_name[name] for name in order),
        declared=tuple(columns),
        terms=tuple(terms),
        classes=classes,
        rules=tuple(rules),
        tests=(),
        source_hash="0" * 64,
    )


SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, 1e308, -1e308, 1e30, 255.0]


def edge_values(program: checked.Program, column: str) -> list[float]:
    """Where this column's memberships kink, and the floats beside: in the property's own unit."""
    gamma = {c.name: c.gamma for c in program.columns}[column]
    kinks = {k * g for term in program.terms for k in term.function.kink_points() for g in (1.0, gamma)}
    near = [f(k) for k in sorted(kinks) for f in (_below, float, _above)]
    return [*near, *SPECIAL]


def _below(x: float) -> float:
    return math.nextafter(x, -math.inf)


def _above(x: float) -> float:
    return math.nextafter(x, math.inf)


@st.composite
def tables(draw: st.DrawFn, program: checked.Program, rows: int = 60) -> list[np.ndarray]:
    """One array a column: edges, special values and ordinary ones.

    Half of the tables hold moderate numbers only: a kernel may take another way there.
    """
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    moderate = draw(st.booleans())
    columns = []
    for column in program.columns:
        edges = random.choice(edge_values(program, column.name), rows)
        ordinary = random.uniform(-1.0, 1.5, rows) * column.gamma
        mixed = np.where(random.random(rows) < 0.5, edges, ordinary)
        columns.append(np.where(np.abs(mixed) < 1e14, mixed, ordinary) if moderate else mixed)
    return columns
