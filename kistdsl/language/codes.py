"""What a diagnostic code is: declared once, as data; call sites only fill in place and words.

The declarations themselves are in `syntax_codes` (K0), `name_codes` (K1), `number_codes` (the errors of
K2) and, one file each with its analysis, in `kistdsl.language.checks`. `catalog.CATALOG` is all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language.analysis import Analysis

if TYPE_CHECKING:
    from kistdsl.language import ast, checked
    from kistdsl.schema import Schema

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One kind of problem.

    Attributes:
        code: stable, "K301".
        slug: readable and stable, "contradictory-clause"; what `# kr: ignore[...]` names.
        title: one line, lower case, no full stop.
        severity: ERROR (the file has no meaning) or WARNING (it still grades).
        explanation: what it means, why it matters and what to do; paragraphs split by empty lines.
        bad: a whole small rule file that has this problem (and gets this code).
        good: the same, put right (and does not get this code).
    """

    code: str
    slug: str
    title: str
    severity: str
    explanation: str
    bad: str
    good: str

    def at(
        self,
        span: Span,
        message: str,
        *,
        labels: Iterable[Label] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> Diagnostic:
        """A diagnostic of this kind at `span`."""
        return Diagnostic(self.code, self.slug, self.severity, message, span, tuple(labels), help, fix)


@dataclass(frozen=True)
class ProgramContext:
    """What an analysis may look at: the checked program, the tree of the main file, the schema."""

    program: checked.Program
    tree: ast.File
    schema: Schema

    @cached_property
    def analysis(self) -> Analysis:
        """Facts about the program that several analyses share, found once."""
        return Analysis(self.program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Code):
    """A kind of problem with the analysis that finds it in a program that has a meaning."""

    run: Callable[[ProgramContext], Iterator[Diagnostic]]
