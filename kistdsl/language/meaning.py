"""The meaning of a rule file and nothing else: for who runs rules, not for who writes them.

The analyses, whose findings are warnings, are not run (see `kistdsl.language.check`).
"""

from __future__ import annotations

from kistdsl.diagnostics import RuleError
from kistdsl.language import checked
from kistdsl.language.codes import ERROR
from kistdsl.language.includes import assemble
from kistdsl.language.resolve import resolve
from kistdsl.language.sources import Loaded, Loader, load_file
from kistdsl.schema import Schema


def meaning_of(loaded: Loaded, schema: Schema, *, loader: Loader = load_file) -> checked.Program:
    """The checked program of a text and what it includes.

    Raises:
        RuleError: it has none; every error of every file is in it, file by file, from top to bottom.
    """
    assembly = assemble(loaded, loader)
    resolution = resolve(assembly, schema)
    errors = [p for p in (*assembly.problems, *resolution.problems) if p.severity == ERROR]
    if errors:
        order = {id(source): i for i, source in enumerate(assembly.sources)}
        raise RuleError(sorted(errors, key=lambda p: (order.get(id(p.span.source), 0), p.span.start, p.code)))
    return resolution.program
