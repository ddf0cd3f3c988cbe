"""K213: a set that every value of the property belongs to fully."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.checks.places import gamma_label, own_scale_hint, range_text
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for use in analysis.constant.values():
        column = analysis.columns[use.column]
        own = use.term.column is not None and use.term.span is not None
        yield CHECK.at(
            use.term.span if own and use.term.span else use.proposition.span,
            f"every value of {column.name} is fully `{use.term.name}`: its membership is 1 from {range_text(column)}",
            labels=[] if own else gamma_label(context, column),
            help=own_scale_hint(use)
            or "a clause that always holds says nothing; narrow the set, or drop the clause",
        )


CHECK = Check(
    code="K213",
    slug="term-covers-range",
    title="a fuzzy set that covers the property's whole range",
    severity=WARNING,
    explanation="""
The set has membership 1 for every value that the property can take. A clause that uses it always holds, and
its negation never does, so that it tells no region from another.

For a shared term the scale decides: with `property symmetry scale 10` every symmetry is `low`.
""",
    bad="property symmetry scale 10\nIF symmetry is low AND area is high THEN anomalous\n",
    good="property symmetry scale 1\nIF symmetry is low AND area is high THEN anomalous\n",
    run=_run,
)
