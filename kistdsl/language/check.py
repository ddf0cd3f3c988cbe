"""A rule file checked: everything wrong or doubtful in it, and its meaning if it has one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language import ast, checked
from kistdsl.language.catalog import CATALOG
from kistdsl.language.checks import CHECKS
from kistdsl.language.codes import ERROR, Code, ProgramContext
from kistdsl.language.collector import no_collection
from kistdsl.language.ignores import apply_ignores
from kistdsl.language.includes import Assembly, assemble
from kistdsl.language.resolve import resolve
from kistdsl.language.sources import Loaded, Loader, load_file
from kistdsl.schema import Schema


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out of checking one file.

    Attributes:
        tree: the statements of the main file that could be read.
        program: the meaning, includes and all; None if and only if there is an error.
        diagnostics: every problem, file by file (the main one first) and from top to bottom.
        sources: the texts of the main file and of the included ones.
    """

    tree: ast.File
    program: checked.Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]


def check_text(source: Source, schema: Schema, *, loader: Loader | None = None) -> Checked:
    """Check a text; includes are read by `loader`, by default from the disk."""
    return check_loaded(Loaded(source), schema, loader=loader)


def check_file(path: str | os.PathLike[str], schema: Schema) -> Checked:
    """Check a rule file.

    Raises:
        InputError: the file itself cannot be read (an include that cannot be is a diagnostic).
    """
    return check_loaded(load_file(path), schema)


def check_loaded(loaded: Loaded, schema: Schema, *, loader: Loader | None = None) -> Checked:
    """Check a text as it was read, with the problems of its bytes."""
    with no_collection():
        return _checked(loaded, schema, loader)


def _checked(loaded: Loaded, schema: Schema, loader: Loader | None) -> Checked:
    assembly = assemble(loaded, loader or load_file)
    resolution = resolve(assembly, schema)
    problems = [*assembly.problems, *resolution.problems]
    program = None if any(p.severity == ERROR for p in problems) else resolution.program
    if program is not None:
        context = ProgramContext(program, assembly.main.tree, schema)
        for check in CHECKS:
            problems.extend(check.run(context))
    unjudged = _names(CHECKS) if program is None else []
    kept = apply_ignores(problems, assembly.comments, assembly.statements, _names(CATALOG), unjudged)
    return Checked(assembly.main.tree, program, _ordered(kept, assembly), tuple(assembly.sources))


def _names(codes: Sequence[Code]) -> list[str]:
    return [name for code in codes for name in (code.slug, code.code)]


def _ordered(problems: list[Diagnostic], assembly: Assembly) -> tuple[Diagnostic, ...]:
    order = {id(source): i for i, source in enumerate(assembly.sources)}
    return tuple(sorted(problems, key=lambda p: (order.get(id(p.span.source), 0), p.span.start, p.code)))
