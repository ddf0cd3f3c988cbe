"""`kistdsl build --target c`: the rules as one C99 header and source, in float64, bit for bit.

Nothing but the C standard library is used: <math.h>, and of that functions only by rules with smooth
memberships or hedges (then link with -lm). The source refuses to be compiled with arithmetic that would change bits
(-ffast-math, x87 excess precision); fused multiply-add is switched off where the compiler can be told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kistdsl._version import __version__
from kistdsl.backends.c_text import HEADER, HELPERS, SOURCE
from kistdsl.ir import nodes as ir
from kistdsl.ir.lower import lower
from kistdsl.ir.passes import optimise
from kistdsl.language import checked
from kistdsl.language.exactmath import is_whole_power


@dataclass(frozen=True)
class CCode:
    """A translation unit: `header` is what the source includes, named after the prefix."""

    header: str
    source: str


def to_c(program: checked.Program, stem: str) -> CCode:
    """The rules as C.

    Args:
        program: a checked program.
        stem: name of the files without suffix (the source includes `<stem>.h`); as a C identifier, it is the
            prefix of every name.
    """
    lowered = optimise(lower(program))
    prefix = identifier(stem)
    values = {
        "version": __version__,
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "stem": stem,
        "product": string(program.product or program.name),
        "hash": string(program.source_hash),
        "alpha": number(lowered.alpha),
        "properties": str(len(program.columns)),
        "rules": str(len(program.rules)),
        "classes": str(len(program.classes)),
        "rows": str(max(len(program.rules), 1)),
    }
    header = _fill(HEADER, values | {"columns": _columns(program, prefix.upper())})
    body, needed = _body(lowered)
    tables = {
        "property_names": _strings([c.name for c in program.columns]),
        "property_units": _strings([c.spec.unit for c in program.columns]),
        "rule_names": _strings([rule.name for rule in program.rules]),
        "class_names": _strings(program.classes),
        "targets": ", ".join(str(rule.target) for rule in lowered.rules) or "0",
        "helpers": "\n".join(HELPERS[name] for name in HELPERS if name in needed),
        "body": body,
    }
    return CCode(header, _fill(SOURCE, values | tables))


def _fill(template: str, values: Mapping[str, str]) -> str:
    """`@name@` replaced; braces are C's."""
    parts = template.split("@")
    return "".join(values[part] if i % 2 else part for i, part in enumerate(parts))


def identifier(text: str) -> str:
    """`text` as a C identifier: other characters become _, or their code point."""
    plain = "".join(
        c if c.isascii() and (c.isalnum() or c == "_") else "_" if c.isascii() else f"u{ord(c):04x}"
        for c in text
    )
    return plain if plain[:1].isalpha() else f"rules_{plain}"


def identifiers(texts: Sequence[str]) -> list[str]:
    """Each as a C identifier, with a number behind it where an earlier one is called so already."""
    names: list[str] = []
    for text in texts:
        plain = identifier(text)
        others = (f"{plain}_{i}" for i in range(2, len(texts) + 2))
        names.append(next(name for name in (plain, *others) if name not in names))
    return names


def string(text: str) -> str:
    """A C string literal of ASCII characters; others as the octal codes of their UTF-8 bytes."""
    plain = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode("utf-8")) + '"'


def number(value: float) -> str:
    """A C double: the shortest text that reads back as the same float64."""
    if math.isinf(value):
        return "KR_INFINITY" if value > 0 else "(-KR_INFINITY)"
    return repr(value) if math.copysign(1.0, value) > 0 else f"({value!r})"


def _strings(texts: list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(string, texts)) or "0"


def _columns(program: checked.Program, prefix: str) -> str:
    """One line a property: its place in a row, its unit and range."""
    names = identifiers([c.name for c in program.columns])
    return "".join(
        f"#define {prefix}_COLUMN_{name} {i} /* {c.spec.low:g} to {c.spec.high:g} */\n"
        for i, (name, c) in enumerate(zip(names, program.columns, strict=True))
    )


# --- statements ----------------------------------------------------------------------------------


def _body(program: ir.Program) -> tuple[str, set[str]]:
    """The statements that compute every rule's grade, and the helpers that they need."""
    lines = [f"    const double n{i} = {_expression(node)};" for i, node in enumerate(program.nodes)]
    lines += [f"    grades[{i}] = n{rule.grade};" for i, rule in enumerate(program.rules)]
    lines = lines or ["    grades[0] = 0.0;"]
    needed: set[str] = set()
    for node in program.nodes:
        needed |= _needed(node)
    if not any(isinstance(node, ir.Column) for node in program.nodes):
        lines.append("    (void)row;")
    return "\n".join(lines), needed


