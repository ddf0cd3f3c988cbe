"""K211: a set that no value of the property can belong to."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import checked
from kistdsl.language.checks.places import gamma_label, own_scale_hint, property_statement, range_text
from kistdsl.language.checks.starving import consequence
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import quantity


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for use in analysis.weak.values():
        if use.highest.value > 0.0 or use.term.function.supremum() == 0.0:
            continue
        column, divisor = analysis.columns[use.column], use.proposition.divisor
        kinks = [k * divisor for k in use.term.function.kink_points()] or [0.0]
        side = "above" if kinks[0] >= column.spec.high else "below"
        start = quantity(column.spec, kinks[0] if side == "above" else kinks[-1])
        own = use.term.column is not None and use.term.span is not None
        yield CHECK.at(
            use.term.span if own and use.term.span else use.proposition.span,
            f"no value of {column.name} can be `{use.term.name}`: the set lies {side} {start}, "
            f"but {column.name} ranges from {range_text(column)}{consequence(analysis, use.term, use.column)}",
            labels=[] if own else gamma_label(context, column),
            help=own_scale_hint(use) or _advice(context, column, kinks, own=own),
        )


def _advice(context: ProgramContext, column: checked.Column, kinks: list[float], *, own: bool) -> str | None:
    percent = [k for k in kinks if 1.0 < k <= 100.0]
    statement = property_statement(context, column.name)
    if not own and statement is not None and statement.high_at is not None:
        kinks = [statement.high_at.value]
        percent = [k for k in kinks if 1.0 < k <= 100.0]
        if column.spec.unit == "fraction" and percent:
            return f"did you mean {statement.high_at.text}%?"
    if own and column.spec.unit == "fraction" and percent:
        return f"did you mean {percent[0]:g}%?"
    return None if own else "choose a scale that fits the property's range"


CHECK = Check(
    code="K211",
    slug="term-out-of-range",
    title="a fuzzy set outside the property's range",
    severity=WARNING,
    explanation="""
Every property has a range: gray levels lie between 0 and 255, an area between 0% and 100% of the image. A set
whose support lies wholly outside has membership 0 for every region there can be; a clause that uses it is
always 0.

Often a unit is mixed up: `2` where `2%` was meant, or a value on the standard scale in a term that is the
property's own (`term T of P` is written in P's own unit).
""",
    bad="term large of area = trapmf(2, 4, inf, inf)\nIF area is large THEN anomalous\n",
    good="term large of area = trapmf(2%, 4%, inf, inf)\nIF area is large THEN anomalous\n",
    run=_run,
)
