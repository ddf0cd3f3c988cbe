"""Diagnostics as a person reads them: source lines, carets, secondary places, help.

```text
error[K201 truth-value-out-of-range]: a truth value lies above 0 and not above 1, not at 1.8
  --> rules/mtd.kr:3:38
   |
 3 | IF area is high THEN anomalous (1.8)
   |                                 ^^^
   = help: 1 is full trust in the rule
```
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kistdsl.diagnostics.model import Diagnostic, Label, Source, Span

MAX_COLUMNS = 140
"""Longer source lines are cut around the marked place."""

HELP_WIDTH = 110
_CONTEXT = 60
_MAX_LINES = 3
_TAB = "    "


@dataclass(frozen=True, slots=True)
class Style:
    """Escape sequences around the parts of a report; all empty without colour."""

    error: str = ""
    warning: str = ""
    place: str = ""
    help: str = ""
    bold: str = ""
    reset: str = ""

    def paint(self, kind: str, text: str) -> str:
        return f"{kind}{text}{self.reset}" if kind and text else text


PLAIN = Style()
COLOUR = Style(
    error="\x1b[1;31m",
    warning="\x1b[1;33m",
    place="\x1b[1;34m",
    help="\x1b[1;36m",
    bold="\x1b[1m",
    reset="\x1b[0m",
)


def render(diagnostic: Diagnostic, style: Style = PLAIN) -> str:
    """The whole report of one problem, several lines, ending in a line end."""
    kind = style.error if diagnostic.severity == "error" else style.warning
    head = style.paint(kind, f"{diagnostic.severity}[{diagnostic.code} {diagnostic.slug}]")
    lines = [f"{head}{style.paint(style.bold, f': {printable(diagnostic.message)}')}"]
    blocks = list(_blocks(diagnostic))
    gutter = max(2, *(len(str(row.line)) for block in blocks for row in block.rows))
    painter = _Painter(style, kind, gutter)
    for i, block in enumerate(blocks):
        line, column = block.start
        arrow = "-->" if i == 0 else ":::"
        lines.append(f"{' ' * gutter}{style.paint(style.place, arrow)} {block.source.name}:{line}:{column}")
        lines.extend(painter.block(block))
    if diagnostic.help:
        lines.extend(painter.help(diagnostic.help))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def printable(text: str) -> str:
    """`text` without anything that would move the cursor or colour a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _picture(c) for c in text)


