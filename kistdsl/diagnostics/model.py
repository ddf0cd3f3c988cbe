"""Where something stands in a text, what is said about it, and the errors a user can cause.

Everything that a user can get wrong is a `KistError`; the command line prints its message and
exits with its code. Anything else that escapes is a bug in kistdsl.
"""

from __future__ import annotations

import importlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A text and the name it is reported under (a path, or `<stdin>`)."""

    name: str
    text: str

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset (code points) of the first character of each line; lines end at LF."""
        return (0, *(i + 1 for i, c in enumerate(self.text) if c == "\n"))

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both from 1, columns in code points."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Line `number` (from 1) without its line end."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range [start, end) of code points in a source."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Label:
    """Another place that matters, and why (an empty message only marks it).

    `primary` places are as much the problem as the diagnostic's own: they are drawn with `^`, others with `-`.
    """

    span: Span
    message: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of the text that puts a problem right: `span` becomes `text` (an empty span: inserted)."""

    span: Span
    text: str

    @property
    def title(self) -> str:
        """What an editor's menu says."""
        if self.span.start == self.span.end:
            return f"insert `{self.text.strip()}`"
        return f"write `{self.text.strip()}`" if self.text.strip() else f"delete `{self.span.text.strip()}`"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: stable code, readable slug, severity ("error" or "warning"), place, help.

    A label on the very span of the diagnostic gives the words behind its carets.
    """

    code: str
    slug: str
    severity: str
    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    help: str | None = None
    fix: Fix | None = None


class KistError(Exception):
    """A user's mistake or unfit input: a message that names the place, and an exit code."""

    exit_code = 2

    def report(self) -> str:
        """What the command line prints."""
        return f"kistdsl: {self}"


class InputError(KistError):
    """A file, table, image or option that cannot be used; exit code 2."""


class RuleError(KistError):
    """Rules without a meaning: the problems found, all of them; exit code 1."""

    exit_code = 1

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        line, column = first.span.source.position(first.span.start)
        more = f" (and {len(self.diagnostics) - 1} more)" if len(self.diagnostics) > 1 else ""
        super().__init__(
            f"{first.span.source.name}:{line}:{column}: {first.severity} {first.code} {first.message}{more}"
        )

    def report(self) -> str:
        """All problems, with source lines."""
        render = importlib.import_module("kistdsl.diagnostics.render").render  # render builds on this module
        return "\n".join(render(d) for d in self.diagnostics).rstrip("\n")
