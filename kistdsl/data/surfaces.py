"""Generated ground-tile surfaces, and the things on them that look odd but are normal.

A surface is a map of reflectances around 1; a camera turns it into gray levels at some exposure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""(N, N) float32."""

Maker = Callable[[np.random.Generator, int], Field]
"""Draws a map of factors on the reflectance, 1 where nothing is."""


def blurred(field: NDArray[np.floating[Any]], sigma_x: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur with mirrored borders."""
    result: Field = cv2.GaussianBlur(
        field.astype(np.float32, copy=False),
        (0, 0),
        sigma_x,
        sigmaY=sigma_x if sigma_y is None else sigma_y,
        borderType=cv2.BORDER_REFLECT,
    )
    return result


def noise(rng: np.random.Generator, size: int, sigma_x: float, sigma_y: float | None = None) -> Field:
    """Smooth noise of mean 0 and standard deviation 1, with the given correlation along x and y."""
    field = blurred(rng.standard_normal((size, size), dtype=np.float32), sigma_x, sigma_y)
    field -= field.mean()
    scaled: Field = field / max(float(field.std()), 1e-6)
    return scaled


def stroke(size: int, points: NDArray[np.float64], thickness: int) -> Field:
    """Coverage 0..1 of an antialiased polyline through `points` (K, 2) in pixels (x, y)."""
    layer = np.zeros((size, size), np.uint8)
    fixed = np.round(points * 16).astype(np.int32)
    cv2.polylines(layer, [fixed], False, 255, thickness, cv2.LINE_AA, shift=4)
    covered: Field = layer.astype(np.float32) / np.float32(255)
    return covered


def walk(
    rng: np.random.Generator, start: tuple[float, float], angle: float, length: float, turn: float
) -> NDArray[np.float64]:
    """A wandering path of steps of 3 pixels; `turn` is the deviation of its direction a step (radians)."""
    steps = max(int(length / 3), 2)
    angles = angle + np.cumsum(rng.normal(0, turn, steps))
    moves = 3.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.vstack([np.array(start), np.array(start) + np.cumsum(moves, axis=0)])


def surface(rng: np.random.Generator, size: int) -> Field:
    """A ground surface: grinding streaks, grain, uneven light and the tile's edges."""
    streaks = sum(
        amplitude * noise(rng, size, width, 40.0)
        for width, amplitude in ((0.5, 0.035), (1.5, 0.03), (5.0, 0.035))
    )
    strength = rng.uniform(0.6, 1.5)
    light = 0.09 * noise(rng, size, 30.0, 45.0) * rng.uniform(0.4, 1.5)
    grain = 0.03 * noise(rng, size, 0.5)
    field: Field = (1.0 + strength * streaks + light + grain).astype(np.float32)
    for _ in range(rng.integers(2, 9)):
        field *= _streak(rng, size)
    for side in range(4):
        if rng.random() < 0.45:
            field *= np.rot90(_edge(rng, size), side)
    return field


def _streak(rng: np.random.Generator, size: int) -> Field:
    """One thin vertical line of the grinding wheel, brighter or darker, fading along its way."""
    x = rng.uniform(0, size)
    points = np.array([[x, 0.0], [x + rng.normal(0, 1.5), float(size)]])
    fade = np.clip(0.5 + 0.5 * noise(rng, size, 3.0, 30.0), 0, 1)
    factor: Field = (1 + rng.normal(0.04, 0.09) * stroke(size, points, 1) * fade).astype(np.float32)
    return factor


def _edge(rng: np.random.Generator, size: int) -> Field:
    """The tile's edge on the left: a dark band, often with a bright one beside it."""
    x = np.arange(size, dtype=np.float32)[None, :]
    wobble = rng.uniform(1, 5) + 0.6 * noise(rng, size, 12.0)[:, :1]
    dark = 0.5 - 0.5 * np.tanh((x - wobble) / 1.2)
    bright = np.exp(-(((x - wobble - 3.0) / 1.8) ** 2))
    factor: Field = (1 - rng.uniform(0.1, 0.55) * dark + rng.uniform(0, 0.3) * bright).astype(np.float32)
    return factor


# ---- what looks odd but is normal


def polish_scratch(rng: np.random.Generator, size: int) -> Field:
    """A fine, pale or slightly dark, gently bent line of polishing."""
    start = (rng.uniform(0, size), rng.uniform(0, size))
    path = walk(rng, start, rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.6) * size, 0.05)
    depth = rng.uniform(-0.16, 0.2)
    return (1 + depth * blurred(stroke(size, path, 1), 0.6)).astype(np.float32)