def _picture(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    return chr(0x2400 + code) if code < 0x20 else ("\u2421" if code == 0x7F else "\ufffd")


# --- what is shown ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """A marked stretch of one line: code point columns [start, end) from 0."""

    start: int
    end: int
    primary: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One source line with its marks; `gap` asks for a `...` line before it."""

    line: int
    text: str
    marks: tuple[_Mark, ...]
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of one file."""

    source: Source
    start: tuple[int, int]
    rows: tuple[_Row, ...]


def _blocks(diagnostic: Diagnostic) -> Iterator[_Block]:
    """The file of the problem first, its own line on top; then other lines, then other files."""
    own = [label for label in diagnostic.labels if label.span == diagnostic.span]
    message = own[0].message if own else ""
    places = [Label(diagnostic.span, message, primary=True)]
    places += [label for label in diagnostic.labels if not own or label is not own[0]]
    sources: dict[int, list[Label]] = {}
    for place in places:
        sources.setdefault(id(place.span.source), []).append(place)
    for labels in sources.values():
        source = labels[0].span.source
        yield _Block(source, source.position(labels[0].span.start), tuple(_rows(source, labels)))


def _rows(source: Source, labels: list[Label]) -> Iterator[_Row]:
    marks: dict[int, list[_Mark]] = {}
    for label in labels:
        for line, mark in _marks(source, label):
            marks.setdefault(line, []).append(mark)
    first = source.position(labels[0].span.start)[0]
    own = set(_line_range(source, labels[0].span))
    order = sorted(marks, key=lambda line: (line not in own, line))
    previous = first
    for line in order:
        gap = line in own and line > previous + 1
        yield _Row(line, source.line(line), tuple(marks[line]), gap)
        previous = line


def _line_range(source: Source, span: Span) -> range:
    first = source.position(span.start)[0]
    last = source.position(max(span.start, span.end - 1))[0]
    return range(first, last + 1)


def _marks(source: Source, label: Label) -> Iterator[tuple[int, _Mark]]:
    """The part of a place on each of its lines (the first two and the last of a long one)."""
    lines = list(_line_range(source, label.span))
    shown = lines if len(lines) <= _MAX_LINES else [*lines[: _MAX_LINES - 1], lines[-1]]
    for line in shown:
        begin, text = source.line_starts[line - 1], source.line(line)
        start = min(max(label.span.start - begin, 0), len(text))
        end = min(label.span.end - begin, len(text))
        if line != lines[0]:
            start = len(text) - len(text.lstrip())
        message = label.message if line == shown[-1] else ""
        yield line, _Mark(start, max(end, start + 1), label.primary, message)


# --- drawing ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Painter:
    style: Style
    kind: str
    gutter: int

    def _margin(self, number: str = "") -> str:
        return self.style.paint(self.style.place, f"{number:>{self.gutter}} |")

    def help(self, text: str) -> Iterator[str]:
        first, *others = _wrapped(text)
        label = self.style.paint(self.style.help, "= help:")
        yield f"{' ' * self.gutter} {label} {first}"
        for line in others:
            yield f"{' ' * self.gutter}         {line}"

    def block(self, block: _Block) -> Iterator[str]:
        yield self._margin()
        for i, row in enumerate(block.rows):
            if row.gap:
                yield f"{'.' * self.gutter}."
            elif i and row.line != block.rows[i - 1].line + 1:
                yield self._margin()
            cut = _cut(row)
            yield f"{self._margin(str(row.line))} {cut.text}"
            for line in self._marks(cut.marks):
                yield f"{self._margin()} {line}"

    def _marks(self, marks: tuple[_Mark, ...]) -> Iterator[str]:
        """The line of carets with the rightmost message behind it, then the other messages below."""
        canvas: dict[int, str] = {}
        for mark in sorted(marks, key=lambda m: m.primary):
            canvas.update(dict.fromkeys(range(mark.start, mark.end), "^" if mark.primary else "-"))
        speaking = sorted((m for m in marks if m.message), key=lambda m: m.start)
        width = max(canvas) + 1
        line = "".join(self._painted(canvas.get(i, " ")) for i in range(width))
        inline = speaking.pop() if speaking and speaking[-1].end >= width else None
        yield line if inline is None else f"{line} {self._said(inline)}"
        if speaking:
            yield self._bars(speaking)
        while speaking:
            mark = speaking.pop()
            bars = self._bars([m for m in speaking if m.start < mark.start])
            filler = " " * (
                mark.start - max((m.start + 1 for m in speaking if m.start < mark.start), default=0)
            )
            yield f"{bars}{filler}{self._said(mark)}"

    def _bars(self, marks: list[_Mark]) -> str:
        at = {m.start: "^" if m.primary else "-" for m in marks}
        return "".join(
            self._painted(at[i]).replace(at[i], "|") if i in at else " "
            for i in range(max(at, default=-1) + 1)
        )

    def _painted(self, character: str) -> str:
        if character == "^":
            return self.style.paint(self.kind, character)
        return self.style.paint(self.style.place, character) if character == "-" else character

    def _said(self, mark: _Mark) -> str:
        return self.style.paint(self.kind if mark.primary else self.style.place, printable(mark.message))


def _wrapped(text: str) -> list[str]:
    """Lines of at most `HELP_WIDTH` columns."""
    lines = [textwrap.wrap(printable(line), HELP_WIDTH, break_long_words=False) for line in text.splitlines()]
    return [line for wrapped in lines for line in wrapped] or [""]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A row as it is shown: tabs widened, wide characters counted twice, a long line cut to size."""

    text: str
    marks: tuple[_Mark, ...]


def _cut(row: _Row) -> _Cut:
    begin, end = 0, len(row.text)
    if end > MAX_COLUMNS:
        begin = max(0, row.marks[0].start - _CONTEXT)
        end = min(end, begin + MAX_COLUMNS)
    before, behind = "…" if begin else "", "…" if end < len(row.text) else ""
    shown, columns = _drawn(row.text[begin:end], len(before))
    last = len(columns) - 1

    def column(position: int) -> int:
        inside = min(max(position - begin, 0), last)
        return columns[inside] + max(0, position - begin - last if end == len(row.text) else 0)

    marks = tuple(
        _Mark(column(m.start), max(column(m.end), column(m.start) + 1), m.primary, m.message)
        for m in row.marks
        if m.start < end + 1 and m.end > begin
    )
    return _Cut(before + shown + behind, marks)


def _drawn(text: str, first: int) -> tuple[str, Sequence[int]]:
    """How a text is drawn, and the terminal column of each of its characters and of what follows."""
    if text.isascii() and text.isprintable():  # nearly all: a cell each
        return text, range(first, first + len(text) + 1)
    columns = [first]
    shown = []
    for character in text:
        drawn = _TAB if character == "\t" else printable(character)
        shown.append(drawn)
        columns.append(columns[-1] + _width(drawn))
    return "".join(shown), columns


def _width(text: str) -> int:
    """Terminal cells: 2 for East Asian wide characters, 0 for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`; `nothing to report` when there is none."""
    severities = [d.severity for d in diagnostics]
    parts = [
        f"{severities.count(kind)} {kind}{'s' if severities.count(kind) != 1 else ''}"
        for kind in ("error", "warning")
        if kind in severities
    ]
    return ", ".join(parts) or "nothing to report"
