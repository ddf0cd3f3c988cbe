"""The canonical layout of a whole file: statements under each other, comments and blank lines kept.

- one statement a line; neighbouring `property` and `term` lines are aligned like a table;
- a run of blank lines becomes one; a test stands apart by a blank line on either side;
- a comment behind a statement stays behind it, one on a line of its own stays before what follows;
  a comment from inside a statement moves onto a line of its own before that statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import ast
from kistdsl.language import format as write
from kistdsl.language.codes import ERROR
from kistdsl.language.format import Written
from kistdsl.language.name_codes import UNKNOWN_RULE
from kistdsl.language.parser import parse
from kistdsl.language.rule_names import meant_by_tests, named_by_tests, renamed, rule_names, rules_of
from kistdsl.language.sources import Loaded, text_problems, without_mark

_TABLES = (ast.Property, ast.Term)
_COLON = re.compile(r'"[^"\n]*"|#[^\n]*|:')


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is printed as one: a comment line, a statement, a test's head or a case.

    `first` and `last` are its lines in the source; `kind` is the statement's class (`ast.Comment` for a
    comment on its own line, `ast.Case` for anything inside a test).
    """

    written: Written
    kind: type
    first: int
    last: int
    comment: str | None = None


def format_tree(tree: ast.File) -> str:
    """The text of a tree that has no source of its own; comments are left out."""
    entries: list[_Entry] = []
    previous: type | None = None
    for statement in tree.statements:
        line = (entries[-1].last if entries else 0) + (1 if type(statement) is previous else 2)
        entries.extend(_numbered(statement, line))
        previous = type(statement)
    return _render(entries)


def _numbered(statement: ast.Statement, line: int) -> Iterator[_Entry]:
    if not isinstance(statement, ast.Test):
        yield _Entry(write.statement(statement), type(statement), line, line)
        return
    yield _Entry(Written((write.test_head(statement),)), ast.Test, line, line)
    for i, case in enumerate(statement.cases, 1):
        yield _Entry(write.case(case), ast.Case, line + i, line + i)


def format_source(source: Source, tree: ast.File) -> str:
    """The canonical text of a file that was parsed without mistakes, with its comments."""
    return _render(_with_comments(source, list(_entries(tree)), tree))


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry with where its text runs in the source."""

    entry: _Entry
    start: int
    end: int


def _entries(tree: ast.File) -> Iterator[_Placed]:
    for statement in tree.statements:
        if not isinstance(statement, ast.Test):
            yield _placed(write.statement(statement), statement, type(statement))
            continue
        head_end = statement.cases[0].span.start if statement.cases else statement.span.end
        source = statement.span.source
        colon = _colon(source.text, statement.span.start, head_end)
        last = source.position(colon - 1)[0]
        head = _Entry(Written((write.test_head(statement),)), ast.Test, statement.span.line, last)
        yield _Placed(head, statement.span.start, colon)
        for case in statement.cases:
            yield _placed(write.case(case), case, ast.Case)


def _colon(text: str, start: int, end: int) -> int:
    """Right behind the colon of a test's first line; one in its text or in a comment is not meant."""
    return next(m.end() for m in _COLON.finditer(text, start, end) if m[0] == ":")


def _placed(written: Written, node: ast.Node, kind: type) -> _Placed:
    span = node.span
    last = span.source.position(span.end - 1)[0]
    return _Placed(_Entry(written, kind, span.line, last), span.start, span.end)


def _with_comments(source: Source, placed: list[_Placed], tree: ast.File) -> list[_Entry]:
    entries: list[_Entry] = []
    comments = list(tree.comments)
    column = {
        s.span.line: source.position(s.span.start)[1] for s in tree.statements if isinstance(s, ast.Test)
    }
    margin: int | None = None  # column of the test that we are in
    for i, item in enumerate(placed):
        own, behind = _comments_of(source, comments, item, placed[i + 1] if i + 1 < len(placed) else None)
        inside = item.entry.kind is ast.Case
        entries.extend(_own_line(source, c, margin if not inside else 0) for c in own)
        entries.append(replace(item.entry, comment=behind))
        if item.entry.kind is ast.Test:
            margin = column.get(item.entry.first)
        elif not inside:
            margin = None
    entries.extend(_own_line(source, c, margin) for c in comments)
    return entries


def _comments_of(
    source: Source, comments: list[ast.Comment], item: _Placed, following: _Placed | None
) -> tuple[list[ast.Comment], str | None]:
    """Take from `comments` those before or inside `item`, and the one behind it on its last line."""
    own = []
    while comments and comments[0].span.start < item.end:
        own.append(comments.pop(0))
    limit = following.start if following is not None else len(source.text)
    if comments and comments[0].span.start < limit and comments[0].span.line == item.entry.last:
        return own, comments.pop(0).text
    return own, None


def _own_line(source: Source, comment: ast.Comment, margin: int | None) -> _Entry:
    """A comment on its own line; inside a test (right of column `margin`) it is indented like a case."""
    line, column = source.position(comment.span.start)
    inside = margin is not None and column > margin
    indent = write.INDENT if inside else ""
    return _Entry(Written((indent + comment.text,)), ast.Case if inside else ast.Comment, line, line)


