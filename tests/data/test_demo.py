"""The demo line: the same for a seed, whole or not at all, and plainly called generated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kistdsl.data.checks import check_line
from kistdsl.data.defects import DEFECTS
from kistdsl.data.demo import DemoSettings, demo_image, make_demo_line
from kistdsl.data.images import read_image, read_mask
from kistdsl.diagnostics import InputError

SMALL = DemoSettings(train_good=6, train_anomalous=5, test_good=2, test_each=2)


def test_the_line_is_complete_sound_and_says_what_it_is(tmp_path: Path) -> None:
    line = make_demo_line(tmp_path / "demo", SMALL)
    assert (len(line.train_good), len(line.train_anomalous), len(line.test)) == (6, 5, 12)
    assert line.defects == tuple(DEFECTS)
    assert all(item.mask is None for item in line.train_anomalous)
    report = check_line(line)
    assert report.problems == ()
    assert report.notes == ()
    assert "not photographs" in (tmp_path / "demo/README.md").read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo"]


def test_a_seed_gives_the_same_line_and_another_seed_another(tmp_path: Path) -> None:
    first = make_demo_line(tmp_path / "a", SMALL)
    again = make_demo_line(tmp_path / "b", SMALL)
    other = make_demo_line(tmp_path / "c", _seeded(1))
    for one, two, three in zip(first.test, again.test, other.test, strict=True):
        assert one.path.read_bytes() == two.path.read_bytes()
        assert one.path.read_bytes() != three.path.read_bytes()


def _seeded(seed: int) -> DemoSettings:
    return DemoSettings(train_good=6, train_anomalous=5, test_good=2, test_each=2, seed=seed)


def test_an_existing_line_is_kept_and_another_folder_is_not_touched(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    made = make_demo_line(root, SMALL)
    before = made.train_good[0].path.stat().st_mtime_ns
    assert make_demo_line(root, SMALL) == made
    assert made.train_good[0].path.stat().st_mtime_ns == before
    with pytest.raises(InputError, match="holds something else"):
        make_demo_line(root, _seeded(1))


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("index", range(12))
def test_every_defect_shows_under_its_mask_and_nowhere_else(defect: str, index: int) -> None:
    factor, mask = DEFECTS[defect](np.random.default_rng(index), 128)
    assert 8 <= mask.sum() <= 0.12 * mask.size
    assert np.abs(factor - 1)[mask].mean() > 0.06
    assert np.abs(factor - 1)[~mask].mean() < 0.01


def test_exposures_vary(tmp_path: Path) -> None:
    line = make_demo_line(tmp_path / "demo", SMALL)
    means = [read_image(item.path).gray().mean() for item in line.test]
    assert max(means) > 1.5 * min(means)
    assert all(read_mask(item.mask).pixels.any() for item in line.test if item.mask)


def test_a_good_tile_has_no_mask() -> None:
    pixels, mask = demo_image((0, 0, 0), None, 64)
    assert pixels.shape == mask.shape == (64, 64)
    assert not mask.any()
