"""Decoding image bytes strictly: what is truncated or corrupt is an error, and standard error stays clean.

The decoders below OpenCV print to the process's standard error, and some return half an image without
a word. So the end of the file is checked first, and what the decoder prints is read and judged.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_START_OF_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

_DAMAGE = re.compile(
    rb"premature end|bad huffman code|instead of RST|inconsistent progression", re.IGNORECASE
)
"""What libjpeg says of data it had to guess. (`extraneous bytes before marker` is harmless and common.)"""

_DECODER_NOISE = re.compile(
    rb"^(\[ ?(WARN|ERROR|INFO).*|libpng .*|.*(JPEG|JFIF|SOS parameters|Adobe color|progression sequence|"
    rb"quantization tables|thumbnail image).*|)$",
    re.IGNORECASE,
)
"""Lines of OpenCV's log, libpng and libjpeg."""

_stderr_lock = threading.Lock()


def decode(data: bytes, source: Path) -> NDArray[Any]:
    """Pixels of an encoded image as OpenCV returns them unchanged: (H, W) or (H, W, 3|4) in BGR(A).

    Args:
        data: the whole file.
        source: named in messages.

    Raises:
        InputError: no known image format, truncated or corrupt.
    """
    _check_complete(data, source)
    with _captured_stderr() as captured:
        pixels = _imdecode(data)
    printed = captured[0]
    if pixels is None or _DAMAGE.search(printed):
        raise InputError(f"{source}: the image data is corrupt")
    return pixels


def _imdecode(data: bytes) -> NDArray[Any] | None:
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):
        return None
    return pixels


def _check_complete(data: bytes, source: Path) -> None:
    """Raise on a file that is no image, or that ends before its format's end mark."""
    if not data:
        raise InputError(f"{source}: the file is empty")
    if data.startswith(_PNG):
        problem = _png_problem(data)
    elif data.startswith(_JPEG):
        whole = data.rfind(_JPEG_END) > data.rfind(_JPEG_START_OF_SCAN) > 0
        problem = None if whole else "truncated JPEG (no end mark)"
    elif data.startswith(b"BM"):
        problem = "truncated BMP" if len(data) < int.from_bytes(data[2:6], "little") else None
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        problem = "truncated WebP" if len(data) < int.from_bytes(data[4:8], "little") + 8 else None
    elif data.startswith(_TIFF):
        problem = None  # libtiff reports missing strips itself
    else:
        problem = "not an image (PNG, JPEG, TIFF, BMP or WebP)"
    if problem:
        raise InputError(f"{source}: {problem}")


def _png_problem(data: bytes) -> str | None:
    """Walk the chunks: every checksum right, and IEND reached."""
    at = len(_PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            return "corrupt PNG (a checksum is wrong)"
        if data[at + 4 : at + 8] == b"IEND":
            return None
        at = end
    return "truncated PNG (no end mark)"


@contextlib.contextmanager
def _captured_stderr() -> Iterator[list[bytes]]:
    """What is printed to file descriptor 2 meanwhile; lines that no decoder printed are passed on."""
    captured = [b""]
    with _stderr_lock, tempfile.TemporaryFile() as file:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error at all: nothing to keep clean
            yield captured
            return
        try:
            os.dup2(file.fileno(), 2)
            yield captured
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        captured[0] = file.read()
        others = [line for line in captured[0].split(b"\n") if not _DECODER_NOISE.match(line)]
        if others:
            os.write(2, b"\n".join(others) + b"\n")