# --- printing --------------------------------------------------------------------------------


def _render(entries: Sequence[_Entry]) -> str:
    lines: list[str] = []
    for run in _runs(entries):
        if lines and _apart(run[0], run.before):
            lines.append("")
        lines.extend(_table(run.entries) if run[0].kind in _TABLES else _plain(run.entries))
    return "".join(f"{line.rstrip()}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class _Run:
    """Entries of one kind on neighbouring lines, and the entry before them."""

    entries: list[_Entry]
    before: _Entry | None

    def __getitem__(self, index: int) -> _Entry:
        return self.entries[index]


def _runs(entries: Sequence[_Entry]) -> Iterator[_Run]:
    run: list[_Entry] = []
    before: _Entry | None = None
    for entry in entries:
        if run and (entry.kind is not run[-1].kind or _apart(entry, run[-1])):
            yield _Run(run, before)
            before, run = run[-1], []
        run.append(entry)
    if run:
        yield _Run(run, before)


def _apart(entry: _Entry, before: _Entry | None) -> bool:
    """Whether a blank line stands between two entries."""
    if before is None:
        return False
    if entry.first - before.last > 1:
        return True
    leaves_test = before.kind in (ast.Test, ast.Case) and entry.kind is not ast.Case
    enters_test = entry.kind is ast.Test and before.kind is not ast.Comment
    return leaves_test or enters_test


def _plain(entries: Sequence[_Entry]) -> Iterator[str]:
    for entry in entries:
        lines = [" ".join(entry.written.cells), *entry.written.more]
        if entry.comment is not None:
            lines[-1] += f"  {entry.comment}"
        yield from lines


def _table(entries: Sequence[_Entry]) -> Iterator[str]:
    rows = [_aligned_cells(entry) for entry in entries]
    widths = [max(len(cell) for cell in column) for column in zip_longest(*rows, fillvalue="")]
    lines = [_joined(row, widths) for row in rows]
    margin = max((len(line) for line in lines), default=0)
    for line, entry in zip(lines, entries, strict=True):
        yield line if entry.comment is None else f"{line.ljust(margin)}  {entry.comment}"


def _aligned_cells(entry: _Entry) -> tuple[str, ...]:
    """A term has three cells (`term low`, `of gray` or nothing, `= ...`), a property two."""
    cells = entry.written.cells
    if entry.kind is ast.Term and len(cells) == 2:
        return cells[0], "", cells[1]
    return cells


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
    return " ".join(padded).rstrip()


# --- a whole file ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical text of a file; `problems` are the errors that keep it from being formatted."""

    text: str
    changed: bool
    problems: tuple[Diagnostic, ...] = ()


def formatted(loaded: Loaded) -> Formatted:
    """Format a text as it was read; one that cannot be read as rules is given back unchanged."""
    source, marked = without_mark(loaded.source)
    parsed = parse(source)
    found = (*loaded.problems, *parsed.diagnostics, *text_problems(source, marked=marked))
    errors = tuple(p for p in found if p.severity == ERROR)
    if errors:
        return Formatted(source.text, changed=False, problems=errors)
    tree, text = _with_moved_names(source, parsed.tree)
    again = parse(Source(source.name, text)).tree
    if again != tree or len(again.comments) != len(tree.comments):
        raise RuntimeError(f"{source.name}: the formatter would change the meaning; nothing was written")
    unclear = tuple(_unclear(parsed.tree, again))
    if unclear:
        return Formatted(source.text, changed=False, problems=unclear)
    return Formatted(text, changed=marked or text != source.text)


def _with_moved_names(source: Source, tree: ast.File) -> tuple[ast.File, str]:
    """The file and its canonical text, `by L12` being the line that the rule comes to stand on.

    A longer name may break its case into two lines and so move rules downwards, never upwards: from the
    shortest names on, each round moves them less far, until they stay.
    """
    rules = rules_of(tree)
    before = rule_names(rules, tree.span.source)
    used = {by.text for by in named_by_tests(tree)}
    lines = {n: i for i, n in enumerate(before) if rules[i].name is None and n in used}
    names = dict.fromkeys(lines, "L1")
    while True:
        moved = renamed(tree, names)
        text = format_source(source, moved)
        if not lines:
            return moved, text
        after = parse(Source(source.name, text)).tree
        found = rule_names(rules_of(after), after.span.source)
        at = {name: found[i].partition(".")[0] for name, i in lines.items()}
        if at == names:
            return moved, text
        names = at


def _unclear(before: ast.File, after: ast.File) -> Iterator[Diagnostic]:
    """`by` names that cannot go on to mean what they did.

    A name of no rule would mean one that comes to stand on that line; a rule that comes to stand on line 5
    beside one with the name L5 would be called L5.2, which a test cannot say.
    """
    meant = zip(named_by_tests(before), meant_by_tests(before), meant_by_tests(after), strict=True)
    for by, old, new in meant:
        if old != new:
            yield UNKNOWN_RULE.at(
                by.span,
                f"rule `{by.text}` moves to a line whose name another rule has"
                if old is not None
                else f"unknown rule `{by.text}`; laid out anew, the file would have one of that name",
                help="give the rule that is meant a name: `rule NAME: IF ...`",
            )
