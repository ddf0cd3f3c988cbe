"""Membership functions of the terms that rules use, over the property's own unit."""

from __future__ import annotations

from html import escape
from math import isfinite

import numpy as np

from kistdsl.language import checked
from kistdsl.language.analysis import propositions
from kistdsl.report.contents import Contents
from kistdsl.report.highlight import highlighted
from kistdsl.report.html import figure, section
from kistdsl.report.svg import Axes, legend

_POINTS = 241


def rules(contents: Contents) -> str:
    """The rule text in colour; empty for a run without rules."""
    return (
        section("rules", "The rules", highlighted(contents.rules_text)) if contents.rules_text.strip() else ""
    )


def memberships(contents: Contents) -> str:
    """A plot for each property that rules use."""
    program = contents.program
    if program is None:
        return ""
    plots = "".join(_plot(column, _terms(program, column)) for column in program.columns)
    return section("memberships", "What the rules' words mean", f'<div class="grid2">{plots}</div>')


def _terms(program: checked.Program, column: checked.Column) -> list[checked.Proposition]:
    """One proposition for each term used with a property."""
    used = [p for rule in program.rules for p in propositions(rule.condition) if p.column == column.name]
    return list({p.term.name: p for p in reversed(used)}.values())[::-1]


def _plot(column: checked.Column, uses: list[checked.Proposition]) -> str:
    low, high = _limits(column, uses)
    axes = Axes((low, high), (0.0, 1.05), width=460, height=200)
    at = np.linspace(low, high, _POINTS).tolist()
    marks = [
        axes.line([(x, use.term.function.evaluate(x / use.divisor)) for x in at], i)
        for i, use in enumerate(uses)
    ]
    names = ", ".join(use.term.name for use in uses)
    plot = axes.picture(
        f"Membership of {column.name} in {names}, from {low:.4g} to {high:.4g}",
        *marks,
        x_name=f"{column.name} ({column.spec.unit})" if column.spec.unit else column.name,
        y_name="membership",
    )
    caption = f"{column.spec.doc.rstrip('.')}; gamma {column.gamma:g}."
    return f"<div><h3>{escape(column.name)}</h3>{legend([use.term.name for use in uses])}{figure(plot, caption)}</div>"


def _limits(column: checked.Column, uses: list[checked.Proposition]) -> tuple[float, float]:
    """Around the kinks of the terms, within what the property can be."""
    kinks = [k * use.divisor for use in uses for k in use.term.function.kink_points() if isfinite(k)]
    low, high = (min(kinks), max(kinks)) if kinks else (0.0, column.gamma)
    span = (high - low) or abs(high) or 1.0
    return low - 0.35 * span, high + 0.35 * span