_NEEDED: Mapping[type, set[str]] = {
    ir.Step: {"step"},
    ir.Clamp: {"unit"},
    ir.Smooth: {"smooth"},
    ir.Gauss: {"gauss", "exp"},
    ir.Logistic: {"logistic", "exp"},
    ir.Minimum: {"min"},
    ir.Maximum: {"max"},
    ir.BoundedDifference: {"bounded_difference"},
    ir.BoundedSum: {"bounded_sum"},
}


def _needed(node: ir.Node) -> set[str]:
    """Helpers, by their names in `HELPERS`."""
    if isinstance(node, ir.Hedge):
        return {
            "very": {"very"},
            "extremely": {"extremely"},
            "somewhat": set(),
            "slightly": {"exp", "log", "cbrt"},
        }[node.name]
    if isinstance(node, ir.Bell):
        return {"distance", "whole"} if is_whole_power(node.exponent) else {"distance", "exp", "log", "power"}
    if isinstance(node, ir.Polyline):
        return {"line"} if node.segments else set()
    return _NEEDED.get(type(node), set())


def _call(name: str, *arguments: int | float | str) -> str:
    texts = [f"n{a}" if isinstance(a, int) else number(a) if isinstance(a, float) else a for a in arguments]
    return f"kr_{name}({', '.join(texts)})"


def _bell(n: ir.Bell) -> str:
    distance = _call("distance", n.x, float(n.width), float(n.center))
    if is_whole_power(n.exponent):
        return f"1.0 / (1.0 + {_call('whole_power', distance, str(int(n.exponent)))})"
    return f"1.0 / (1.0 + {_call('power', distance, float(n.exponent))})"


def _polyline(n: ir.Polyline) -> str:
    x = f"n{n.x}"
    cases = [(f"{x} == {number(at)}", number(peak)) for at, peak in n.peaks]
    cases.append((f"{x} < {number(n.peaks[0][0])}", number(n.before)))
    for s in n.segments:
        numbers = (float(s.start), float(s.end), float(s.low), float(s.high))
        cases.append((f"{x} < {number(s.end)}", _call("line", n.x, *numbers)))
    cases.append((f"{x} > {number(n.peaks[-1][0])}", number(n.behind)))
    return "\n        ".join(f"({test}) ? {value} :" for test, value in cases) + f" {x}"


_HEDGES = {"very": "very", "extremely": "extremely", "slightly": "cbrt"}

_EXPRESSIONS: Mapping[type, Callable[[Any], str]] = {
    ir.Column: lambda n: f"row[{n.index}]",
    ir.Divide: lambda n: f"n{n.x} / {number(n.by)}",
    ir.Ramp: lambda n: (
        f"({number(n.zero)} - n{n.x}) / {number(n.width)}"
        if n.falling
        else f"(n{n.x} - {number(n.zero)}) / {number(n.width)}"
    ),
    ir.Step: lambda n: _call("step", n.x, f"n{n.x} {'<=' if n.falling else '>='} {number(n.at)}"),
    ir.Clamp: lambda n: _call("unit", n.x),
    ir.Smooth: lambda n: _call("smooth", n.x),
    ir.Gauss: lambda n: _call("gauss", n.x, float(n.mean), float(n.sigma)),
    ir.Bell: _bell,
    ir.Logistic: lambda n: _call("logistic", n.x, float(n.slope), float(n.center)),
    ir.Polyline: _polyline,
    ir.Hedge: lambda n: f"sqrt(n{n.x})" if n.name == "somewhat" else _call(_HEDGES[n.name], n.x),
    ir.Complement: lambda n: f"1.0 - n{n.x}",
    ir.Minimum: lambda n: _call("min", n.a, n.b),
    ir.Maximum: lambda n: _call("max", n.a, n.b),
    ir.Product: lambda n: f"n{n.a} * n{n.b}",
    ir.ProbabilisticSum: lambda n: f"n{n.a} + n{n.b} * (1.0 - n{n.a})",
    ir.BoundedDifference: lambda n: _call("bounded_difference", n.a, n.b),
    ir.BoundedSum: lambda n: _call("bounded_sum", n.a, n.b),
    ir.Weigh: lambda n: f"n{n.x} * {number(n.truth_value)}",
}
"""One C expression for each node type."""


def _expression(node: ir.Node) -> str:
    return _EXPRESSIONS[type(node)](node)
