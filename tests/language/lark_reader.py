"""The slow reference of the parser: Lark itself, from the grammar, calling the same builder."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from kistdsl.diagnostics import Source
from kistdsl.language import ast
from kistdsl.language.builder import Builder, Token
from kistdsl.language.lalr import Failure, Piece
from kistdsl.language.tables import OPTIONS
from kistdsl.resources import resource

GRAMMAR = resource("grammars/kr.lark").read_text(encoding="utf-8")


class _Calls(lark.Transformer[Any, Any]):
    """What Lark calls at each reduction: the builder of the parse at hand, with the parser's own tokens."""

    builder: Builder

    def __getattr__(self, name: str) -> Callable[[list[Any]], object]:
        if not hasattr(Builder, name):
            raise AttributeError(name)
        return lambda children: getattr(self.builder, name)([_own(child) for child in children])


def _own(child: Any) -> Any:
    if isinstance(child, lark.Token):
        assert child.start_pos is not None
        assert child.end_pos is not None
        return Token(child.type, str(child), child.start_pos, child.end_pos)
    return child


@lru_cache(maxsize=1)
def parser() -> tuple[lark.Lark, _Calls]:
    calls = _Calls()
    return lark.Lark(GRAMMAR, transformer=calls, **OPTIONS), calls


def read(text: str, symbol: str) -> Piece | Failure:
    """Parse a whole text."""
    reader, calls = parser()
    calls.builder = Builder(Source("x.kr", text))
    try:
        node: object = reader.parse(text, start=symbol)
    except UnexpectedToken as error:
        at = len(text) if error.token.type == "$END" else error.token.start_pos
        assert at is not None
        return Failure(at, _accepts(error))
    except UnexpectedCharacters as error:
        return Failure(error.pos_in_stream or 0, _accepts(error))
    assert isinstance(node, ast.Node)
    nodes = node.statements if isinstance(node, ast.File) else (node,)
    return Piece(nodes, tuple(calls.builder.problems))


def _accepts(error: UnexpectedInput) -> frozenset[str]:
    stopped = error.interactive_parser
    assert stopped is not None
    return frozenset(stopped.accepts())
