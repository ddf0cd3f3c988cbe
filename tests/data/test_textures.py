"""The lines of `benchmarks/textures.py`: the same each time, with masks where the defects are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skimage")

from benchmarks import textures
from kistdsl.data.layouts import read_line

COUNTS = {"TRAIN_GOOD": 3, "TRAIN_ANOMALOUS": 4, "TEST_GOOD": 1, "TEST_EACH": 2}


def test_a_line_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in COUNTS.items():
        monkeypatch.setattr(textures, name, count)
    for folder in ("one", "two"):
        textures.make_line(tmp_path / folder, "brick", textures.photographs())
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.png"))
    assert len(files) == 3 + 4 + 1 + 2 * 2 * len(textures.DEFECTS)
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)
    line = read_line(tmp_path / "one")
    assert (len(line.train_good), len(line.train_anomalous), len(line.test)) == (3, 4, 9)
    assert all(item.mask is not None for item in line.test if item.is_anomalous)


@pytest.mark.parametrize("kind", sorted(textures.DEFECTS))
@pytest.mark.parametrize("seed", range(5))
def test_a_defect_is_where_its_mask_is(kind: str, seed: int) -> None:
    photographs = textures.photographs()
    rng = np.random.default_rng(seed)
    before = textures.crop(photographs["gravel"], rng, test=True)
    after, mask = textures.DEFECTS[kind](before.copy(), [photographs["grass"]], rng)
    changed = np.abs(after - before)
    assert 20 < mask.sum() < 0.2 * mask.size
    assert changed[mask].mean() > 10 * changed[~mask].mean()
