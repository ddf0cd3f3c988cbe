"""Images in and out: what a camera or an annotator wrote, as arrays with one stated meaning.

Pixels are taken as they are stored: an EXIF orientation is not applied, so that rows and columns of
an image, its mask and its anomaly map are the same ones. Alpha is dropped. Of a TIFF with several
pages the first is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.atomic import atomic_path
from kistdsl.data.decoding import decode
from kistdsl.diagnostics import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
"""File name endings (in any case) that count as images in a folder."""

GRAY_WEIGHTS = (299, 587, 114)
"""Thousandths of red, green and blue in a gray level (ITU-R BT.601)."""

SCALE_16 = 257
"""A 16-bit level divided by this is a gray level 0..255 (65535 / 255)."""

MASK_LEVEL = 127
"""A mask pixel is set where its gray level lies above this."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One decoded image.

    Attributes:
        path: the file it came from.
        pixels: (H, W) or (H, W, 3) in the order red, green, blue; uint8 (0..255) or uint16 (0..65535).
    """

    path: Path
    pixels: Pixels

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def is_color(self) -> bool:
        return self.pixels.ndim == 3

    def gray(self) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Gray levels 0..255, see `to_gray`."""
        return to_gray(self.pixels)


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """One ground-truth mask.

    Attributes:
        path: the file it came from.
        pixels: (H, W) bool, True on the defect.
        gray_valued: whether more than two levels occur (an antialiased mask, or one that was a JPEG).
        peak: its highest gray level, 0..255 (1 for a mask written as 0/1, which is then empty).
    """

    path: Path
    pixels: NDArray[np.bool_]
    gray_valued: bool
    peak: float


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read PNG (1, 8, 16 bit, palette, with or without alpha), JPEG, TIFF, BMP or WebP.

    Args:
        path: an image of 1x1 to 8192x8192 pixels and more, as far as memory allows.

    Returns:
        The image, its pixels as stored (no EXIF rotation, no alpha, first page).

    Raises:
        InputError: the file is missing, empty, no image, truncated or corrupt, or has other than 8 or 16
            bits a channel; the message names it.
    """
    source = Path(path)
    try:
        data = source.read_bytes()
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror or error}") from error
    pixels = decode(data, source)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{source}: {pixels.dtype} pixels; 8 or 16 bits a channel are needed")
    return Image(source, _without_alpha(pixels))


def _without_alpha(pixels: NDArray[Any]) -> Pixels:
    """(H, W) stays; OpenCV's (H, W, 3|4) in BGR or BGRA becomes (H, W, 3) in RGB."""
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] <= 2:
        return np.ascontiguousarray(pixels[:, :, 0])
    return np.ascontiguousarray(pixels[:, :, 2::-1])


def to_gray(pixels: Pixels) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Gray levels 0..255 of an image, as every region property sees them.

    Args:
        pixels: (H, W) or (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (H, W): uint8 gray as it is; float32 otherwise. Colour is (299 R + 587 G + 114 B) / 1000, not
        rounded; 16-bit levels are divided by 257, so 65535 is 255.

    Raises:
        InputError: another shape or dtype.
    """
    if (
        pixels.dtype not in (np.uint8, np.uint16)
        or pixels.ndim not in (2, 3)
        or pixels.shape[2:] not in ((), (3,))
    ):
        raise InputError(
            f"an image is (H, W) or (H, W, 3) of 8 or 16 bits, not {pixels.shape} {pixels.dtype}"
        )
    if pixels.dtype == np.uint8 and pixels.ndim == 2:
        return pixels.astype(np.uint8, copy=False)
    gray = np.empty(pixels.shape[:2], np.float32)
    rows = max(_BLOCK // pixels.shape[1], 1)
    for start in range(0, len(gray), rows):
        gray[start : start + rows] = _levels(pixels[start : start + rows])
    return gray


_BLOCK = 1 << 17
"""Pixels converted at a time: intermediate results then stay in the cache."""


def _levels(pixels: Pixels) -> NDArray[Any]:
    """Gray levels of a few rows, unrounded."""
    # Thousandths of 8-bit levels are whole numbers below 2**24, exact in float32; 16 bits need float64.
    levels: NDArray[Any] = pixels.astype(np.float32 if pixels.dtype == np.uint8 else np.float64)
    if pixels.ndim == 3:
        red, green, blue = GRAY_WEIGHTS
        levels = levels[:, :, 0] * red + levels[:, :, 1] * green + levels[:, :, 2] * blue
        levels /= sum(GRAY_WEIGHTS)
    if pixels.dtype == np.uint16:
        levels /= SCALE_16
    return levels


def to_uint8(pixels: Pixels) -> NDArray[np.uint8]:
    """The same image in bytes: 16-bit levels divided by 257 and rounded to the nearest."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return ((pixels.astype(np.uint32) + SCALE_16 // 2) // SCALE_16).astype(np.uint8)


def read_mask(path: str | os.PathLike[str]) -> Mask:
    """Read a mask: True where the gray level lies above 127.

    Raises:
        InputError: as `read_image`.
    """
    image = read_image(path)
    gray = image.gray()
    pixels = gray > MASK_LEVEL
    lowest, peak = gray.min(), gray.max()
    gray_valued = bool(((gray != lowest) & (gray != peak)).any())
    return Mask(image.path, pixels, gray_valued, float(peak))


def write_png(path: str | os.PathLike[str], pixels: NDArray[Any]) -> None:
    """Write a PNG, whole or not at all.

    Args:
        path: the target, ending in `.png`; its folder must exist.
        pixels: (H, W) or (H, W, 3) RGB; uint8, uint16, or bool (written as 0/255).

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    array = np.where(pixels, np.uint8(255), np.uint8(0)) if pixels.dtype == np.bool_ else pixels
    stored = array if array.ndim == 2 else np.ascontiguousarray(array[:, :, ::-1])
    written, encoded = cv2.imencode(".png", stored)
    if not written:
        raise InputError(f"{path}: {pixels.shape} {pixels.dtype} cannot be written as PNG")
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def list_images(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The image files directly in `folder`, sorted by name; hidden files are left out.

    Raises:
        InputError: `folder` does not exist or is no folder.
    """
    root = Path(folder)
    try:
        entries = sorted(root.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{root}: cannot be listed: {error.strerror or error}") from error
    return tuple(
        entry
        for entry in entries
        if entry.suffix.lower() in SUFFIXES and entry.name[0] != "." and entry.is_file()
    )


def mask_stem(path: Path) -> str:
    """The stem of the image that a mask file belongs to: `a_mask.png` and `a.png` belong to `a`."""
    return path.stem.removesuffix("_mask")


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by the stem of their image.

    Raises:
        InputError: two files with one stem, naming both.
    """
    found: dict[str, Path] = {}
    for path in paths:
        stem = mask_stem(path)
        if stem in found:
            raise InputError(f"{path}: another file of the name {stem!r} exists: {found[stem].name}")
        found[stem] = path
    return found
