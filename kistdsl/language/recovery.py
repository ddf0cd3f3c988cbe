"""A file with mistakes, read statement by statement and a test case by case.

Each mistake is reported and costs only its own statement. Loaded only when a file has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kistdsl.diagnostics import Diagnostic, Source, Span
from kistdsl.language import ast
from kistdsl.language.lalr import Failure, Piece, parse_piece
from kistdsl.language.mistake import Mistake
from kistdsl.language.parser import Parsed, statements_of
from kistdsl.language.syntax_errors import explain, unknown_statement
from kistdsl.language.tokens import STATEMENT_KINDS, Word, comments_of, words_of

MAX_REPORTS = 500
"""Mistakes after which the rest of a file is left unread: it is not a rule file."""

_NAMED_KINDS = frozenset({"TERM", "PROPERTY", "CLASS", "RULE"})
_CASE_GOES_ON = frozenset({"ARROW", "COMMA", "BY", "AT_LEAST", "AT_MOST", "EQUALS", "NUMBER"})
_ODD = frozenset({"BAD", "BAD_OPERATOR", "BAD_NUMBER", "UNCLOSED", "STRING"})
_INCOMPLETE = frozenset({"AND", "OR", "NOT", "IS", "IF", "COMMA", "LPAR", "EQUALS", "ARROW", "OF"})


def recover(source: Source, failure: Failure) -> Parsed:
    """Everything that can be read, and everything that is wrong; `failure` stopped the whole file."""
    recovery = _Recovery(source, words_of(source))
    recovery.run()
    if not recovery.problems:
        recovery.report_whole(failure)
    tree = ast.File(Span(source, 0, len(source.text)), tuple(recovery.statements), comments_of(source))
    problems = sorted(recovery.problems, key=lambda problem: problem.span.start)
    return Parsed(tree, tuple(problems), frozenset(recovery.broken))


@dataclass(slots=True)
class _Recovery:
    source: Source
    words: list[Word]
    statements: list[ast.Statement] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> None:
        for start, end in self._stretches():
            if len(self.problems) >= MAX_REPORTS:
                return
            if self.words[start].kind == "TEST":
                self._test(start, end)
            else:
                self._stretch(start, end)

    def report_whole(self, failure: Failure) -> None:
        """The file as a whole does not fit although its parts do: never without a report."""
        end = len(self.words)
        mistake = self._mistake(0, self._locate(0, end, failure), end, failure)
        self.problems.append(explain(mistake))

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """[start, end) of words from one statement that leads its line to the next."""
        start, awaits_if = 0, False
        for i, word in enumerate(self.words):
            if word.kind == "IF" and awaits_if:
                awaits_if = False
            elif i > start and word.leads and word.kind in STATEMENT_KINDS:
                yield start, i
                start = i
            if i == start:
                awaits_if = word.kind == "RULE"
            elif word.kind in ("IS", "THEN", "UNCLOSED"):  # an unclosed text runs on over the rule's own IF
                awaits_if = False
        if self.words:
            yield start, len(self.words)

    def _parse(self, start: int, end: int, symbol: str) -> Piece | Failure:
        return parse_piece(self.source, self.words[start].start, self.words[end - 1].end, symbol)

    def _take(self, piece: Piece) -> None:
        self.statements.extend(statements_of(piece))
        self.problems.extend(piece.problems)

    def _mistake(self, start: int, at: int, end: int, failure: Failure) -> Mistake:
        return Mistake(self.source, self.words, start, at, end, failure.accepts)

    def _locate(self, start: int, end: int, failure: Failure) -> int:
        """The word that does not fit; `end` when the stretch stops too early."""
        return next((i for i in range(start, end) if self.words[i].end > failure.offset), end)

    # --- statements --------------------------------------------------------------------------

    def _stretch(self, start: int, end: int) -> None:
        while start < end and len(self.problems) < MAX_REPORTS:
            piece = self._parse(start, end, "file")
            if isinstance(piece, Piece):
                self._take(piece)
                return
            at = self._locate(start, end, piece)
            if start < at < end and self.words[at].leads and "$END" in piece.accepts:
                complete = self._parse(start, at, "file")
                if isinstance(complete, Piece):
                    self._take(complete)
                    start = at
                    continue
            self._report(start, at, end, piece)
            start = self._resume(start, at, end)

    def _report(self, start: int, at: int, end: int, failure: Failure) -> None:
        mistake = self._mistake(start, at, end, failure)
        if self.words[start].kind not in STATEMENT_KINDS:
            self.problems.append(unknown_statement(mistake))
        else:
            self.problems.append(explain(mistake))
        kind = self.words[start].kind
        if kind in _NAMED_KINDS:
            names = self.words[start + 1 : end if kind == "CLASS" else start + 2]
            self.broken.update((kind, word.text) for word in names if word.kind == "NAME")

    def _resume(self, start: int, at: int, end: int) -> int:
        """Where the next statement may begin behind a mistake at `at`: a line that does not go on."""
        margin, behind_then = self.words[start].column, False
        for i in range(start, end):
            word = self.words[i]
            behind_then = behind_then or word.kind == "THEN"
            if i < max(at, start + 1):
                continue
            if word.kind in STATEMENT_KINDS and self.words[start].kind not in STATEMENT_KINDS:
                return i
            if not word.leads or word.column > margin or self.words[i - 1].kind in _INCOMPLETE:
                continue
            following = self.words[i + 1].kind if i + 1 < end else ""
            goes_on = following == "IS" and self.words[start].kind in ("IF", "RULE") and not behind_then
            if word.kind in _ODD or (word.kind == "NAME" and not goes_on):
                return i
        return end

    # --- tests -------------------------------------------------------------------------------

    def _test(self, start: int, end: int) -> None:
        whole = self._parse(start, end, "file")
        if isinstance(whole, Piece):
            self._take(whole)
            return
        units = list(self._case_units(start, end))
        first = units[0][0] if units else end
        header = self._parse(start, first, "file")
        cases: list[ast.Case] = []
        for unit_start, unit_end in units:
            self._case(unit_start, unit_end, start, cases)
        if isinstance(header, Failure):
            self.problems.append(
                explain(self._mistake(start, self._locate(start, first, header), first, header))
            )
            return
        test = header.nodes[0]
        if isinstance(test, ast.Test):
            self.statements.append(ast.Test(test.span, test.text, (*test.cases, *cases)))

    def _case_units(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Each line of a test behind its first, with the lines that go on from it."""
        begin: int | None = None
        margin = self.words[start].column
        for i in range(start + 1, end):
            word = self.words[i]
            goes_on = word.kind in _CASE_GOES_ON or self.words[i - 1].kind in _INCOMPLETE
            goes_on = goes_on and (word.column > margin or word.kind in _CASE_GOES_ON)
            if word.leads and not (begin is not None and goes_on) and word.kind not in ("STRING", "COLON"):
                if begin is not None:
                    yield begin, i
                begin = i
        if begin is not None:
            yield begin, end

    def _case(self, start: int, end: int, test: int, cases: list[ast.Case]) -> None:
        piece = self._parse(start, end, "case")
        if isinstance(piece, Piece):
            cases.extend(n for n in piece.nodes if isinstance(n, ast.Case))
            self.problems.extend(piece.problems)
            return
        mistake = self._mistake(start, self._locate(start, end, piece), end, piece)
        if self.words[start].column <= self.words[test].column:
            self.problems.append(unknown_statement(mistake))
        else:
            self.problems.append(explain(mistake))