def highlight(rng: np.random.Generator, size: int) -> Field:
    """A soft reflection of the lamp, drawn out along the streaks."""
    spot = _blob(rng, size, rng.uniform(0.03, 0.09), rng.uniform(1.5, 3.5))
    return (1 + rng.uniform(0.15, 0.55) * spot).astype(np.float32)


def shade(rng: np.random.Generator, size: int) -> Field:
    """A soft dark zone where the surface leans away from the lamp."""
    spot = _blob(rng, size, rng.uniform(0.07, 0.18), rng.uniform(1.0, 3.0))
    return (1 - rng.uniform(0.15, 0.45) * spot).astype(np.float32)


def smudge(rng: np.random.Generator, size: int) -> Field:
    """Faint curled lines of dried coolant."""
    layer = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(1, 4)):
        start = (rng.uniform(0.1, 0.9) * size, rng.uniform(0.1, 0.9) * size)
        path = walk(rng, start, rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.5) * size, 0.35)
        layer = np.maximum(layer, stroke(size, path, 1))
    return (1 - rng.uniform(0.08, 0.22) * blurred(layer, 0.8)).astype(np.float32)


def printed_mark(rng: np.random.Generator, size: int) -> Field:
    """A printed sign: ring, cross or bar code, of even ink."""
    layer = np.zeros((size, size), np.uint8)
    x, y = (int(v) for v in rng.integers(size // 8, size - size // 8, 2))
    r = int(rng.integers(4, 8))
    kind = rng.integers(3)
    if kind == 0:
        cv2.circle(layer, (x, y), r, 255, 1, cv2.LINE_AA)
    elif kind == 1:
        cv2.drawMarker(
            layer, (x, y), 255, cv2.MARKER_TILTED_CROSS if rng.random() < 0.5 else cv2.MARKER_CROSS, 2 * r
        )
    else:
        for bar in np.flatnonzero(rng.random(2 * r) < 0.5):
            cv2.line(layer, (x - r + int(bar), y - 3), (x - r + int(bar), y + 3), 255, 1)
    ink = blurred(layer.astype(np.float32) / 255, 0.5)
    return (1 - rng.uniform(0.2, 0.4) * ink).astype(np.float32)


def dust(rng: np.random.Generator, size: int) -> Field:
    """A few specks of one pixel or two."""
    layer = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(2, 8)):
        x, y = rng.integers(1, size - 1, 2)
        layer[y, x] = rng.uniform(0.4, 1.0)
    return (1 - rng.uniform(0.3, 0.6) * np.minimum(blurred(layer, 0.55) * 2, 1)).astype(np.float32)


def _blob(rng: np.random.Generator, size: int, width: float, stretch: float) -> Field:
    """A Gaussian spot, peak 1; `width` is a share of the image, `stretch` draws it out along y."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    cx, cy = rng.uniform(0, size, 2)
    spot: Field = np.exp(
        -(((x - cx) / (width * size)) ** 2) - ((y - cy) / (width * stretch * size)) ** 2
    ).astype(np.float32)
    return spot


DISTRACTORS: tuple[Maker, ...] = (polish_scratch, highlight, shade, smudge, printed_mark, dust)
"""Things on good tiles that an inspector passes."""
