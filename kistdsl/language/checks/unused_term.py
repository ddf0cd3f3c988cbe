"""K217: a term that no rule uses."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.analysis import propositions
from kistdsl.language.checks.places import in_main_file
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.memberships import STANDARD_TERMS


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    program = context.program
    if not program.rules:
        return  # a file of terms, to be included by others
    used = {(p.term.name, p.term.column) for rule in program.rules for p in propositions(rule.condition)}
    for term in program.terms:
        family = {(name, term.column) for name in STANDARD_TERMS}
        if (term.name, term.column) in used or (term.name in STANDARD_TERMS and family & used):
            continue  # low, mid and high belong together
        if term.span is not None and in_main_file(context, term.span):
            of = f" of {term.column}" if term.column else ""
            hidden = term.column is None and any(name == term.name for name, _ in used)
            yield CHECK.at(
                term.span,
                f"no rule uses the term `{term.name}`{of}",
                help="the properties that use this word have a term of their own" if hidden else None,
            )


CHECK = Check(
    code="K217",
    slug="unused-term",
    title="a term that no rule uses",
    severity=WARNING,
    explanation="""
The term is defined, but no rule speaks of it. Perhaps a rule was meant to use it and uses another word.

`low`, `mid` and `high` are defined together: one that is used excuses the others.
""",
    bad="term sooty of gray = trapmf(0, 0, 35, 50)\nIF gray is low AND area is high THEN anomalous\n",
    good="term sooty of gray = trapmf(0, 0, 35, 50)\nIF gray is sooty AND area is high THEN anomalous\n",
    run=_run,
)
