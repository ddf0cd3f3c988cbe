"""The syntax tree of a `.kr` file: frozen nodes with spans.

Spans do not take part in equality: two files that say the same have equal trees, which is what the
formatter is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kistdsl.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number as written: `text` is "2%", "-inf", "1e-3"; `value` is the float64 nearest to it."""

    text: str = field(compare=False)
    value: float


@dataclass(frozen=True, slots=True)
class Name(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`trapmf(0, 0, 35, 50)`; for `points((x, y), ...)` the arguments are x, y, x, y, ..."""

    name: Name
    arguments: tuple[Number, ...]


# --- conditions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposition(Node):
    """`P is [NOT] [hedge...] T`; hedges in the order written."""

    property: Name
    negated: bool
    hedges: tuple[str, ...]
    term: Name


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Condition


@dataclass(frozen=True, slots=True)
class And(Node):
    operands: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    operands: tuple[Condition, ...]


Condition: TypeAlias = Proposition | Not | And | Or


# --- statements ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Product(Node):
    title: str


@dataclass(frozen=True, slots=True)
class Include(Node):
    path: str


@dataclass(frozen=True, slots=True)
class Property(Node):
    name: Name
    scale: Number | None
    high_at: Number | None
    doc: str | None


@dataclass(frozen=True, slots=True)
class Term(Node):
    name: Name
    property: Name | None
    function: Function


@dataclass(frozen=True, slots=True)
class Alpha(Node):
    value: Number


@dataclass(frozen=True, slots=True)
class Class(Node):
    name: Name


@dataclass(frozen=True, slots=True)
class Norms(Node):
    name: Name


@dataclass(frozen=True, slots=True)
class Rule(Node):
    name: Name | None
    text: str | None
    condition: Condition
    target: Name
    truth_value: Number | None


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`area = 4%` in a test case."""

    property: Name
    value: Number


@dataclass(frozen=True, slots=True)
class Expectation(Node):
    """`C >= x`, `C <= x`, `C` (comparison None, value None) or `not C` (negated)."""

    target: Name
    negated: bool
    comparison: str | None
    value: Number | None
    by: Name | None


@dataclass(frozen=True, slots=True)
class Case(Node):
    settings: tuple[Setting, ...]
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class Test(Node):
    text: str
    cases: tuple[Case, ...]


Statement: TypeAlias = Product | Include | Property | Term | Alpha | Class | Norms | Rule | Test


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """A `# ...` comment, without its line end."""

    text: str


@dataclass(frozen=True, slots=True)
class File(Node):
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(compare=False, default=())


STATEMENTS = (Product, Include, Property, Term, Alpha, Class, Norms, Rule, Test)
"""The classes of `Statement`, for isinstance."""
