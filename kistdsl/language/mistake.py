"""A place where a statement cannot be read, with what one needs to explain it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Fix, Label, Source, Span
from kistdsl.language.codes import Code
from kistdsl.language.tokens import STATEMENT_KINDS, Word

END = "END"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A statement (or test case) `words[start:end]` whose word `at` does not fit (`end`: it stops early).

    `accepts` are the grammar's terminals that would fit.
    """

    source: Source
    words: list[Word]
    start: int
    at: int
    end: int
    accepts: frozenset[str]

    # --- words -------------------------------------------------------------------------------

    def kind(self, offset: int = 0) -> str:
        """Kind of the word `offset` words from the one that does not fit; END outside the statement."""
        i = self.at + offset
        return self.words[i].kind if self.start <= i < self.end else END

    def text(self, offset: int = 0) -> str:
        """That word as written; empty outside the statement."""
        i = self.at + offset
        return self.words[i].text if self.start <= i < self.end else ""

    @property
    def lead(self) -> int:
        """Index of the word that begins the statement: several may share a line."""
        lead = self.start
        for i in range(self.start, min(self.at, self.end)):
            kind = self.words[i].kind
            glued = kind == "IF" and self.words[lead].kind == "RULE"
            named = kind == "PRODUCT" and i > 0 and self.words[i - 1].kind == "NORMS"
            if kind in STATEMENT_KINDS and not glued and not named:
                lead = i
        return lead

    @property
    def in_condition(self) -> bool:
        """Between IF and THEN."""
        kinds = [word.kind for word in self.words[self.lead : self.at]]
        return "IF" in kinds and "THEN" not in kinds

    @property
    def behind_then(self) -> bool:
        return "THEN" in (word.kind for word in self.words[self.lead : self.at])

    def spoken_of(self) -> str | None:
        """The property of the nearest `P is` before the word that does not fit."""
        for i in range(self.at - 1, self.lead, -1):
            if self.words[i].kind == "IS" and self.words[i - 1].kind == "NAME":
                return self.words[i - 1].text
        return None

    @property
    def ends(self) -> bool:
        """The statement stops where more belongs."""
        return self.at >= self.end

    # --- places ------------------------------------------------------------------------------

    def span(self, offset: int = 0) -> Span:
        """That word; right behind the last one when there is none."""
        i = self.at + offset
        if i >= self.end or i < self.start:
            return self.behind
        return Span(self.source, self.words[i].start, self.words[i].end)

    @property
    def behind(self) -> Span:
        """The empty place right behind the word before."""
        place = self.words[self.at - 1].end if self.at > self.start else self.words[self.start].start
        return Span(self.source, place, place)

    def through(self, first: int, last: int = 0) -> Span:
        """From one word to another, both included."""
        return Span(self.source, self.span(first).start, self.span(last).end)

    # --- reports -----------------------------------------------------------------------------

    def report(
        self,
        code: Code,
        message: str,
        *,
        span: Span | None = None,
        help: str | None = None,
        labels: Iterable[Label] = (),
        fix: Fix | None = None,
    ) -> Diagnostic:
        return code.at(span or self.span(), message, help=help, labels=labels, fix=fix)

    def instead(self, text: str, first: int = 0, last: int = 0) -> Fix:
        """Other words in place of those from `first` to `last`."""
        return Fix(self.through(first, last), text)

    def insert(self, text: str) -> Fix:
        """More words right behind the word before."""
        return Fix(self.behind, text)

    def without(self, offset: int = 0) -> Fix:
        """One word less, with the space before it."""
        span, before = self.span(offset), self.span(offset - 1)
        start = before.end if self.at + offset > self.start else span.start
        return Fix(Span(self.source, start, span.end), "")
