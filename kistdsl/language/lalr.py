"""The Lark parser behind one function. No Lark exception leaves this module.

The parser is made once per process and guarded by a lock, because the builder that it calls holds the
source of the parse at hand.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.parsers.lalr_parser_state import ParserState

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import ast
from kistdsl.language.builder import Builder
from kistdsl.language.tables import make_parser

_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Failure:
    """Where the parser stopped: offset of what does not fit, and the terminals that would."""

    offset: int
    accepts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Piece:
    """The nodes of one stretch of text, and what is wrong in them although the grammar holds."""

    nodes: tuple[ast.Node, ...]
    problems: tuple[Diagnostic, ...]


@lru_cache(maxsize=1)
def _parser() -> tuple[Lark, Builder]:
    builder = Builder()
    return make_parser(builder), builder


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cycle collector: a parse makes only trees, and walking them costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parse_piece(source: Source, start: int, end: int, symbol: str) -> Piece | Failure:
    """Parse `source.text[start:end]` as a `file` or a `case`."""
    text = source.text[start:end]
    with _LOCK, _no_collection():
        lark, builder = _parser()
        builder.begin(source, start)
        try:
            node: object = lark.parse(text, start=symbol)
        except UnexpectedToken as error:
            token = error.token
            at = end if token.type == "$END" else start + (token.start_pos or 0)
            return Failure(at, _accepts(error))
        except UnexpectedCharacters as error:
            return Failure(start + (error.pos_in_stream or 0), _accepts(error))
    assert isinstance(node, ast.Node)
    nodes = node.statements if isinstance(node, ast.File) else (node,)
    return Piece(nodes, tuple(builder.problems))


def _accepts(error: UnexpectedInput) -> frozenset[str]:
    """The terminals that the parser would take where it stopped.

    Lark's own `accepts` says the same, and copies the parser for each terminal: a third of the time of a
    file with mistakes.
    """
    stopped: InteractiveParser | None = error.interactive_parser
    if stopped is None:
        return frozenset()
    state = stopped.parser_state
    kinds = state.parse_conf.states[state.position]
    return frozenset(k for k in kinds if k.isupper() and _fits(state, k))


def _fits(state: ParserState[int], kind: str) -> bool:
    """Whether the reductions that `kind` asks for end in a shift of it, or, at the end, in a whole parse."""
    conf, stack = state.parse_conf, list(state.state_stack)
    while not (kind == "$END" and stack[-1] == conf.end_state):
        action = conf.states[stack[-1]].get(kind)
        if action is None or action[0] is Shift:
            return action is not None
        rule = action[1]
        del stack[len(stack) - len(rule.expansion) :]
        stack.append(conf.states[stack[-1]][rule.origin.name][1])
    return True
