"""Small product lines on disk, in each layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kistdsl.data.images import write_png


def put_image(path: Path, seed: int = 0, size: tuple[int, int] = (12, 16)) -> Path:
    """A gray image, different for each seed and name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, *path.as_posix().encode()])
    pixels = rng.integers(60, 200, size, dtype=np.uint8)
    if path.suffix == ".png":
        write_png(path, pixels)
    else:
        path.write_bytes(bytes(cv2.imencode(path.suffix, pixels)[1]))
    return path


def put_mask(path: Path, size: tuple[int, int] = (12, 16), *, level: int = 255) -> Path:
    """A mask with a rectangle of `level`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros(size, np.uint8)
    mask[3:6, 4:9] = level
    write_png(path, mask)
    return path


def put_mvtec(root: Path, *, weak: int = 2, good: int = 40) -> Path:
    """train/good, train/anomalous, test/good, test/crack and test/stain with masks."""
    for i in range(good):
        put_image(root / "train/good" / f"{i:03}.png")
    for i in range(weak):
        put_image(root / "train/anomalous" / f"{i:03}.png")
    for i in range(4):
        put_image(root / "test/good" / f"{i:03}.png")
        for defect in ("crack", "stain"):
            put_image(root / "test" / defect / f"{i:03}.png")
            put_mask(root / "ground_truth" / defect / f"{i:03}_mask.png")
    return root


def put_mtd(root: Path, tiles: int = 30) -> Path:
    """Native MTD: normal and defective tiles of six exposures, and one tile labelled in two classes."""
    for i in range(tiles):
        for step in range(1, 7):
            _put_tile_image(root, "Free", step, 1000 * i + 20 * step)
    for i in range(6):
        for step in range(1, 7):
            _put_tile_image(root, "Crack", step, 50_000 + 1000 * i + 20 * step)
    for step in range(1, 7):
        _put_tile_image(root, "Free" if step < 3 else "Blowhole", step, 90_000 + 20 * step)
    return root


def _put_tile_image(root: Path, kind: str, step: int, number: int) -> None:
    image = put_image(root / f"MT_{kind}/Imgs" / f"exp{step}_num_{number}.jpg")
    put_mask(image.with_suffix(".png"), level=0 if kind == "Free" else 255)


def put_kolektor(root: Path) -> Path:
    """Native KolektorSDD2: 60 normal and 6 anomalous training images, 4 and 2 in the test."""
    for part, normal, anomalous in (("train", 60, 6), ("test", 4, 2)):
        for i in range(normal + anomalous):
            put_image(root / part / f"{10000 + i}.png")
            put_mask(root / part / f"{10000 + i}_GT.png", level=255 if i < anomalous else 0)
    return root
