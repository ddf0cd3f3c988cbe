"""Plots as inline SVG: axes, lines, filled histograms. Colours are the page's custom properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10

import numpy as np
from numpy.typing import NDArray

COLOURS = ("normal", "anomalous", "third", "fourth")
"""Custom properties of the page, in the order in which lines take them."""

DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Lines differ in their dashes too, for those who do not see the colours."""

_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 14, 14, 40


@dataclass(frozen=True, slots=True)
class Axes:
    """A plot's frame: data coordinates to picture coordinates.

    Attributes:
        x, y: (low, high) of the data; low < high.
        width, height: of the whole picture.
        log: whether x is drawn logarithmically; both its ends lie above 0 then.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = 560
    height: int = 240
    log: bool = False

    def across(self, value: float) -> float:
        """Picture coordinate of an x value."""
        low, high = self.x
        if self.log:
            low, high, value = log10(low), log10(high), log10(value)
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        """Picture coordinate of a y value."""
        low, high = self.y
        return self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _TOP - _BOTTOM)

    def line(self, points: Sequence[tuple[float, float]], number: int, *, markers: bool = False) -> str:
        """A line through data points; its number gives colour and dashes."""
        colour, dash = _look(number)
        path = " ".join(f"{self.across(x):.1f},{self.up(y):.1f}" for x, y in points)
        dots = "".join(
            f'<circle cx="{self.across(x):.1f}" cy="{self.up(y):.1f}" r="3.5" fill="{colour}"/>'
            for x, y in points
            if markers
        )
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>{dots}'

    def steps(self, edges: NDArray[np.float64], heights: NDArray[np.float64], number: int) -> str:
        """A filled histogram; (B + 1,) edges, (B,) heights in data coordinates."""
        colour, dash = _look(number)
        corners = [
            f"{self.across(edge):.1f},{self.up(h):.1f}"
            for i, h in enumerate(heights.tolist())
            for edge in edges[i : i + 2].tolist()
        ]
        base = self.up(self.y[0])
        outline = f"{self.across(float(edges[0])):.1f},{base:.1f} {' '.join(corners)} "
        outline += f"{self.across(float(edges[-1])):.1f},{base:.1f}"
        return f'<polygon points="{outline}" fill="{colour}" fill-opacity=".22" stroke="{colour}"{dash}/>'

    def bars(
        self,
        edges: NDArray[np.float64],
        heights: NDArray[np.float64],
        *,
        fill: str = "none",
        stroke: str = "none",
    ) -> str:
        """A histogram behind lines, cut off at the frame: filled faintly, or outlined thinly."""
        base, right = self.up(self.y[0]), self.across(self.x[1])
        corners = [
            f"{min(max(self.across(edge), _LEFT), right):.1f},{self.up(h):.1f}"
            for i, h in enumerate(heights.tolist())
            for edge in edges[i : i + 2].tolist()
            if edges[i] < self.x[1]
        ]
        if not corners:
            return ""
        first, last = corners[0].partition(",")[0], corners[-1].partition(",")[0]
        return (
            f'<polygon points="{first},{base:.1f} {" ".join(corners)} {last},{base:.1f}" fill="{fill}" '
            f'fill-opacity=".4" stroke="{stroke}" stroke-width=".8"/>'
        )

    def words(self, x: float, level: float, text: str) -> str:
        """Text that begins at a point."""
        return f'<text x="{self.across(x) + 4:.1f}" y="{self.up(level) + 4:.1f}" font-weight="600">{escape(text)}</text>'

    def spans(self, level: float, low: float, middle: float, high: float, number: int) -> str:
        """A dot with its interval on a level of the y axis; x values in data coordinates."""
        colour, dash = _look(number)
        y = self.up(level)
        return (
            f'<line x1="{self.across(low):.1f}" x2="{self.across(high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-width="2"{dash}/>{_marker(number, self.across(middle), y, colour)}'
        )

    def upright(self, value: float, label: str, number: int, row: int = 0) -> str:
        """A vertical line with a label beside its upper end."""
        colour, dash = _look(number)
        x, top = self.across(value), self.up(self.y[1])
        end = "end" if x > self.width * 0.7 else "start"
        shift = -4 if end == "end" else 4
        text = f'<text x="{x + shift:.1f}" y="{top + 10 + 14 * row:.1f}" text-anchor="{end}">{escape(label)}</text>'
        return (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{self.up(self.y[0]):.1f}" '
            f'stroke="{colour}" stroke-width="1.5"{dash}/>{text if label else ""}'
        )

    def picture(
        self,
        title: str,
        *marks: str,
        x_name: str = "",
        y_name: str = "",
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
    ) -> str:
        """The whole SVG; `title` is its text for those who do not see it."""
        x_marks = "".join(self._x_tick(v) for v in (ticks(*self.x) if x_ticks is None else x_ticks))
        y_marks = "".join(self._y_tick(v) for v in (ticks(*self.y, about=4) if y_ticks is None else y_ticks))
        bottom, middle = self.up(self.y[0]), (_LEFT + self.width - _RIGHT) / 2
        names = (
            f'<text x="{middle:.0f}" y="{self.height - 4}" text-anchor="middle">{escape(x_name)}</text>'
            f'<text transform="translate(12 {(_TOP + bottom) / 2:.0f}) rotate(-90)" text-anchor="middle">'
            f"{escape(y_name)}</text>"
        )
        base = f'<line class="axis" x1="{_LEFT}" x2="{self.width - _RIGHT}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>'
        return (
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(title)}">'
            f"<title>{escape(title)}</title>{y_marks}{x_marks}{base}{''.join(marks)}{names}</svg>"
        )

    def _x_tick(self, value: float) -> str:
        x, y = self.across(value), self.up(self.y[0])
        return (
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{y + 4:.1f}"/>'
            f'<text x="{x:.1f}" y="{y + 17:.1f}" text-anchor="middle">{value:.4g}</text>'
        )

    def _y_tick(self, value: float) -> str:
        y = self.up(value)
        return (
            f'<line class="grid" x1="{_LEFT}" x2="{self.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )


def _marker(number: int, x: float, y: float, colour: str) -> str:
    """Circle, square, triangle: models differ in shape too."""
    match number % 3:
        case 0:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
        case 1:
            return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
    points = f"{x:.1f},{y - 5.5:.1f} {x + 5:.1f},{y + 4:.1f} {x - 5:.1f},{y + 4:.1f}"
    return f'<polygon points="{points}" fill="{colour}"/>'


def legend(names: Sequence[str]) -> str:
    """What each line's look stands for, as HTML."""
    keys = []
    for number, name in enumerate(names):
        colour, dash = _look(number)
        keys.append(
            f'<svg viewBox="0 0 26 8" style="width:26px;height:8px" aria-hidden="true"><line x1="0" x2="26" y1="4" '
            f'y2="4" stroke="{colour}" stroke-width="3"{dash}/></svg> {escape(name)}'
        )
    return f'<p class="soft legend">{" &ensp; ".join(keys)}</p>'


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round values within a range, about so many."""
    span = high - low
    if not (isfinite(span) and span > 0):
        return []
    power = 10.0 ** floor(log10(span / about))
    step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= about)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [i * step for i in range(first, last + 1)]


def log_ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round values within a range of positive numbers for a logarithmic axis, about so many at most."""
    powers = range(floor(log10(low)), floor(log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0**p for p in powers for m in steps if low <= m * 10.0**p <= high]
        if len(found) <= about:
            return found
    return found[:: -(-len(found) // about)]


def _look(number: int) -> tuple[str, str]:
    colour = f"var(--{COLOURS[number % len(COLOURS)]})"
    dash = DASHES[number % len(DASHES)]
    return colour, f' stroke-dasharray="{dash}"' if dash else ""
