"""From the parser's reductions to the syntax tree.

The parser calls one method a grammar rule, bottom up, so depth costs no recursion. Every token is kept, so a
node's span runs from its first child to its last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from kistdsl.diagnostics import Diagnostic, Source, Span
from kistdsl.language import ast, syntax_codes
from kistdsl.language.spelling import number_value, overflows, text_value

MAX_DEPTH = 100
"""NOT, AND and OR inside each other; parentheses that only repeat do not count."""


@dataclass(slots=True)
class Token:
    """A terminal of the grammar as it stands in the text."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Part:
    """A condition with where its text runs (parentheses included) and how deep it is."""

    node: ast.Condition
    start: int
    end: int
    depth: int


@dataclass(slots=True)
class Argument:
    """One argument of a function: a number, or a pair in parentheses."""

    numbers: tuple[ast.Number, ...]
    start: int
    end: int


Child: TypeAlias = Token | ast.Node | Part | Argument


class Builder:
    """Makes nodes of one source; `problems` holds what is wrong in them although the grammar holds."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.problems: list[Diagnostic] = []

    # --- places ------------------------------------------------------------------------------

    def _span(self, children: list[Child]) -> Span:
        first, last = children[0], children[-1]
        return Span(
            self._source,
            first.span.start if isinstance(first, ast.Node) else first.start,
            last.span.end if isinstance(last, ast.Node) else last.end,
        )

    # --- leaves ------------------------------------------------------------------------------

    def _name(self, token: Child) -> ast.Name:
        assert isinstance(token, Token)
        return ast.Name(Span(self._source, token.start, token.end), token.text)

    def _number(self, token: Child) -> ast.Number:
        assert isinstance(token, Token)
        span = Span(self._source, token.start, token.end)
        number = ast.Number(span, token.text, number_value(token.text))
        if overflows(number):
            self.problems.append(
                syntax_codes.NUMBER_TOO_LARGE.at(
                    span,
                    f"`{_short(token.text)}` is larger than any number that can be stored",
                    help="the largest is about 1.8e308; write `inf` for no limit",
                )
            )
        return number

    @staticmethod
    def _text(token: Child) -> str:
        assert isinstance(token, Token)
        return text_value(token.text)

    # --- statements --------------------------------------------------------------------------

    def file(self, children: list[Child]) -> ast.File:
        whole = Span(self._source, 0, len(self._source.text))
        return ast.File(whole, tuple(c for c in children if isinstance(c, ast.Node)))  # type: ignore[misc]

    def product(self, children: list[Child]) -> ast.Product:
        return ast.Product(self._span(children), self._text(children[1]))

    def include(self, children: list[Child]) -> ast.Include:
        return ast.Include(self._span(children), self._text(children[1]))

    def property(self, children: list[Child]) -> ast.Property:
        by_kind = _by_kind(children)
        number = self._number(by_kind["NUMBER"]) if "NUMBER" in by_kind else None
        return ast.Property(
            self._span(children),
            self._name(children[1]),
            number if "SCALE" in by_kind else None,
            number if "AT" in by_kind else None,
            self._text(by_kind["STRING"]) if "STRING" in by_kind else None,
        )

    def term(self, children: list[Child]) -> ast.Term:
        function = children[-1]
        assert isinstance(function, ast.Function)
        of = self._name(children[3]) if "OF" in _by_kind(children) else None
        return ast.Term(self._span(children), self._name(children[1]), of, function)

    def alpha(self, children: list[Child]) -> ast.Alpha:
        return ast.Alpha(self._span(children), self._number(children[1]))

    def class_(self, children: list[Child]) -> ast.Class:
        return ast.Class(self._span(children), self._name(children[1]))

    def norms(self, children: list[Child]) -> ast.Norms:
        name = self._name(children[1])
        keyword = isinstance(children[1], Token) and children[1].kind == "PRODUCT"
        return ast.Norms(self._span(children), ast.Name(name.span, "product") if keyword else name)

    def rule(self, children: list[Child]) -> ast.Rule:
        by_kind = _by_kind(children)
        named = "RULE" in by_kind
        condition = next(i for i, c in enumerate(children) if isinstance(c, Part))
        part = children[condition]
        assert isinstance(part, Part)
        return ast.Rule(
            self._span(children),
            self._name(children[1]) if named else None,
            self._text(by_kind["STRING"]) if "STRING" in by_kind else None,
            part.node,
            self._name(children[condition + 2]),
            self._number(by_kind["NUMBER"]) if "NUMBER" in by_kind else None,
        )

    # --- fuzzy sets --------------------------------------------------------------------------

    def argument(self, children: list[Child]) -> Argument:
        numbers = [self._number(c) for c in children if isinstance(c, Token) and c.kind == "NUMBER"]
        span = self._span(children)
        return Argument(tuple(numbers), span.start, span.end)

    def function(self, children: list[Child]) -> ast.Function:
        name = self._name(children[0])
        arguments = [c for c in children if isinstance(c, Argument)]
        want = 2 if name.text == "points" else 1
        wrong = next((a for a in arguments if len(a.numbers) != want), None)
        if wrong is not None:
            self.problems.append(self._pair_problem(name, wrong))
        return ast.Function(self._span(children), name, tuple(n for a in arguments for n in a.numbers))

    def _pair_problem(self, name: ast.Name, wrong: Argument) -> Diagnostic:
        span = Span(self._source, wrong.start, wrong.end)
        if name.text == "points":
            message, help = "`points` takes pairs in parentheses", "write `points((0, 0), (5, 1), (9, 0))`"
        else:
            message = f"`{name.text}` takes numbers, not pairs"
            help = "pairs `(x, y)` belong to `points`"
        return syntax_codes.PAIRS.at(span, message, help=help)

    # --- conditions --------------------------------------------------------------------------

    def proposition(self, children: list[Child]) -> Part:
        middle = [c for c in children[2:-1] if isinstance(c, Token)]
        node = ast.Proposition(
            self._span(children),
            self._name(children[0]),
            bool(middle) and middle[0].kind == "NOT",
            tuple(t.text.lower() for t in middle if t.kind != "NOT"),
            self._name(children[-1]),
        )
        return Part(node, node.span.start, node.span.end, 0)

    def group(self, children: list[Child]) -> Part:
        inner = children[1]
        assert isinstance(inner, Part)
        span = self._span(children)
        return Part(inner.node, span.start, span.end, inner.depth)

    def not_(self, children: list[Child]) -> Part:
        operand = children[1]
        assert isinstance(operand, Part)
        span = self._span(children)
        return self._deeper(ast.Not(span, operand.node), span, [operand])

    def conjunction(self, children: list[Child]) -> Part:
        parts, span = _parts(children), self._span(children)
        return self._deeper(ast.And(span, tuple(p.node for p in parts)), span, parts)

    def condition(self, children: list[Child]) -> Part:
        parts, span = _parts(children), self._span(children)
        return self._deeper(ast.Or(span, tuple(p.node for p in parts)), span, parts)

    def _deeper(self, node: ast.Condition, span: Span, parts: list[Part]) -> Part:
        depth = 1 + max(p.depth for p in parts)
        if depth == MAX_DEPTH + 1:
            self.problems.append(
                syntax_codes.TOO_DEEP.at(
                    span,
                    f"this condition nests NOT, AND and OR more than {MAX_DEPTH} deep",
                    help="split it into several rules: the grade is the largest over all rules",
                )
            )
        # Beyond the limit the tree stays flat: nothing that walks it by recursion can run out of stack.
        return Part(node if depth <= MAX_DEPTH else parts[0].node, span.start, span.end, depth)

    # --- tests -------------------------------------------------------------------------------

    def test(self, children: list[Child]) -> ast.Test:
        cases = tuple(c for c in children if isinstance(c, ast.Case))
        return ast.Test(self._span(children), self._text(children[1]), cases)

    def case(self, children: list[Child]) -> ast.Case:
        settings = tuple(c for c in children if isinstance(c, ast.Setting))
        expectation = children[-1]
        assert isinstance(expectation, ast.Expectation)
        return ast.Case(self._span(children), settings, expectation)

    def setting(self, children: list[Child]) -> ast.Setting:
        return ast.Setting(self._span(children), self._name(children[0]), self._number(children[2]))

    def expectation(self, children: list[Child]) -> ast.Expectation:
        by_kind = _by_kind(children)
        negated = "NOT" in by_kind
        sign = by_kind.get("AT_LEAST") or by_kind.get("AT_MOST")
        return ast.Expectation(
            self._span(children),
            self._name(children[1] if negated else children[0]),
            negated,
            sign.text if sign else None,
            self._number(by_kind["NUMBER"]) if sign else None,
            self._name(children[-1]) if "BY" in by_kind else None,
        )


def _by_kind(children: list[Child]) -> dict[str, Token]:
    """The tokens among `children` by terminal name (the last of a name)."""
    return {c.kind: c for c in children if isinstance(c, Token)}


def _parts(children: list[Child]) -> list[Part]:
    return [c for c in children if isinstance(c, Part)]


def _short(text: str, limit: int = 24) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
