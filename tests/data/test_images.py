"""Every format a line delivers, and every way a file can be broken."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kistdsl.data.decoding import _captured_stderr
from kistdsl.data.images import (
    by_stem,
    list_images,
    read_image,
    read_mask,
    to_gray,
    to_uint8,
    write_png,
)
from kistdsl.diagnostics import InputError

RNG = np.random.default_rng(7)
GRAY8 = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
RGB8 = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)
SMOOTH = cv2.GaussianBlur(RNG.integers(0, 256, (120, 160, 3), dtype=np.uint8), (0, 0), 2)


def encoded(suffix: str, pixels: NDArray[np.generic], *options: int) -> bytes:
    """RGB(A) or gray pixels in the format of `suffix`."""
    stored = pixels
    if pixels.ndim == 3:
        order = [2, 1, 0] if pixels.shape[2] == 3 else [2, 1, 0, 3]
        stored = np.ascontiguousarray(pixels[:, :, order])
    written, data = cv2.imencode(suffix, stored, list(options))
    assert written
    return bytes(data)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, color: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG from raw rows (each led by its filter byte), for the kinds that OpenCV does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body + chunk(b"IEND", b"")


def saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff"])
@pytest.mark.parametrize("pixels", [GRAY8, RGB8], ids=["gray", "rgb"])
def test_lossless_formats_come_back_equal(tmp_path: Path, suffix: str, pixels: NDArray[np.uint8]) -> None:
    image = read_image(saved(tmp_path, f"a{suffix}", encoded(suffix, pixels)))
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.size == (13, 17)
    assert image.is_color == (pixels.ndim == 3)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("pixels", [GRAY8, RGB8], ids=["gray", "rgb"])
def test_sixteen_bits_are_the_same_gray_levels(
    tmp_path: Path, suffix: str, pixels: NDArray[np.uint8]
) -> None:
    image = read_image(saved(tmp_path, f"a{suffix}", encoded(suffix, pixels.astype(np.uint16) * 257)))
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.gray(), to_gray(pixels))
    np.testing.assert_array_equal(to_uint8(image.pixels), pixels)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_alpha_is_dropped_and_changes_nothing(tmp_path: Path, suffix: str) -> None:
    rgba = np.dstack([RGB8, GRAY8])
    image = read_image(saved(tmp_path, f"a{suffix}", encoded(suffix, rgba)))
    np.testing.assert_array_equal(image.pixels, RGB8)


def test_one_bit_png_is_black_and_white(tmp_path: Path) -> None:
    image = read_image(saved(tmp_path, "a.png", png(3, 2, 1, 0, b"\x00\xa0\x00\x40")))
    np.testing.assert_array_equal(image.pixels, [[255, 0, 255], [0, 255, 0]])


def test_palette_png_has_its_colors(tmp_path: Path) -> None:
    palette = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 0]))
    image = read_image(saved(tmp_path, "a.png", png(2, 1, 8, 3, b"\x00\x00\x01", palette)))
    np.testing.assert_array_equal(image.pixels, [[[10, 20, 30], [200, 100, 0]]])


def test_gray_alpha_png(tmp_path: Path) -> None:
    image = read_image(saved(tmp_path, "a.png", png(2, 1, 8, 4, b"\x00\x64\x00\xc8\xff")))
    np.testing.assert_array_equal(image.gray(), [[100, 200]])


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats_come_back_near(tmp_path: Path, suffix: str) -> None:
    image = read_image(saved(tmp_path, f"a{suffix}", encoded(suffix, SMOOTH)))
    assert np.abs(image.pixels.astype(int) - SMOOTH).mean() < 6


def test_orientation_is_not_applied(tmp_path: Path) -> None:
    jpeg = encoded(".jpg", SMOOTH)
    entry = struct.pack("<HHII", 0x0112, 3, 1, 6)
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + entry + b"\x00\x00\x00\x00"
    tagged = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    plain = read_image(saved(tmp_path, "plain.jpg", jpeg))
    turned = read_image(saved(tmp_path, "turned.jpg", tagged))
    np.testing.assert_array_equal(plain.pixels, turned.pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (8192, 3)])
def test_extreme_sizes(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "a.png"
    write_png(path, pixels)
    np.testing.assert_array_equal(read_image(path).pixels, pixels)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_truncated_files_are_named_and_standard_error_stays_clean(
    tmp_path: Path, suffix: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    data = encoded(suffix, SMOOTH)
    path = saved(tmp_path, f"half{suffix}", data[: max(int(len(data) * share), 1)])
    with pytest.raises(InputError, match=f"half{suffix}: "):
        read_image(path)
    assert capfd.readouterr().err == ""


def test_progressive_jpeg_truncated(tmp_path: Path) -> None:
    data = encoded(".jpg", SMOOTH, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert read_image(saved(tmp_path, "whole.jpg", data)).size == (120, 160)
    with pytest.raises(InputError, match=r"half\.jpg: truncated JPEG"):
        read_image(saved(tmp_path, "half.jpg", data[: len(data) // 2]))


@pytest.mark.parametrize(("suffix", "damage"), [(".png", b"damaged"), (".jpg", b"\xff\xd9")])
def test_corrupt_files_are_named(
    tmp_path: Path, suffix: str, damage: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(encoded(suffix, SMOOTH))
    middle = len(data) // 2
    data[middle : middle + len(damage)] = damage
    with pytest.raises(InputError, match=rf"bad\{suffix}: .*corrupt"):
        read_image(saved(tmp_path, f"bad{suffix}", bytes(data)))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, no image", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "truncated PNG"),
    ],
)
def test_files_that_are_no_images(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=rf"x\.png: {reason}"):
        read_image(saved(tmp_path, "x.png", data))


def test_what_others_print_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with _captured_stderr() as captured:
        os.write(2, b"libpng error: bad\n[ WARN:0@1.2] global x\nepoch 3 of 40\n")
    assert b"libpng error" in captured[0]
    assert capfd.readouterr().err == "epoch 3 of 40\n"


def test_float_pixels_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="float32 pixels; 8 or 16 bits"):
        read_image(saved(tmp_path, "f.tiff", encoded(".tiff", GRAY8.astype(np.float32))))
    with pytest.raises(InputError, match=r"gone\.png: cannot be read: No such file"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(InputError, match="Is a directory"):
        read_image(tmp_path)


def test_gray_weights() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(to_gray(primaries), [[76.245, 149.685, 29.07, 255.0]], rtol=1e-6)
    equal = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(to_gray(equal)[0], np.arange(256))
    with pytest.raises(InputError, match=r"not .* float64"):
        to_gray(np.zeros((2, 2)))  # type: ignore[arg-type]


def test_masks_are_cut_above_127_and_gray_values_noticed(tmp_path: Path) -> None:
    write_png(tmp_path / "clean_mask.png", np.array([[0, 255]], np.uint8))
    write_png(tmp_path / "soft_mask.png", np.array([[0, 127, 128, 255]], np.uint8))
    write_png(tmp_path / "ones_mask.png", np.array([[0, 1]], np.uint8))
    clean, soft = read_mask(tmp_path / "clean_mask.png"), read_mask(tmp_path / "soft_mask.png")
    assert (clean.gray_valued, soft.gray_valued) == (False, True)
    np.testing.assert_array_equal(soft.pixels, [[False, False, True, True]])
    assert read_mask(tmp_path / "ones_mask.png").peak == 1


def test_bool_masks_are_written_as_0_and_255(tmp_path: Path) -> None:
    write_png(tmp_path / "m.png", np.array([[True, False]]))
    np.testing.assert_array_equal(read_image(tmp_path / "m.png").pixels, [[255, 0]])
    with pytest.raises(InputError, match="cannot be written"):
        write_png(tmp_path / "no" / "m.png", GRAY8)


def test_listing_is_sorted_and_leaves_other_files_out(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt", "c.tif"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg", "b.PNG", "c.tif"]
    with pytest.raises(InputError, match="none: cannot be listed"):
        list_images(tmp_path / "none")


def test_stems_pair_masks_and_must_be_unique(tmp_path: Path) -> None:
    assert list(by_stem([tmp_path / "x_mask.png", tmp_path / "y.png"])) == ["x", "y"]
    with pytest.raises(InputError, match=r"another file of the name 'x' exists: x\.png"):
        by_stem([tmp_path / "x.png", tmp_path / "x_mask.png"])
