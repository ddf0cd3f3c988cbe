"""Images as data URIs: photographs, anomaly maps in colour, decisions as contours."""

from __future__ import annotations

import base64
from html import escape
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

TRUTH, DECISION = (0, 158, 115), (230, 97, 0)
"""Contour colours, RGB."""

SIDE = 224
"""Longest side of a picture in pixels; smaller ones are enlarged to it."""


def rgb(image: NDArray[np.uint8]) -> Rgb:
    """An (H, W) or (H, W, 3) image as a new (H', W', 3) one, at most SIDE wide and high."""
    pixels = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    scale = SIDE / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=way), dtype=np.uint8)


def heat(values: NDArray[Any], top: float) -> Rgb:
    """An (H, W) map in viridis, 0 dark and `top` or more bright."""
    level = np.clip(np.nan_to_num(values) / max(top, 1e-12), 0.0, 1.0)
    coloured = cv2.applyColorMap((level * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return rgb(np.ascontiguousarray(coloured[:, :, ::-1], dtype=np.uint8))


def contours_of(mask: Mask, size: tuple[int, int]) -> list[NDArray[np.int32]]:
    """Outlines of a mask brought to a picture's (width, height): (P, 1, 2) x and y; no region is too small."""
    smaller = size[0] < mask.shape[1]
    share = cv2.resize(
        mask.astype(np.float32), size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    )
    there = share > 0 if smaller else share >= 0.5
    contours, _ = cv2.findContours(there.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(contour, np.int32) for contour in contours]


def outlined(image: Rgb, mask: Mask, colour: tuple[int, int, int]) -> Rgb:
    """A copy of the picture with the mask's contours; no region is too small to be seen."""
    drawn = image.copy()
    contours = contours_of(mask, (image.shape[1], image.shape[0]))
    cv2.drawContours(drawn, contours, -1, (255, 255, 255), 3)  # a light rim, so that it shows on any ground
    cv2.drawContours(drawn, contours, -1, colour, 2)
    return drawn


def img(pixels: Rgb, alt: str) -> str:
    """An `<img>` with its pixels in place; JPEG, a fifth of what grain takes as PNG."""
    encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    data = base64.b64encode(encoded.tobytes()).decode("ascii")
    height, width = pixels.shape[:2]
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}" width="{width}" '
        f'height="{height}" style="height:auto">'
    )
