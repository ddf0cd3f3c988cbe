"""Pictures of the audit page: thumbnails with contours, distributions with the terms drawn over them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.audit_figures import Picture
from kistdsl.cli.audit_images import Mask
from kistdsl.language import checked

THUMBNAIL = 176
"""Longer side of a thumbnail in pixels."""

LABEL, TRUTH = (255, 60, 0), (0, 210, 60)
"""Colours of contours: what the rule labels, and the ground truth."""

WIDTH, HEIGHT, BINS, POINTS = 520, 170, 60, 240
NORMAL_FILL, ANOMALOUS_FILL = "#4878cf", "#d1495b"
TERM_STROKES = ("#111", "#7a5195", "#2a9d3a", "#e69f00", "#555", "#009e9e")


def thumbnail(picture: Picture) -> str:
    """A PNG as a data URI: the image, the label's contour in red, the truth's in green."""
    pixels = picture.seen.pixels
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    scale = THUMBNAIL / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    small = np.ascontiguousarray(small)
    if picture.seen.truth is not None:
        _draw(small, picture.seen.truth, TRUTH)
    _draw(small, picture.mask, LABEL)
    encoded = cv2.imencode(".png", small[:, :, ::-1])[1]
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")


def _draw(rgb: NDArray[np.uint8], mask: Mask, colour: tuple[int, int, int]) -> None:
    """Outline a mask on a smaller or larger picture; no region is too small to be seen."""
    size = (rgb.shape[1], rgb.shape[0])
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    contours, _ = cv2.findContours((share > 0).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(rgb, contours, -1, colour, 1)


def distribution(
    column: checked.Column,
    terms: Sequence[tuple[checked.Term, float]],
    normal: NDArray[np.float64],
    anomalous: NDArray[np.float64],
) -> str:
    """An SVG: histograms of a property on normal and anomalous images, and the terms' memberships.

    Args:
        column: the property.
        terms: the terms that rules use with it, each with its divisor (gamma, or 1).
        normal, anomalous: (N,) values; NaN is left out.
    """
    low, high = _limits(terms, np.concatenate([normal, anomalous]))
    parts = [
        _bars(values[np.isfinite(values)], low, high, fill)
        for values, fill in ((normal, NORMAL_FILL), (anomalous, ANOMALOUS_FILL))
    ]
    for i, (term, divisor) in enumerate(terms):
        parts.append(_curve(term, divisor, low, high, TERM_STROKES[i % len(TERM_STROKES)], i))
    ends = "".join(
        f'<text x="{x}" y="{HEIGHT + 14}" text-anchor="{anchor}">{value:.4g}</text>'
        for x, anchor, value in (
            (0, "start", low),
            (WIDTH / 2, "middle", (low + high) / 2),
            (WIDTH, "end", high),
        )
    )
    title = f"{column.name} ({column.spec.unit}), gamma {column.gamma:g}"
    return (
        f'<svg viewBox="-4 -4 {WIDTH + 8} {HEIGHT + 22}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}"
        f'<line x1="0" y1="{HEIGHT}" x2="{WIDTH}" y2="{HEIGHT}" stroke="#888"/>{ends}</svg>'
    )


def _limits(terms: Sequence[tuple[checked.Term, float]], values: NDArray[np.float64]) -> tuple[float, float]:
    """From the 0.5th to the 99.5th percentile, widened to the terms' kinks that lie not too far off."""
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.005, 0.995]).tolist() if known.size else (0.0, 1.0)
    kinks = [k * divisor for term, divisor in terms for k in term.function.kink_points() if np.isfinite(k)]
    span = max(high - low, 1e-12)
    near = [k for k in kinks if low - 4 * span <= k <= high + 4 * span]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.03 * max(high - low, 1e-9)
    return low - margin, high + margin


def _bars(values: NDArray[np.float64], low: float, high: float, fill: str) -> str:
    """A histogram as one filled outline; heights are roots of shares, so that rare values show."""
    if not values.size:
        return ""
    counts, _ = np.histogram(values, BINS, (low, high))
    heights = np.sqrt(counts / values.size) * HEIGHT
    step = WIDTH / BINS
    points = [
        f"{i * step:.1f},{HEIGHT - h:.1f} {(i + 1) * step:.1f},{HEIGHT - h:.1f}"
        for i, h in enumerate(heights)
    ]
    outline = f"0,{HEIGHT} {' '.join(points)} {WIDTH},{HEIGHT}"
    return f'<polygon points="{outline}" fill="{fill}" fill-opacity="0.35" stroke="{fill}"/>'


def _curve(term: checked.Term, divisor: float, low: float, high: float, stroke: str, number: int) -> str:
    """A membership function over the property's own unit, 1 at the top."""
    values = np.linspace(low, high, POINTS)
    heights = [term.function.evaluate(float(v) / divisor) for v in values]
    points = " ".join(
        f"{i * WIDTH / (POINTS - 1):.1f},{HEIGHT - h * HEIGHT:.1f}" for i, h in enumerate(heights)
    )
    label = f'<text x="{WIDTH - 4}" y="{12 + 13 * number}" text-anchor="end" fill="{stroke}">{escape(term.name)}</text>'
    return f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="1.6"/>{label}'
