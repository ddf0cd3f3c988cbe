"""K212: a set that the property's range cuts off before it reaches 1."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.analysis import Use
from kistdsl.language.checks.places import gamma_label, range_text, value_text
from kistdsl.language.checks.starving import consequence
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import grade


def _cut_off(use: Use) -> bool:
    return 0.0 < use.highest.value < use.term.function.supremum()


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for use in filter(_cut_off, analysis.weak.values()):
        column = analysis.columns[use.column]
        own = use.term.column is not None and use.term.span is not None
        yield CHECK.at(
            use.term.span if own and use.term.span else use.proposition.span,
            f"no value of {column.name} is fully `{use.term.name}`: its highest membership is "
            f"{grade(use.highest.value, 1.0)}, at {value_text(column, use.highest.witness)}"
            f"{consequence(analysis, use.term, use.column)}",
            labels=[] if own else gamma_label(context, column),
            help=f"{column.name} ranges from {range_text(column)}",
        )


CHECK = Check(
    code="K212",
    slug="term-cut-off",
    title="a fuzzy set that the property's range cuts off below 1",
    severity=WARNING,
    explanation="""
The set would reach 1, but only at values that the property cannot take. Inside the range its membership stays
below 1, and so does every clause that uses it: with tv = alpha = 0.8 such a rule never fires.

For a shared term the scale decides: `property gray high at 300` puts `high` where no gray level is.
""",
    bad="property gray high at 300\nIF gray is high THEN anomalous\n",
    good="property gray high at 200\nIF gray is high THEN anomalous\n",
    run=_run,
)
