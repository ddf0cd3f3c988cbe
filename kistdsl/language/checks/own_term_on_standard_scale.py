"""K220: a property's own term with numbers of the standard scale."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.checks.places import in_main_file, range_text
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.memberships import Gaussian, GeneralizedBell, MembershipFunction, Sigmoid
from kistdsl.language.wording import enumeration

WIDE = 20.0
"""Properties whose values reach this far are not read on a scale from 0 to 1."""


def lengths(function: MembershipFunction) -> tuple[float, ...]:
    """The finite numbers of a set that are in the property's unit: places, and widths of the curved ones."""
    if isinstance(function, Gaussian):
        return (function.mean, function.sigma)
    if isinstance(function, GeneralizedBell):
        return (function.width, function.center)
    if isinstance(function, Sigmoid):
        return (function.center,)
    return function.kink_points()


def _small(function: MembershipFunction) -> bool:
    """Whether all numbers lie between 0 and 1, some of them strictly."""
    if isinstance(function, Sigmoid) and abs(function.slope) < 1.0:
        return False  # it rises over more than the whole standard scale: a slope for a wide unit
    numbers = lengths(function)
    return all(0.0 <= x <= 1.0 for x in numbers) and any(0.0 < x < 1.0 for x in numbers)


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    columns = context.analysis.columns
    for term in context.program.terms:
        column = columns.get(term.column) if term.column is not None else None
        if column is None or term.span is None or not in_main_file(context, term.span):
            continue
        if column.spec.high >= WIDE and column.spec.unit != "ratio" and _small(term.function):
            read = enumeration([f"{x * column.gamma:.6g}" for x in lengths(term.function)])
            yield CHECK.at(
                term.span,
                f"the numbers of `{term.name}` look like the standard scale, but a term of {column.name} is "
                f"written in its own unit: {column.spec.unit}, {range_text(column)}",
                help=f"on the standard scale they would be {read} {column.spec.unit}",
            )


CHECK = Check(
    code="K220",
    slug="own-term-on-standard-scale",
    title="a property's own term with numbers between 0 and 1",
    severity=WARNING,
    explanation="""
`term T of P` is written in P's own unit: gray levels from 0 to 255, a shape index up to 193.75. All numbers of
this term lie between 0 and 1, as on the standard scale, so that it speaks of next to no region. Shared terms
(`term T = ...`) are the ones on the standard scale v' = v / gamma.
""",
    bad="term dark of gray = trapmf(0, 0, 0.2, 0.4)\nIF gray is dark AND area is high THEN anomalous\n",
    good="term dark of gray = trapmf(0, 0, 51, 102)\nIF gray is dark AND area is high THEN anomalous\n",
    run=_run,
)
