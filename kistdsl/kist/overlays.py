"""Pictures of what was found: contours, and beside each the rule that it fits or its score."""

from __future__ import annotations

import unicodedata

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.engine.found_regions import FoundRegion
from kistdsl.kist.localization import Localization
from kistdsl.kist.preparing import Bytes

SMALLEST = 512
"""Pictures whose longer side is shorter are enlarged by a whole number, so that words are legible."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_CONTOUR, _WORDS, _RIM = (255, 215, 0), (255, 255, 255), (0, 0, 0)


def overlay(found: Localization) -> Bytes:
    """The image with its found regions: (H k, W k, 3) RGB uint8, k = 1 for large images.

    The map glows through where it passes half the threshold that bounds a region; each region has a contour,
    and beside it the rule that it fits, else its highest value over the alarm's threshold.
    """
    height, width = found.map.shape
    factor = max(1, SMALLEST // max(height, width))
    picture = np.ascontiguousarray(np.kron(_glowing(found), np.ones((factor, factor, 1), np.uint8)))
    scale = max(picture.shape[0], picture.shape[1]) / 1000
    thick = max(1, round(2 * scale))
    mask = np.kron(found.mask, np.ones((factor, factor), np.uint8)).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, _RIM, thick + 2)
    cv2.drawContours(picture, contours, -1, _CONTOUR, thick)
    taken = mask.astype(np.bool_)
    for region in sorted(found.regions, key=lambda region: -region.pixels):
        _write_beside(picture, region, words_of(found, region), factor, scale, taken)
    return picture


def words_of(found: Localization, region: FoundRegion) -> str:
    """The rule, else how far the region passes the alarm's threshold."""
    if region.rule is not None:
        return region.rule
    inside = (slice(region.top, region.bottom), slice(region.left, region.right))
    highest = float(found.decision.relative(found.map)[inside].max())
    return f"{highest / found.decision.image:.1f}x" if found.decision.image > 0 else f"{highest:.3g}"


def _glowing(found: Localization) -> Bytes:
    """The image with the map as an orange glow."""
    base = found.pixels if found.pixels.ndim == 3 else np.repeat(found.pixels[:, :, None], 3, axis=2)
    values = found.decision.relative(found.map)
    low, high = 0.5 * found.decision.pixel, max(2 * found.decision.image, float(values.max()), 1e-12)
    glow = np.clip((values - low) / max(high - low, 1e-12), 0, 1)[:, :, None] * 0.6
    return np.asarray(np.rint(base * (1 - glow) + np.array([255.0, 80.0, 0.0]) * glow), np.uint8)


def _write_beside(
    picture: Bytes, region: FoundRegion, words: str, factor: int, scale: float, taken: NDArray[np.bool_]
) -> None:
    """Words at the first free place: right of the box, left, below, above; none where all are taken."""
    text = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode() or "rule"
    size, thick = max(0.6, 0.8 * scale), max(1, round(1.5 * scale))
    (wide, high), below = cv2.getTextSize(text, _FONT, size, thick)
    gap = 4 + round(4 * scale)
    top, left, bottom, right = (factor * v for v in (region.top, region.left, region.bottom, region.right))
    middle = (top + bottom + high) // 2
    for x, y in (
        (right + gap, middle),
        (left - gap - wide, middle),
        (left, bottom + gap + high),
        (left, top - gap - below),
    ):
        x0, y0 = (
            min(max(x, 2), picture.shape[1] - wide - 2),
            min(max(y, high + 2), picture.shape[0] - below - 2),
        )
        place = (slice(max(y0 - high, 0), y0 + below), slice(max(x0, 0), x0 + wide))
        if taken[place].any():
            continue
        taken[place] = True
        cv2.putText(picture, text, (x0, y0), _FONT, size, _RIM, thick + 3, cv2.LINE_AA)
        cv2.putText(picture, text, (x0, y0), _FONT, size, _WORDS, thick, cv2.LINE_AA)
        return
