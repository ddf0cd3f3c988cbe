"""The intermediate representation: arithmetic on one row of a region table, in static single assignment.

A program is a tuple of nodes. Operands are indices of earlier nodes; everything else in a node is a
constant, already rounded to the program's dtype. Each node's meaning is one line of arithmetic in that
dtype, NaN for NaN, given in its docstring; a backend is a table from node types to code.

"Unit" nodes have values in [0, 1], never -0.0, or NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, TypeAlias

Dtype: TypeAlias = Literal["float64", "float32"]
DTYPES: tuple[Dtype, ...] = ("float64", "float32")


@dataclass(frozen=True, slots=True)
class Column:
    """The value of property `columns[index]` in its own unit, any float."""

    OPERANDS: ClassVar[tuple[str, ...]] = ()
    index: int


@dataclass(frozen=True, slots=True)
class Divide:
    """x / by (eq. 16: v' = v / gamma); by is finite and above 0."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    by: float


@dataclass(frozen=True, slots=True)
class Ramp:
    """(x - zero) / width, or (zero - x) / width when falling; not clamped; width > 0, all finite."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    zero: float
    width: float
    falling: bool


@dataclass(frozen=True, slots=True)
class Step:
    """1 where x >= at (falling: x <= at), 0 elsewhere, NaN for NaN. Unit. `at` may be infinite."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    at: float
    falling: bool


@dataclass(frozen=True, slots=True)
class Clamp:
    """0 where x <= 0, 1 where x >= 1, else x (NaN too). Unit."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int


@dataclass(frozen=True, slots=True)
class Smooth:
    """2 (x x) where x <= 0.5, else u = 1 - x, 1 - 2 (u u). Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int


@dataclass(frozen=True, slots=True)
class Gauss:
    """t = (x - mean) / sigma, exp(-0.5 (t t)), exp in float64 (`language.exactmath.exp`). Unit."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    mean: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Bell:
    """t = |(x - center) / width|, 1 / (1 + t^exponent), the power in float64 (`exactmath.power`). Unit."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    width: float
    exponent: float
    center: float


@dataclass(frozen=True, slots=True)
class Logistic:
    """1 / (1 + exp(-((x - center) slope))), exp in float64 (`exactmath.exp`). Unit."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    slope: float
    center: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One straight piece of a polyline over start <= x < end, kept between its end values."""

    start: float
    end: float
    low: float  # value at start, from the right
    high: float  # value at end, from the left


@dataclass(frozen=True, slots=True)
class Polyline:
    """`before` left of the first segment, `behind` right of the last peak, segments between. Unit.

    In order, the first that holds: x == a peak's x gives the peak's value; x < first x gives `before`;
    start <= x < end gives v = low + (high - low) ((x - start) / (end - start)), at most high when
    low <= high, at least high otherwise; x > last x gives `behind`; NaN gives NaN.
    """

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    before: float
    segments: tuple[Segment, ...]
    peaks: tuple[tuple[float, float], ...]
    behind: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """x x ("very"), (x x) x ("extremely"), sqrt x ("somewhat"), cbrt x ("slightly", float64). Unit."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    name: str


@dataclass(frozen=True, slots=True)
class Complement:
    """1 - x. Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int


@dataclass(frozen=True, slots=True)
class Minimum:
    """The smaller of a and b; NaN if either is NaN. Unit if both are."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Maximum:
    """The larger of a and b; NaN if either is NaN. Unit if both are."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Product:
    """a b: AND of the norms "product". Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class ProbabilisticSum:
    """a + b (1 - a): OR of the norms "product". Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class BoundedDifference:
    """t = (a + b) - 1, 0 where t <= 0, else t: AND of the norms "lukasiewicz". Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class BoundedSum:
    """t = a + b, 1 where t >= 1, else t: OR of the norms "lukasiewicz". Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("a", "b")
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Weigh:
    """x truth_value (eq. 4); truth_value in (0, 1]. Unit in, unit out."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    x: int
    truth_value: float


Node: TypeAlias = (
    Column
    | Divide
    | Ramp
    | Step
    | Clamp
    | Smooth
    | Gauss
    | Bell
    | Logistic
    | Polyline
    | Hedge
    | Complement
    | Minimum
    | Maximum
    | Product
    | ProbabilisticSum
    | BoundedDifference
    | BoundedSum
    | Weigh
)

NODE_TYPES: tuple[type, ...] = Node.__args__
"""Every node type: what a backend must know."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its grade is node `grade`; `target` indexes `classes`.

    `live` is False for a rule that can never win (see `passes.dead_rules`): only the per-rule matrix
    needs it.
    """

    name: str
    grade: int
    target: int
    live: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """A whole rule set for one row: the grade is the largest rule grade, NaN if any is NaN (eq. 7).

    Attributes:
        dtype: the float type of every operation and constant.
        columns: property names, in order of first use.
        nodes: the steps, operands before users.
        rules: in file order; never empty means a grade, empty means grade 0 and no winner.
        classes: class names; index 0 is "anomalous".
        alpha: grade >= alpha means anomalous-like; rounded to dtype.
        source_hash: of the rule text, from the checked program.
    """

    dtype: Dtype
    columns: tuple[str, ...]
    nodes: tuple[Node, ...]
    rules: tuple[Rule, ...]
    classes: tuple[str, ...]
    alpha: float
    source_hash: str

    @property
    def live_rules(self) -> tuple[tuple[int, Rule], ...]:
        """(index among all rules, rule) of the rules that can win."""
        return tuple((i, rule) for i, rule in enumerate(self.rules) if rule.live)


def operands(node: Node) -> tuple[int, ...]:
    """Indices of the nodes that `node` reads."""
    return tuple(getattr(node, name) for name in node.OPERANDS)


def with_operands(node: Node, indices: tuple[int, ...]) -> Node:
    """The same step on other operands."""
    if not indices:
        return node
    changes: dict[str, Any] = dict(zip(node.OPERANDS, indices, strict=True))
    return replace(node, **changes)


def constants(node: Node) -> tuple[tuple[str, object], ...]:
    """(name, value) of everything in `node` that is no operand."""
    return tuple((f.name, getattr(node, f.name)) for f in fields(node) if f.name not in node.OPERANDS)


_UNIT = (
    Step,
    Clamp,
    Smooth,
    Gauss,
    Bell,
    Logistic,
    Polyline,
    Hedge,
    Complement,
    Product,
    ProbabilisticSum,
    BoundedDifference,
    BoundedSum,
    Weigh,
)


def is_unit(node: Node, unit: Sequence[bool]) -> bool:
    """Whether the node's values lie in [0, 1] (or are NaN), given that of earlier nodes."""
    if isinstance(node, Minimum | Maximum):
        return unit[node.a] and unit[node.b]
    return isinstance(node, _UNIT)


def column_set(node: Node, columns: Sequence[frozenset[int]]) -> frozenset[int]:
    """The columns it depends on, given those of earlier nodes: it is NaN exactly where one of them is."""
    own = frozenset({node.index}) if isinstance(node, Column) else frozenset()
    return own.union(*(columns[i] for i in operands(node)))


def unit_nodes(nodes: tuple[Node, ...]) -> tuple[bool, ...]:
    """`is_unit` of every node."""
    unit: list[bool] = []
    for node in nodes:
        unit.append(is_unit(node, unit))
    return tuple(unit)


def column_sets(nodes: tuple[Node, ...]) -> tuple[frozenset[int], ...]:
    """`column_set` of every node."""
    sets: list[frozenset[int]] = []
    for node in nodes:
        sets.append(column_set(node, sets))
    return tuple(sets)
