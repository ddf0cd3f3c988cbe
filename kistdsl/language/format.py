"""Syntax tree to text: how each construct is written in the canonical layout.

`layout` puts the pieces under each other and brings in comments and blank lines. Everything printed here
reads back as an equal tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kistdsl.language import ast

WIDTH = 100
"""Columns beyond which a rule or a case is broken into several lines."""

INDENT = "  "


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as text: cells of its first line (aligned with its neighbours'), then further lines."""

    cells: tuple[str, ...]
    more: tuple[str, ...] = ()


def number(node: ast.Number) -> str:
    """`.5` as 0.5, `1E+3` as 1e3, `+2%` as 2%, `INF` as inf; the value and the digits stay."""
    text = node.text.lower().removeprefix("+")
    sign = "-" if text.startswith("-") else ""
    mantissa, e, exponent = text.removeprefix("-").partition("e")
    percent = "%" if text.endswith("%") else ""
    mantissa = mantissa.removesuffix("%").removesuffix(".")
    if mantissa.startswith("."):
        mantissa = "0" + mantissa
    return f"{sign}{mantissa}{e}{exponent.removesuffix('%').removeprefix('+')}{percent}"


def text(value: str) -> str:
    return f'"{value}"'


# --- conditions ------------------------------------------------------------------------------


def condition(node: ast.Condition) -> str:
    """`(a AND b) OR NOT c`: parentheses wherever two operators meet, so that nobody has to know which wins."""
    if isinstance(node, ast.Proposition):
        return _proposition(node)
    if isinstance(node, ast.Not):
        return f"NOT {operand(node.operand)}"
    return f" {_operator(node)} ".join(operand(part) for part in node.operands)


def operand(node: ast.Condition) -> str:
    """A condition inside another one."""
    bare = isinstance(node, (ast.Proposition, ast.Not))
    return condition(node) if bare else f"({condition(node)})"


def _operator(node: ast.And | ast.Or) -> str:
    return "AND" if isinstance(node, ast.And) else "OR"


def _proposition(node: ast.Proposition) -> str:
    negation = ["NOT"] if node.negated else []
    return " ".join([node.property.text, "is", *negation, *node.hedges, node.term.text])


# --- statements ------------------------------------------------------------------------------


def _product(node: ast.Product) -> Written:
    return Written((f"product {text(node.title)}",))


def _include(node: ast.Include) -> Written:
    return Written((f"include {text(node.path)}",))


def _property(node: ast.Property) -> Written:
    parts = []
    if node.scale is not None:
        parts.append(f"scale {number(node.scale)}")
    if node.high_at is not None:
        parts.append(f"high at {number(node.high_at)}")
    if node.doc is not None:
        parts.append(f"doc {text(node.doc)}")
    head = f"property {node.name.text}"
    return Written((head, " ".join(parts)) if parts else (head,))


def function(node: ast.Function) -> str:
    values = [number(argument) for argument in node.arguments]
    if node.name.text == "points":
        values = [f"({x}, {y})" for x, y in zip(values[::2], values[1::2], strict=True)]
    return f"{node.name.text}({', '.join(values)})"


def _term(node: ast.Term) -> Written:
    of = ("of " + node.property.text,) if node.property is not None else ()
    return Written((f"term {node.name.text}", *of, f"= {function(node.function)}"))


def _alpha(node: ast.Alpha) -> Written:
    return Written((f"alpha {number(node.value)}",))


def _class(node: ast.Class) -> Written:
    return Written((f"class {node.name.text}",))


def _norms(node: ast.Norms) -> Written:
    return Written((f"norms {node.name.text}",))


def _rule(node: ast.Rule) -> Written:
    title = f" {text(node.text)}" if node.text is not None else ""
    head = f"rule {node.name.text}{title}:" if node.name is not None else ""
    truth = f" ({number(node.truth_value)})" if node.truth_value is not None else ""
    ending = f"THEN {node.target.text}{truth}"
    line = f"{head} IF {condition(node.condition)} {ending}".lstrip()
    if len(line) <= WIDTH:
        return Written((line,))
    margin = INDENT if head else ""
    lines = [f"{margin}IF {condition(node.condition)} {ending}"]
    if len(lines[0]) > WIDTH:
        lines = [f"{margin}IF {condition(node.condition)}", f"{margin}{ending}"]
    if len(lines[0]) > WIDTH:
        lines = [*_broken(node.condition, margin), f"{margin}{ending}"]
    return Written((head,), tuple(lines)) if head else Written((lines[0],), tuple(lines[1:]))


def _broken(node: ast.Condition, margin: str) -> list[str]:
    """A long condition, one operand of its outermost operator a line."""
    if not isinstance(node, (ast.And, ast.Or)):
        return [f"{margin}IF {condition(node)}"]
    first, *others = (operand(part) for part in node.operands)
    return [f"{margin}IF {first}", *(f"{margin}{INDENT}{_operator(node)} {part}" for part in others)]


def test_head(node: ast.Test) -> str:
    return f"test {text(node.text)}:"


def case(node: ast.Case) -> Written:
    """A case of a test, indented."""
    settings = ", ".join(f"{s.property.text} = {number(s.value)}" for s in node.settings)
    line = f"{INDENT}{settings} => {expectation(node.expectation)}"
    if len(line) <= WIDTH:
        return Written((line,))
    return Written((f"{INDENT}{settings}",), (f"{INDENT * 2}=> {expectation(node.expectation)}",))


def expectation(node: ast.Expectation) -> str:
    parts = ["not", node.target.text] if node.negated else [node.target.text]
    if node.comparison is not None and node.value is not None:
        parts += [node.comparison, number(node.value)]
    if node.by is not None:
        parts += ["by", node.by.text]
    return " ".join(parts)


_Writer: TypeAlias = Callable[[Any], Written]

_WRITERS: dict[type, _Writer] = {
    ast.Product: _product,
    ast.Include: _include,
    ast.Property: _property,
    ast.Term: _term,
    ast.Alpha: _alpha,
    ast.Class: _class,
    ast.Norms: _norms,
    ast.Rule: _rule,
}


def statement(node: ast.Statement) -> Written:
    """A statement other than a test."""
    return _WRITERS[type(node)](node)
