"""Everything wrong with a line is said at once, and what was decided is said once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from kistdsl.data.checks import check_line, images_of, require_sound
from kistdsl.data.images import write_png
from kistdsl.data.layouts import read_line
from kistdsl.diagnostics import InputError
from tests.data.lines import put_mask, put_mvtec


def test_a_sound_line_has_nothing_to_say(tmp_path: Path) -> None:
    line = read_line(put_mvtec(tmp_path))
    steps: list[None] = []
    report = check_line(line, step=lambda: steps.append(None))
    assert report.problems == ()
    assert report.notes == ()
    assert len(steps) == images_of(line) == 54
    require_sound(report, line.root)


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    put_mvtec(tmp_path)
    (tmp_path / "train/good/000.png").write_bytes(b"no image")
    (tmp_path / "train/anomalous/001.png").write_bytes((tmp_path / "train/good/001.png").read_bytes()[:-9])
    put_mask(tmp_path / "ground_truth/crack/000_mask.png", (7, 9))
    put_mask(tmp_path / "ground_truth/crack/999_mask.png")
    (tmp_path / "ground_truth/stain/002_mask.png").write_bytes(b"")
    report = check_line(read_line(tmp_path))
    with pytest.raises(InputError) as raised:
        require_sound(report, tmp_path)
    message = str(raised.value)
    assert "5 problems in the data" in message
    for expected in (
        "train/good/000.png: not an image",
        "train/anomalous/001.png: truncated PNG",
        "000_mask.png: the mask is 9x7, its image 16x12",
        "999_mask.png: a mask without an image",
        "002_mask.png: the file is empty",
    ):
        assert expected in message


def test_masks_of_weakly_labelled_images_are_checked_too(tmp_path: Path) -> None:
    """Another seed may have them in the test, and the ceiling learns from them."""
    put_mvtec(tmp_path)
    shutil.rmtree(tmp_path / "train/anomalous")
    line = read_line(tmp_path)
    (path, *_) = line.ceiling_masks.values()
    put_mask(path, (7, 9))
    (problem,) = check_line(line).problems
    assert f"{path}: the mask is 9x7, its image 16x12" in problem


def test_what_was_decided_is_said_once(tmp_path: Path) -> None:
    put_mvtec(tmp_path)
    for i in (0, 1):
        mask = np.zeros((12, 16), np.uint8)
        mask[3:6, 4:9] = (90, 128, 200, 255, 255)
        write_png(tmp_path / f"ground_truth/crack/00{i}_mask.png", mask)
    put_mask(tmp_path / "ground_truth/stain/000_mask.png", level=0)
    put_mask(tmp_path / "ground_truth/stain/001_mask.png", level=1)
    (tmp_path / "ground_truth/stain/002_mask.png").unlink()
    notes = check_line(read_line(tmp_path)).notes
    assert notes == (
        "2 masks (test/crack/000.png, test/crack/001.png) with gray levels, cut at > 127",
        "2 empty masks (test/stain/000.png, test/stain/001.png (its highest level is 1; masks are 0 and 255)); "
        "these images count as anomalous with no labelled pixel",
        "1 anomalous test image (test/stain/002.png) without a mask, left out of the pixel figures",
    )


def test_mixed_dark_and_leaking_images_are_noted(tmp_path: Path) -> None:
    put_mvtec(tmp_path)
    write_png(tmp_path / "train/good/000.png", np.full((12, 16, 3), 90, np.uint8))
    write_png(tmp_path / "train/good/001.png", np.full((12, 16), 4000, np.uint16))
    shutil.copy(tmp_path / "train/good/002.png", tmp_path / "test/good/000.png")
    notes = " ".join(check_line(read_line(tmp_path)).notes)
    assert "mixed: 1 image (train/good/000.png) in colour" in notes
    assert "1 16-bit image (train/good/001.png) below level 4096" in notes
    assert "test/good/000.png = train/good/002.png) also trained on" in notes


def test_a_line_without_weak_labels_or_test_says_what_follows(tmp_path: Path) -> None:
    put_mvtec(tmp_path, weak=0)
    shutil.rmtree(tmp_path / "test")
    shutil.rmtree(tmp_path / "ground_truth")
    report = check_line(read_line(tmp_path))
    assert report.problems == ()
    assert "only the baseline can be trained" in report.notes[0]
    assert "no test set" in report.notes[1]


@pytest.mark.real_data
def test_the_real_lines_are_sound(real_data: Path) -> None:
    report = check_line(read_line(real_data / "mtd"))
    assert report.problems == ()
    assert any("with gray levels, cut at > 127" in note for note in report.notes)
    assert any("empty mask" in note for note in report.notes)
    assert check_line(read_line(real_data / "leather")).problems == ()
