"""A document as the editor features see it: text, tokens, check result, and LSP positions.

Knows nothing of the protocol library; positions are (line, character) from 0, characters in the units of
the negotiated encoding.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from kistdsl.diagnostics import Source, Span
from kistdsl.language import ast
from kistdsl.language.check import Checked, check_text
from kistdsl.language.includes import Assembly, assemble
from kistdsl.language.sources import Loaded, Loader
from kistdsl.language.tokens import Word, words_of
from kistdsl.schema import Schema

Position: TypeAlias = tuple[int, int]

UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@dataclass(frozen=True)
class Document:
    """One open rule file.

    Attributes:
        source: its text, under its path.
        schema: the properties that rules may speak of.
        loader: reads included files, from open documents first.
    """

    source: Source
    schema: Schema
    loader: Loader

    @cached_property
    def checked(self) -> Checked:
        return check_text(self.source, self.schema, loader=self.loader)

    @cached_property
    def assembly(self) -> Assembly:
        """The statements of the file and of what it includes, whatever is wrong in them."""
        return assemble(Loaded(self.source), self.loader)

    @cached_property
    def words(self) -> list[Word]:
        return words_of(self.source)

    def word_at(self, offset: int) -> int | None:
        """Index of the word that holds `offset` or ends there."""
        i = bisect_right([word.start for word in self.words], offset) - 1
        return i if i >= 0 and offset <= self.words[i].end else None

    def statements(self, kind: type[ast.Node]) -> list[ast.Statement]:
        return [s for s in self.assembly.statements if isinstance(s, kind)]


def to_position(source: Source, offset: int, encoding: str = "utf-16") -> Position:
    """(line, character) of an offset in code points."""
    line, column = source.position(offset)
    start = source.line_starts[line - 1]
    before = source.text[start : start + column - 1]
    return line - 1, len(before.encode(UNITS[encoding], errors="surrogatepass")) // _BYTES[encoding]


def to_offset(source: Source, position: Position, encoding: str = "utf-16") -> int:
    """Offset in code points; a place behind the end of a line or of the text is that end."""
    line, character = position
    if line >= len(source.line_starts):
        return len(source.text)
    text = source.line(line + 1)
    data = text.encode(UNITS[encoding], errors="surrogatepass")[: character * _BYTES[encoding]]
    return source.line_starts[line] + len(data.decode(UNITS[encoding], errors="ignore"))


def to_range(span: Span, encoding: str = "utf-16") -> tuple[Position, Position]:
    """Start and end of a span; an empty one is widened to be seen."""
    return to_position(span.source, span.start, encoding), to_position(span.source, span.end, encoding)
