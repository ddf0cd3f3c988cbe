"""Membership functions of the terms that rules use, over the property's own unit."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from kistdsl.language import checked
from kistdsl.language.analysis import propositions
from kistdsl.report.contents import Contents
from kistdsl.report.highlight import highlighted
from kistdsl.report.html import figure, section
from kistdsl.report.rule_marks import marks_of
from kistdsl.report.svg import Axes, legend

_POINTS = 241


def rules(contents: Contents) -> str:
    """The rule text in colour, each rule with its mark; empty for a run without rules."""
    if not contents.rules_text.strip():
        return ""
    marks, program = marks_of(contents), contents.program
    begins = {} if program is None else {rule.span.start: marks[rule.name] for rule in program.rules}
    return section("rules", "The rules", highlighted(contents.rules_text, begins))


def memberships(contents: Contents) -> str:
    """A plot for each property that rules use."""
    program = contents.program
    if program is None:
        return ""
    measured = _measured(contents)
    plots = "".join(
        _plot(column, _terms(program, column), measured.get(column.name)) for column in program.columns
    )
    key = (
        '<p class="soft"><span class="key" style="background:var(--soft);opacity:.4"></span>regions of held-out normal '
        'images<span class="key" style="border:1px solid var(--ink)"></span>regions of anomalous training images: how the '
        "property is distributed over all candidate regions, each scaled to its highest bar</p>"
    )
    return section(
        "memberships",
        "What the rules' words mean",
        key if measured else "",
        f'<div class="grid2">{plots}</div>',
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Histograms of one property: (B + 1,) edges, (B,) counts."""

    edges: NDArray[np.float64]
    normal: NDArray[np.int64]
    anomalous: NDArray[np.int64]


def _measured(contents: Contents) -> dict[str, _Measured]:
    """By property, of the run's candidate regions; empty where the folder has none."""
    stored = contents.properties
    if stored is None:
        return {}
    return {
        str(name): _Measured(stored["edges"][i], stored["normal"][i], stored["anomalous"][i])
        for i, name in enumerate(stored["names"])
    }


def _terms(program: checked.Program, column: checked.Column) -> list[checked.Proposition]:
    """One proposition for each term used with a property."""
    used = [p for rule in program.rules for p in propositions(rule.condition) if p.column == column.name]
    return list({p.term.name: p for p in reversed(used)}.values())[::-1]


def _plot(column: checked.Column, uses: list[checked.Proposition], measured: _Measured | None) -> str:
    low, high = _limits(column, uses, measured)
    axes = Axes((low, high), (0.0, 1.05), width=460, height=200)
    at = np.linspace(low, high, _POINTS).tolist()
    marks = [] if measured is None else _ground(axes, measured)
    marks += [
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
    if measured is not None:
        caption += f" {int(measured.normal.sum())} normal and {int(measured.anomalous.sum())} anomalous-image regions."
    return f"<div><h3>{escape(column.name)}</h3>{legend([use.term.name for use in uses])}{figure(plot, caption)}</div>"


def _ground(axes: Axes, measured: _Measured) -> list[str]:
    """The two histograms behind the curves, each over its highest bar."""
    normal, anomalous = (c / max(int(c.max(initial=0)), 1) for c in (measured.normal, measured.anomalous))
    return [
        axes.bars(measured.edges, normal, fill="var(--soft)"),
        axes.bars(measured.edges, anomalous, stroke="var(--ink)"),
    ]


def _limits(
    column: checked.Column, uses: list[checked.Proposition], measured: _Measured | None
) -> tuple[float, float]:
    """Around the kinks of the terms and most of what was measured, within what the property can be."""
    kinks = [k * use.divisor for use in uses for k in use.term.function.kink_points() if isfinite(k)]
    low, high = (min(kinks), max(kinks)) if kinks else (0.0, column.gamma)
    span = (high - low) or abs(high) or 1.0
    low, high = low - 0.35 * span, high + 0.35 * span
    if measured is not None:
        low, high = min(low, float(measured.edges[0])), max(high, _most(measured))
    return max(low, column.spec.low), min(high, column.spec.high)


def _most(measured: _Measured) -> float:
    """Where nine tenths of all regions lie below: a long tail would squeeze the words."""
    share = np.cumsum(measured.normal + measured.anomalous) / max(
        int((measured.normal + measured.anomalous).sum()), 1
    )
    return float(measured.edges[1:][int(np.searchsorted(share, 0.9).clip(0, len(share) - 1))])
