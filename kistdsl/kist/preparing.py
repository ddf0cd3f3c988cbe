"""Images and masks at the model's size, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.data.images import read_image, read_mask, to_gray, to_uint8
from kistdsl.data.layouts import Item
from kistdsl.data.resizing import resize_mask
from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings

MEDIAN_AT = 0.5
"""Where `exposure = "median"` puts an image's median gray."""

THREADS = 4
"""That read images."""

Bytes = NDArray[np.uint8]


def scale_to(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(H, W[, 3]) uint8 or float32 at another (height, width): by area when shrinking, else bilinear."""
    if pixels.shape[:2] == size:
        return pixels
    shrinks = pixels.shape[0] >= size[0] and pixels.shape[1] >= size[1]
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size[1], size[0]), interpolation=mode))


def exposure_factor(pixels: Bytes, settings: Settings) -> float:
    """What gray levels of one image are multiplied with to lie in the network's [0, 1]."""
    if settings.exposure == "none":
        return 1 / 255
    return MEDIAN_AT / max(float(np.median(to_gray(pixels))), 1.0)


def prepare(path: Path, settings: Settings, channels: int) -> Bytes:
    """One image file as (S, S) or (S, S, 3) uint8.

    Raises:
        InputError: it cannot be read.
    """
    return fitted(to_uint8(read_image(path).pixels), settings, channels)


def fitted(pixels: Bytes, settings: Settings, channels: int) -> Bytes:
    """(H, W) or (H, W, 3) uint8 as the network wants it: (S, S) for 1 channel, (S, S, 3) for 3."""
    if channels == 1 and pixels.ndim == 3:
        pixels = np.rint(to_gray(pixels)).astype(np.uint8)
    elif channels == 3 and pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(scale_to(pixels, (settings.size, settings.size)))


def load_masks(items: Sequence[Item], side: int) -> dict[str, NDArray[np.bool_]]:
    """Ground truth by item name, (side, side) bool: resized by area and cut at one half."""

    def one(item: Item) -> NDArray[np.bool_]:
        if item.mask is None:
            raise InputError(f"{item.path}: has no mask")
        return resize_mask(read_mask(item.mask).pixels, (side, side))

    masked = [item for item in items if item.mask is not None]
    with ThreadPoolExecutor(THREADS) as pool:
        return {item.name: mask for item, mask in zip(masked, pool.map(one, masked), strict=True)}
