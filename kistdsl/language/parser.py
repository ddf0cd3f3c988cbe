"""From text to syntax tree, with everything that is wrong in it.

A file without mistakes is parsed in one go. When that fails, `recovery` reads it statement by statement.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Source, Span
from kistdsl.language import ast, syntax_codes
from kistdsl.language.lalr import Piece, parse_piece
from kistdsl.language.tokens import comments_of

MAX_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """The statements that could be read, the problems of the others, and the names those would define."""

    tree: ast.File
    diagnostics: tuple[Diagnostic, ...]
    broken: frozenset[tuple[str, str]] = frozenset()


def parse(source: Source) -> Parsed:
    """Read a whole file; never raises for what a text may hold."""
    whole = Span(source, 0, len(source.text))
    if len(source.text) > MAX_CHARACTERS:
        return Parsed(ast.File(whole, ()), (_too_large(source),))
    comments = comments_of(source)
    piece = parse_piece(source, 0, len(source.text), "file")
    if isinstance(piece, Piece):
        return Parsed(ast.File(whole, statements_of(piece), comments), piece.problems)
    recovery = importlib.import_module("kistdsl.language.recovery")  # only where there is a mistake
    parsed: Parsed = recovery.recover(source, piece)
    return parsed


def _too_large(source: Source) -> Diagnostic:
    return syntax_codes.FILE_TOO_LARGE.at(
        Span(source, 0, 0),
        f"this file has {len(source.text) / 1e6:.1f} million characters; "
        f"rule files are read up to {MAX_CHARACTERS / 1e6:.0f} million",
        help="is it a rule file? If so, split it and put the parts together with `include`",
    )


def statements_of(piece: Piece) -> tuple[ast.Statement, ...]:
    return tuple(n for n in piece.nodes if isinstance(n, ast.STATEMENTS))
