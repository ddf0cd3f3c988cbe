"""What to say about a statement that cannot be read: one small function a kind of mistake."""

from __future__ import annotations

from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Source, Span
from kistdsl.language import syntax_codes as codes
from kistdsl.language.tokens import Word


@dataclass(frozen=True, slots=True)
class Mistake:
    """A statement (or test case) `words[start:end]` whose word `at` does not fit (`end`: it stops too early)."""

    source: Source
    words: list[Word]
    start: int
    at: int
    end: int
    accepts: frozenset[str]

    @property
    def span(self) -> Span:
        """The word that does not fit, or the place right behind the last one."""
        if self.at < self.end:
            word = self.words[self.at]
            return Span(self.source, word.start, word.end)
        behind = self.words[self.end - 1].end if self.end else 0
        return Span(self.source, behind, behind)


def explain(mistake: Mistake) -> Diagnostic:
    return codes.UNEXPECTED.at(mistake.span, "this cannot stand here")


def unknown_statement(mistake: Mistake) -> Diagnostic:
    return codes.UNEXPECTED.at(mistake.span, "no statement begins like this")
