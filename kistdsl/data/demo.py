"""The demo line: generated tiles (not photographs), the same for the same seed.

It exists so that the whole path from rules to localized defects can be tried in minutes and tested
without anybody's images. Figures on it say nothing about real products.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kistdsl.data.defects import DEFECTS
from kistdsl.data.images import write_png
from kistdsl.data.layouts import Line, read_line
from kistdsl.data.surfaces import DISTRACTORS, surface
from kistdsl.diagnostics import InputError

VERSION = 1
"""Raised whenever the images change, so that a folder made earlier is not taken for the present ones."""

README = """Generated images, not photographs: the demo line of kistdsl (version {version}, seed {seed}).

Ground tiles at varied exposures. Blowholes, breaks, cracks, frayed edges and stains are defects;
polishing scratches, highlights, shading, dried coolant, printed marks and dust are normal.
`train/anomalous` has image-level labels only; masks exist for the test part alone.
"""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How much is made.

    Attributes:
        size: pixels a side.
        train_good: normal training images.
        train_anomalous: weakly labelled training images, of all defect types in turn.
        test_good: normal test images.
        test_each: test images of each defect type.
        seed: the same seed gives the same images.
    """

    size: int = 128
    train_good: int = 160
    train_anomalous: int = 15
    test_good: int = 20
    test_each: int = 8
    seed: int = 0


def demo_image(
    seed: tuple[int, ...], defect: str | None, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One tile.

    Args:
        seed: numbers that name the image.
        defect: a key of `DEFECTS`, or None for a good tile.
        size: pixels a side.

    Returns:
        Gray levels (size, size) uint8, and the defect's mask (size, size) bool.
    """
    rng = np.random.default_rng(seed)
    field = surface(rng, size)
    for _ in range(rng.integers(1, 5)):
        field *= DISTRACTORS[rng.integers(len(DISTRACTORS))](rng, size)
    mask = np.zeros((size, size), np.bool_)
    if defect is not None:
        factor, mask = DEFECTS[defect](rng, size)
        field = field * factor
    exposure = np.exp(rng.uniform(np.log(60), np.log(175)))
    sensor = rng.normal(0, 1.0, field.shape)
    levels = exposure * field + sensor * np.sqrt(1 + exposure / 40)
    return np.clip(np.round(levels), 0, 255).astype(np.uint8), mask


def make_demo_line(folder: str | os.PathLike[str], settings: DemoSettings | None = None) -> Line:
    """Write the demo line into `folder` in MVTec AD's layout, and read it.

    A folder that already holds the same line is taken as it is.

    Raises:
        InputError: `folder` holds something else, or cannot be written.
    """
    settings = settings or DemoSettings()
    root = Path(folder)
    readme = README.format(version=VERSION, seed=settings.seed) + f"\n{settings}\n"
    marker = root / "README.md"
    if marker.is_file() and marker.read_text(encoding="utf-8") == readme:
        return replace(read_line(root), root=root)
    if root.exists() and any(root.iterdir()):
        raise InputError(f"{root}: holds something else; the demo line needs a new or empty folder")
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        _write(temporary, settings)
        (temporary / "README.md").write_text(readme, encoding="utf-8")
        temporary.chmod(0o755)
        temporary.replace(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return read_line(root)


def _write(root: Path, settings: DemoSettings) -> None:
    kinds = tuple(DEFECTS)
    good = [("train/good", None, settings.train_good), ("test/good", None, settings.test_good)]
    each = [(f"test/{kind}", kind, settings.test_each) for kind in kinds]
    for part, (place, defect, count) in enumerate([*good, *each]):
        _write_part(root, place, [defect] * count, part, settings)
    weak = [kinds[i % len(kinds)] for i in range(settings.train_anomalous)]
    _write_part(root, "train/anomalous", weak, len(each) + 2, settings)


def _write_part(
    root: Path,
    place: str,
    defects: list[str] | list[None] | list[str | None],
    part: int,
    settings: DemoSettings,
) -> None:
    """Images `000.png`... of one folder, and their masks where they are test images with a defect."""
    images = root / place
    truth = root / "ground_truth" / images.name
    images.mkdir(parents=True)
    masked = place.startswith("test/") and images.name in DEFECTS
    if masked:
        truth.mkdir(parents=True)
    for i, defect in enumerate(defects):
        pixels, mask = demo_image((settings.seed, part, i), defect, settings.size)
        write_png(images / f"{i:03}.png", pixels)
        if masked:
            write_png(truth / f"{i:03}_mask.png", mask)
