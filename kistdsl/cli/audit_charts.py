"""Pictures of the audit page: thumbnails with contours, distributions with the terms drawn over them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.audit_figures import Picture
from kistdsl.language import checked
from kistdsl.report.html import figure
from kistdsl.report.pictures import DECISION, TRUTH, img, outlined, rgb
from kistdsl.report.svg import DASHES, Axes, legend, log_ticks

BINS, POINTS = 48, 240

SKEWED = 15.0
"""A property whose 99th percentile is so many times its median is drawn on a logarithmic axis."""

Values = NDArray[np.float64]
Term = tuple[checked.Term, float]
"""A term and its divisor: gamma, or 1 where it is in the property's own unit."""


def thumbnail(picture: Picture, who: str) -> str:
    """The image with the label's contour and, where there is one, the ground truth's, over its name.

    Args:
        picture: the image and what is labelled.
        who: what labels it, for those who do not see the picture.
    """
    name, area, truth = picture.seen.item.name, picture.area, picture.seen.truth
    drawn = rgb(picture.seen.pixels)
    said = f"{name}: {area} of {picture.mask.size} pixels labelled by {who}"
    caption = f"{name}: {area} px labelled" if area else name
    if truth is not None:
        drawn = outlined(drawn, truth, TRUTH)
        said += f"; {int(truth.sum())} are defect, {int((truth & picture.mask).sum())} of these labelled"
    if area:
        drawn = outlined(drawn, picture.mask, DECISION)
    return figure(img(drawn, said), caption)


def distribution(column: checked.Column, terms: Sequence[Term], normal: Values, anomalous: Values) -> str:
    """A plot: histograms of a property on normal and anomalous images, and the terms' memberships.

    Args:
        column: the property.
        terms: the terms that rules use with it.
        normal, anomalous: (N,) values; NaN is left out.
    """
    kinds = {
        name: values[np.isfinite(values)] for name, values in (("normal", normal), ("anomalous", anomalous))
    }
    axes, edges = _axes(terms, np.concatenate(list(kinds.values())))
    shares = [_root_shares(values, edges) for values in kinds.values()]
    top = max(float(s.max()) for s in shares) or 1.0
    marks = [axes.steps(edges, s / top, number) for number, s in enumerate(shares)]
    marks += [_curve(axes, term, divisor, number) for number, (term, divisor) in enumerate(terms)]
    named = ", ".join(term.name for term, _ in terms)
    unit = f" ({column.spec.unit})" if column.spec.unit else ""
    spread = "; ".join(f"{name}: {_spread(values)}" for name, values in kinds.items())
    plot = axes.picture(
        f"{column.name} of regions of normal and anomalous images, with the membership in {named}. {spread}.",
        *marks,
        x_name=f"{column.name}{unit}{', logarithmic' if axes.log else ''}",
        y_name="membership",
        x_ticks=log_ticks(*axes.x) if axes.log else None,
    )
    return legend(list(kinds)) + figure(plot, f"{first_up(spread)}.")


def _axes(terms: Sequence[Term], values: Values) -> tuple[Axes, Values]:
    """A frame that holds nearly all values and the terms' slopes, and the edges of its bins."""
    kinks = [k * divisor for term, divisor in terms for k in term.function.kink_points() if isfinite(k)]
    first, middle, low, high, last = (
        np.quantile(values, [0.0, 0.5, 0.005, 0.995, 0.99]).tolist()
        if values.size
        else (0.0, 0.5, 0.0, 1.0, 1.0)
    )
    log = bool(first > 0 and last > SKEWED * middle and all(k > 0 for k in kinks))
    span = max(high - low, 1e-12)
    near = [k for k in kinks if log or low - 4 * span <= k <= high + 4 * span]
    low, high = min([low, *near]), max([high, *near])
    if log:
        room = (high / low) ** 0.03
        low, high = low / room, high * room
        return Axes((low, high), (0.0, 1.2), 520, 230, log=True), np.geomspace(low, high, BINS + 1)
    room = 0.03 * max(high - low, 1e-9)
    low, high = low - room, high + room
    return Axes((low, high), (0.0, 1.2), 520, 230), np.linspace(low, high, BINS + 1)


def _root_shares(values: Values, edges: Values) -> Values:
    """Square roots of the shares of values in each bin, so that rare ones show."""
    counts, _ = np.histogram(values, edges)
    roots: Values = np.sqrt(counts / max(values.size, 1))
    return roots


def _curve(axes: Axes, term: checked.Term, divisor: float, number: int) -> str:
    """A membership function over the property's own unit, its name where it is largest."""
    low, high = axes.x
    at = (np.geomspace if axes.log else np.linspace)(low, high, POINTS)
    heights = np.array([term.function.evaluate(float(v) / divisor) for v in at])
    points = " ".join(
        f"{axes.across(x):.1f},{axes.up(h):.1f}" for x, h in zip(at.tolist(), heights, strict=True)
    )
    colour = f"var(--{('third', 'fourth')[number % 2]})"
    dash = DASHES[number // 2 % len(DASHES)]
    x = axes.across(float(at[int(np.flatnonzero(heights >= heights.max() - 1e-9).mean())]))
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"'
        f"{f' stroke-dasharray={dash!r}' if dash else ''}/>"
        f'<text x="{x:.1f}" y="{axes.up(float(heights.max())) - 5 - 13 * (number % 2):.1f}" text-anchor="middle" '
        f'style="fill:{colour};font-weight:600">{escape(term.name)}</text>'
    )


def _spread(values: Values) -> str:
    """Where the middle and most of the values lie."""
    if not values.size:
        return "no region"
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95]).tolist()
    return f"half of the regions below {middle:.3g}, nine in ten from {low:.3g} to {high:.3g}"


def first_up(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def share_bars(normal: float, anomalous: float, top: float) -> str:
    """Two small bars, of shares up to `top`; the numbers stand beside them."""
    bars = "".join(
        f'<rect x="0" y="{y}" height="6" width="{max(90 * share / max(top, 1e-12), 1 if share else 0):.1f}" '
        f'fill="var(--{name})"/>'
        for name, share, y in (("normal", normal, 1), ("anomalous", anomalous, 9))
    )
    return f'<svg viewBox="0 0 90 16" style="width:90px;height:16px" aria-hidden="true">{bars}</svg>'


def contour_key() -> str:
    """What the contours' colours stand for, as HTML."""
    parts = (
        f'<span class="key" style="background:rgb{colour}"></span>{name}'
        for colour, name in (
            (DECISION, "labelled by the rule"),
            (TRUTH, "ground truth, where there is a mask"),
        )
    )
    return f'<p class="soft">Contours: {"".join(parts)}</p>'
