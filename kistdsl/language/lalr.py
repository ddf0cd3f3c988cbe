"""The parser: words, the grammar's tables and a stack.

The tables are Lark's (see `tables`); what runs here is the textbook LALR(1) loop over them, so that reading a
file neither imports Lark nor makes one of its tokens for each word. The tests read every file with Lark too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import ast, tables
from kistdsl.language.builder import Builder, Token
from kistdsl.language.collector import no_collection
from kistdsl.language.tables import Tables
from kistdsl.language.tokens import raw_words

Make = Callable[[list[Any]], object]


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


_tables = lru_cache(maxsize=1)(tables.load)


def parse_piece(source: Source, start: int, end: int, symbol: str) -> Piece | Failure:
    """Parse `source.text[start:end]` as a `file` or a `case`."""
    builder = Builder(source)
    with no_collection():
        stack = _Stack(_tables(), symbol, builder)
        for kind, text, at in raw_words(source.text, start, end):
            if kind == "SKIP":
                continue
            token = Token(kind, text, at, at + len(text))
            # The one word that is also a name: `high at` behind a property's name.
            high = kind == "NAME" and text.lower() == "high"
            if not stack.takes(kind, token) and not (high and stack.takes("HIGH", token)):
                return Failure(at, stack.accepts())
        if not stack.ends():
            return Failure(end, stack.accepts())
    node = stack.values[-1]
    assert isinstance(node, ast.Node)
    nodes = node.statements if isinstance(node, ast.File) else (node,)
    return Piece(nodes, tuple(builder.problems))


class _Stack:
    """The states passed, and the value of each symbol between them."""

    def __init__(self, automaton: Tables, symbol: str, builder: Builder) -> None:
        self._actions, self._gotos = automaton.actions, automaton.gotos
        self._reductions = automaton.reductions
        self._makers: list[Make | None] = [
            getattr(builder, reduction.method, None) for reduction in automaton.reductions
        ]
        self._end = automaton.ends[symbol]
        self._states = [automaton.starts[symbol]]
        self.values: list[Any] = []

    def takes(self, kind: str, token: Token) -> bool:
        """Shift a token, after the reductions that it asks for; False when it does not fit."""
        states = self._states
        action = self._actions[states[-1]].get(kind)
        while action is not None and action < 0:
            self._reduce(-1 - action)
            action = self._actions[states[-1]].get(kind)
        if action is None:
            return False
        token.kind = kind
        states.append(action)
        self.values.append(token)
        return True

    def ends(self) -> bool:
        """Reduce all that was read to the start symbol; False when something is missing."""
        while self._states[-1] != self._end:
            action = self._actions[self._states[-1]].get("$END")
            if action is None or action >= 0:
                return False
            self._reduce(-1 - action)
        return True

    def _reduce(self, index: int) -> None:
        rule = self._reductions[index]
        states, values = self._states, self.values
        children: list[Any] = []
        if rule.size:
            children = values[-rule.size :]
            del states[-rule.size :], values[-rule.size :]
        if rule.splices:
            children = _spliced(children)
        value: object = children
        if rule.single and len(children) == 1:
            value = children[0]
        elif not rule.spliced:
            make = self._makers[index]
            assert make is not None, rule
            value = make(children)
        values.append(value)
        states.append(self._gotos[states[-1]][rule.origin])

    def accepts(self) -> frozenset[str]:
        """The terminals that would fit next."""
        return frozenset(kind for kind in self._actions[self._states[-1]] if self._fits(kind))

    def _fits(self, kind: str) -> bool:
        """Whether the reductions that `kind` asks for end in a shift of it, or, at the end, in a whole parse."""
        states = list(self._states)
        while not (kind == "$END" and states[-1] == self._end):
            action = self._actions[states[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            rule = self._reductions[-1 - action]
            del states[len(states) - rule.size :]
            states.append(self._gotos[states[-1]][rule.origin])
        return True


def _spliced(children: list[Any]) -> list[Any]:
    """Repetitions, which are lists, give their children; a first one grows in place: it has one parent."""
    first = children[0]
    flat: list[Any] = first if isinstance(first, list) else [first]
    for child in children[1:]:
        if isinstance(child, list):
            flat.extend(child)
        else:
            flat.append(child)
    return flat
