"""The checked program: every name resolved, every number in range. This is what has a meaning.

Made by `kistdsl.language.check.check_file` / `check_text`, given a schema; read by the analyses, by
the tests in rule files and by `kistdsl.ir.lower`. Spans stay, so that anything said later about a
rule can point at its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from kistdsl.diagnostics import Span
from kistdsl.language import ast
from kistdsl.language.memberships import MembershipFunction
from kistdsl.schema import ColumnSpec


@dataclass(frozen=True, slots=True)
class Column:
    """A property as this program reads it.

    `gamma` is the program's scale factor: v' = v / gamma (eq. 16).
    """

    spec: ColumnSpec
    gamma: float

    @property
    def name(self) -> str:
        return self.spec.name


@dataclass(frozen=True, slots=True)
class Term:
    """A fuzzy set. `column` is None for a shared term (standard scale), else the only property it is of."""

    name: str
    column: str | None
    function: MembershipFunction
    span: Span | None = field(compare=False, default=None)  # None: built in


@dataclass(frozen=True, slots=True)
class Proposition:
    """`column is [NOT] [hedges] term`: negate(hedges(F(v / divisor))).

    `divisor` is gamma for a shared term and 1.0 for a property's own term. Hedges apply from the
    innermost (last written) outwards; the negation is applied last.
    """

    column: str
    divisor: float
    term: Term
    hedges: tuple[str, ...]
    negated: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    operand: Condition
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Condition, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Condition, ...]
    span: Span = field(compare=False, repr=False)


Condition: TypeAlias = Proposition | Not | And | Or


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is the written one or `L<line>`; grade = truth_value * truth(condition) (eq. 4)."""

    name: str
    text: str | None
    condition: Condition
    target: str
    truth_value: float
    line: int
    span: Span = field(compare=False, repr=False)
    syntax: ast.Rule = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole rule file and what it includes.

    `columns` holds the properties that rules use, in order of first use; `declared` all that the file
    declares or uses. `classes` starts with "anomalous". `norms` is "zadeh", "product" or "lukasiewicz".
    """

    name: str
    product: str | None
    alpha: float
    norms: str
    columns: tuple[Column, ...]
    declared: tuple[Column, ...]
    terms: tuple[Term, ...]
    classes: tuple[str, ...]
    rules: tuple[Rule, ...]
    tests: tuple[ast.Test, ...]
    source_hash: str
