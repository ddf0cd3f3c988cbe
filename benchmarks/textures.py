"""Lines that no default was chosen on: photographed surfaces with drawn defects.

    python -m benchmarks.textures LINES
    kistdsl reproduce --data LINES/brick LINES/grass LINES/gravel --rules rules/kolektor_mvtec.kr ... --out GRID

Brick, grass and gravel are photographs that come with scikit-image (512x512 gray). Training images are crops of the
left 320 columns, test images of the other 192, each flipped and exposed at random. Of four kinds of defect the
rules of Table I speak of dark holes, of scratches where they are dark, and of round even spots, which a smear (texture
lost, gray kept) may be; foreign texture (gray kept) is there to see what happens to defects that nobody described.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from kistdsl.data.images import write_png

TEXTURES = ("brick", "grass", "gravel")
SIDE = 128
SEAM = 320
"""The column between training and test."""
TRAIN_GOOD, TRAIN_ANOMALOUS, TEST_GOOD, TEST_EACH = 160, 16, 24, 12

Gray = NDArray[np.float64]
Mask = NDArray[np.bool_]
Random = np.random.Generator


def crop(texture: Gray, rng: Random, *, test: bool) -> Gray:
    """One picture of a texture's training or test part."""
    part = texture[:, SEAM:] if test else texture[:, :SEAM]
    top, left = (int(rng.integers(0, extent - SIDE + 1)) for extent in part.shape)
    picture = part[top : top + SIDE, left : left + SIDE][
        :: int(rng.choice((1, -1))), :: int(rng.choice((1, -1)))
    ]
    exposed: Gray = picture * rng.uniform(0.85, 1.15)
    return exposed


def blob(rng: Random, least: float, most: float) -> Gray:
    """Coverage 0..1 of a wavy disc with a soft edge, somewhere inside."""
    radius = rng.uniform(least, most)
    x, y = rng.uniform(1.3 * radius, SIDE - 1.3 * radius, 2)
    down, across = np.mgrid[:SIDE, :SIDE]
    angle = np.arctan2(down - y, across - x)
    waves = sum(rng.normal(0, 0.1) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    distance = np.hypot(down - y, across - x) - radius * (1 + waves)
    return np.asarray(np.clip(0.5 - distance / 2, 0, 1))


def hole(picture: Gray, others: list[Gray], rng: Random) -> tuple[Gray, Mask]:
    cover = blob(rng, 4, 11)
    return picture * (1 - rng.uniform(0.4, 0.75) * cover), cover > 0.5


def scratch(picture: Gray, others: list[Gray], rng: Random) -> tuple[Gray, Mask]:
    steps = int(rng.integers(8, 20))
    angles = rng.uniform(0, 6.3) + np.cumsum(rng.normal(0, 0.2, steps))
    moves = 4.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = rng.uniform(0.3, 0.7, 2) * SIDE + np.cumsum(moves, axis=0)
    layer = np.zeros((SIDE, SIDE), np.uint8)
    cv2.polylines(
        layer, [np.round(path * 16).astype(np.int32)], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 4
    )
    cover = layer / 255
    factor = rng.uniform(0.3, 0.6) if rng.random() < 0.5 else rng.uniform(1.5, 2.0)
    return picture * (1 + (factor - 1) * cover), cover > 0.35


def smear(picture: Gray, others: list[Gray], rng: Random) -> tuple[Gray, Mask]:
    cover = blob(rng, 9, 18)
    return picture + cover * (cv2.GaussianBlur(picture, (0, 0), 4) - picture), cover > 0.5


def foreign(picture: Gray, others: list[Gray], rng: Random) -> tuple[Gray, Mask]:
    cover = blob(rng, 8, 16)
    other = crop(others[int(rng.integers(len(others)))], rng, test=True)
    inside = cover > 0.5
    fitted = other * picture[inside].mean() / other[inside].mean()
    return picture + cover * (fitted - picture), inside


DEFECTS: dict[str, Callable[[Gray, list[Gray], Random], tuple[Gray, Mask]]] = {
    "hole": hole,
    "scratch": scratch,
    "smear": smear,
    "foreign": foreign,
}


def levels(picture: Gray) -> NDArray[np.uint8]:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def make_line(root: Path, name: str, textures: dict[str, Gray]) -> None:
    """Write the line of one texture; the same name gives the same images."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    own, others = textures[name], [texture for other, texture in textures.items() if other != name]
    kinds = list(DEFECTS)
    for folder in ("train/good", "train/anomalous", "test/good", *(f"test/{k}" for k in kinds)):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        (root / "ground_truth" / kind).mkdir(parents=True, exist_ok=True)
    for i in range(TRAIN_GOOD):
        write_png(root / f"train/good/{i:03}.png", levels(crop(own, rng, test=False)))
    for i in range(TRAIN_ANOMALOUS):
        picture, _ = DEFECTS[kinds[i % len(kinds)]](crop(own, rng, test=False), others, rng)
        write_png(root / f"train/anomalous/{i:03}.png", levels(picture))
    for i in range(TEST_GOOD):
        write_png(root / f"test/good/{i:03}.png", levels(crop(own, rng, test=True)))
    for kind in kinds:
        for i in range(TEST_EACH):
            picture, mask = DEFECTS[kind](crop(own, rng, test=True), others, rng)
            write_png(root / f"test/{kind}/{i:03}.png", levels(picture))
            write_png(root / f"ground_truth/{kind}/{i:03}_mask.png", mask.astype(np.uint8) * 255)


def photographs() -> dict[str, Gray]:
    """The textures as gray levels, (512, 512) float64 in 0..255."""
    made: dict[str, Any] = {name: getattr(skimage.data, name)() for name in TEXTURES}
    return {name: np.asarray(pixels, np.float64) for name, pixels in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for the lines")
    args = parser.parse_args()
    textures = photographs()
    for name in textures:
        make_line(args.out / name, name, textures)
        print(args.out / name)


if __name__ == "__main__":
    main()
