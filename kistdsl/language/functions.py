"""A membership function as written, to the fuzzy set that it means."""

from __future__ import annotations

from itertools import pairwise

from kistdsl.diagnostics import Diagnostic, Fix, Label, Source, Span
from kistdsl.language import ast
from kistdsl.language import name_codes as names
from kistdsl.language import number_codes as numbers
from kistdsl.language import syntax_codes as syntax
from kistdsl.language.memberships import MEMBERSHIPS, MembershipFunction, MembershipKind
from kistdsl.language.nearest import nearest
from kistdsl.language.spelling import overflows

_ASCENDING = frozenset({"trapmf", "trimf", "rectmf", "smf", "zmf", "pimf"})


def membership(function: ast.Function) -> tuple[MembershipFunction | None, list[Diagnostic]]:
    """The fuzzy set, or None and what is wrong with its name or its numbers."""
    kind = MEMBERSHIPS.get(function.name.text)
    if kind is None:
        close = nearest(function.name.text, MEMBERSHIPS)
        help = f"known are {', '.join(MEMBERSHIPS)}" if close is None else f"did you mean `{close}`?"
        fix = None if close is None else Fix(function.name.span, close)
        message = f"unknown membership function `{function.name.text}`"
        return None, [names.UNKNOWN_FUNCTION.at(function.name.span, message, help=help, fix=fix)]
    if any(overflows(argument) for argument in function.arguments):
        return None, []  # said where the number was read
    problem = _count(kind, function) or _order(kind, function) or _fitness(kind, function)
    if problem is not None:
        return None, [problem]
    return kind.build([a.value for a in function.arguments]), []


def signature(kind: MembershipKind) -> str:
    """`trapmf(a, b, c, d)`."""
    return f"{kind.name}({', '.join(kind.parameters) or '(x, y), (x, y), ...'})"


def _count(kind: MembershipKind, function: ast.Function) -> Diagnostic | None:
    given = len(function.arguments)
    if kind.variadic:
        if given >= 2:
            return None
        return numbers.PARAMETER_COUNT.at(
            function.span, "`points` needs at least one point", help="write `points((0, 0), (5, 1))`"
        )
    want = len(kind.parameters)
    if given == want:
        return None
    return _decimal_commas(function, given - want) or numbers.PARAMETER_COUNT.at(
        function.span,
        f"`{kind.name}` takes {want} numbers, not {given}",
        help=f"write `{signature(kind)}`",
    )


def _decimal_commas(function: ast.Function, surplus: int) -> Diagnostic | None:
    """`trapmf(0, 0, 0,2, 0,4)`: exactly the surplus numbers stand behind a comma without a space."""
    source = function.span.source
    split = [
        (left, right)
        for left, right in pairwise(function.arguments)
        if source.text[left.span.end : right.span.start] == "," and right.text.isdigit()
    ]
    if not split or len(split) != surplus:
        return None
    (left, right), *others = split
    return syntax.DECIMAL_COMMA.at(
        Span(source, left.span.start, right.span.end),
        f"`{left.text},{right.text}` is two numbers: the decimal sign is a point",
        labels=[Label(Span(source, x.span.start, y.span.end), "", primary=True) for x, y in others],
        help=f"write `{left.text}.{right.text}`",
        fix=_with_points(source, split),
    )


def _with_points(source: Source, split: list[tuple[ast.Number, ast.Number]]) -> Fix:
    """One change that turns all commas inside numbers into points."""
    commas = {left.span.end for left, _ in split}
    start, end = split[0][0].span.start, split[-1][1].span.end
    text = "".join("." if i in commas else source.text[i] for i in range(start, end))
    return Fix(Span(source, start, end), text)


def _order(kind: MembershipKind, function: ast.Function) -> Diagnostic | None:
    """The first corner that lies left of the one before it."""
    arguments = function.arguments[::2] if kind.variadic else function.arguments
    if kind.name not in _ASCENDING and not kind.variadic:
        return None
    names_of = kind.parameters or tuple(f"x{i + 1}" for i in range(len(arguments)))
    for i, (left, right) in enumerate(pairwise(arguments)):
        if left.value > right.value:
            return numbers.PARAMETER_ORDER.at(
                right.span,
                f"the corners of `{kind.name}` must ascend: {right.text} comes after {left.text}",
                labels=[Label(left.span, f"{names_of[i]} = {left.text}")],
                help="write them from left to right",
            )
    return None


def _fitness(kind: MembershipKind, function: ast.Function) -> Diagnostic | None:
    message = kind.validate([a.value for a in function.arguments])
    if message is None:
        return None
    return numbers.PARAMETER.at(
        function.span, f"`{kind.name}`: {message}", help=f"`{signature(kind)}`: {kind.doc.split(': ', 1)[-1]}"
    )
