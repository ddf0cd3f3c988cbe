"""Each layout as it is downloaded, and the split that keeps a tile on one side."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.data.checks import check_line
from kistdsl.data.layouts import ANOMALOUS, Line, read_line
from kistdsl.data.splits import Exposure, joined, split, tiles
from kistdsl.diagnostics import InputError
from tests.data.lines import put_image, put_kolektor, put_mask, put_mtd, put_mvtec


def groups(items: tuple[object, ...]) -> set[str]:
    return {item.group for item in items}  # type: ignore[attr-defined]


def test_mvtec_with_weak_labels(tmp_path: Path) -> None:
    line = read_line(put_mvtec(tmp_path))
    assert (line.layout, len(line.train_good), len(line.train_anomalous), len(line.test)) == (
        "mvtec",
        40,
        2,
        12,
    )
    assert line.defects == ("crack", "stain")
    assert line.missing == ()
    assert line.notes == ()
    assert all(item.mask is None for item in (*line.train_good, *line.train_anomalous))
    crack = next(item for item in line.test if item.defect == "crack")
    assert crack.mask is not None
    assert crack.mask.name == crack.path.stem + "_mask.png"


def test_mvtec_as_downloaded_moves_one_image_for_each_twenty(tmp_path: Path) -> None:
    line = read_line(put_mvtec(tmp_path, weak=0))
    assert len(line.train_anomalous) == 2
    assert {item.defect for item in line.train_anomalous} == {ANOMALOUS}
    assert not {item.name for item in line.train_anomalous} & {item.name for item in line.test}
    assert len(line.test) == 10
    assert all(item.mask is None for item in line.train_anomalous)
    assert {name: mask.stem for name, mask in line.ceiling_masks.items()} == {
        item.name: f"{item.path.stem}_mask" for item in line.train_anomalous
    }
    assert "2 anomalous test images (seed 0)" in line.notes[0]
    assert read_line(tmp_path, seed=0) == line
    assert any(read_line(tmp_path, seed=s).train_anomalous != line.train_anomalous for s in range(1, 6))


def test_an_empty_folder_of_weak_labels_means_none(tmp_path: Path) -> None:
    put_mvtec(tmp_path, weak=0)
    (tmp_path / "train/anomalous").mkdir()
    line = read_line(tmp_path)
    assert line.train_anomalous == ()
    assert "only the baseline" in line.missing[0]
    assert len(line.test) == 12


def test_mtd_is_split_by_tile(tmp_path: Path) -> None:
    line = read_line(put_mtd(tmp_path))
    assert line.layout == "mtd"
    assert line.stray_masks == ()
    training = (*line.train_good, *line.train_anomalous)
    assert not groups(training) & groups(line.test)
    assert len(line.train_good) == 150  # 85 % of 30 tiles, whole ones
    assert 4 <= len(line.train_anomalous) <= 8
    assert all(item.mask is None for item in training)
    assert all(item.mask is not None for item in line.test if item.is_anomalous)
    assert read_line(tmp_path) == line


def test_a_tile_labelled_in_two_classes_stays_together(tmp_path: Path) -> None:
    line = read_line(put_mtd(tmp_path))
    items = (*line.train_good, *line.train_anomalous, *line.test)
    assert len({item.group for item in items if "num_900" in item.name or "num_901" in item.name}) == 1


def test_kolektor(tmp_path: Path) -> None:
    line = read_line(put_kolektor(tmp_path))
    assert line.layout == "kolektorsdd2"
    assert (len(line.train_good), len(line.train_anomalous), len(line.test)) == (60, 3, 6)
    assert sum(item.mask is not None for item in line.test) == 2
    assert line.defects == ("defect",)
    assert "3 of 6 anomalous training images are left out" in line.notes[0]


def test_kolektor_says_what_has_no_mask_and_lists_every_damaged_one(tmp_path: Path) -> None:
    put_kolektor(tmp_path)
    (tmp_path / "train/10001_GT.png").unlink()
    (tmp_path / "test/10000_GT.png").unlink()
    for name in ("test/10001_GT.png", "test/10002_GT.png"):
        (tmp_path / name).write_bytes(b"no image")
    line = read_line(tmp_path)
    (note,) = (note for note in line.notes if "without" in note)
    assert note == "2 images without _GT.png (train/10001.png, test/10000.png) are taken for normal ones"
    problems = check_line(line).problems
    assert len(problems) == 2
    assert all("_GT.png: not an image" in problem for problem in problems)


def test_plain_folder_of_normal_images(tmp_path: Path) -> None:
    for i in range(3):
        put_image(tmp_path / f"{i}.png")
    line = read_line(tmp_path)
    assert (line.layout, len(line.train_good), line.test) == ("plain", 3, ())
    assert "only the baseline" in line.missing[0]
    assert "no test set" in line.missing[1]


@pytest.mark.parametrize("beside", [True, False])
def test_plain_classes_with_masks(tmp_path: Path, beside: bool) -> None:
    for i in range(40):
        put_image(tmp_path / "good" / f"{i}.png")
    for i in range(5):
        put_image(tmp_path / "scratch" / f"{i}.png")
        put_mask((tmp_path / "scratch" if beside else tmp_path / "ground_truth/scratch") / f"{i}_mask.png")
    line = read_line(tmp_path)
    assert line.layout == "plain"
    assert (len(line.train_good), len(line.train_anomalous), len(line.test)) == (34, 2, 9)
    assert sum(item.mask is not None for item in line.test) == 3


def test_folders_that_hold_no_line_are_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder"):
        read_line(tmp_path / "nowhere")
    with pytest.raises(InputError, match="expected train/good"):
        read_line(tmp_path)
    put_mvtec(tmp_path / "bottle")
    with pytest.raises(InputError, match=r"several product lines \(bottle\)"):
        read_line(tmp_path)
    (tmp_path / "empty/train/good").mkdir(parents=True)
    with pytest.raises(
        InputError, match=r"no normal training images in this mvtec layout; put them into .*train/good"
    ):
        read_line(tmp_path / "empty")


def test_a_tile_ends_where_the_exposure_falls_or_the_frames_are_far_apart() -> None:
    shots = [
        Exposure(n, s, str(n)) for n, s in ((10, 1), (30, 2), (60, 3), (80, 1), (100, 2), (300, 3), (315, 6))
    ]
    assert [[shot.number for shot in tile] for tile in tiles(shots)] == [[10, 30, 60], [80, 100], [300, 315]]


def test_classes_of_the_same_numbers_are_different_tiles() -> None:
    one = [Exposure(20 * s, s, f"a{s}") for s in range(1, 7)]
    two = [Exposure(20 * s, s, f"b{s}") for s in range(1, 7)]
    assert len(joined([*tiles(one), *tiles(two)])) == 2


@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=40),
    bad=st.sets(st.integers(0, 39)),
    seed=st.integers(0, 9),
)
def test_a_split_keeps_groups_whole_and_the_ratio(sizes: list[int], bad: set[int], seed: int) -> None:
    made = [[f"{g}-{i}" for i in range(size)] for g, size in enumerate(sizes)]
    anomalous = frozenset(key for g, group in enumerate(made) if g in bad for key in group)
    parts = split(made, anomalous, seed)
    training = parts.train_good | parts.train_anomalous
    for group in made:
        assert len(training.intersection(group)) in (0, len(group))
    assert parts.train_anomalous <= anomalous
    assert not parts.train_good & anomalous
    assert parts == split(made[::-1], anomalous, seed)
    largest = max(sizes)
    assert len(parts.train_anomalous) <= max(round(len(parts.train_good) / 20), largest)


@pytest.mark.real_data
def test_tiles_of_the_real_line_are_the_known_ones(real_data: Path) -> None:
    line: Line = read_line(real_data / "mtd")
    with (real_data / "mtd/split.csv").open(encoding="utf-8") as file:
        known = {f"{row['folder']}/{row['image']}": row["tile"] for row in csv.DictReader(file)}
    by_group: dict[str, set[str]] = {}
    for item in (*line.train_good, *line.train_anomalous, *line.test):
        by_group.setdefault(item.group, set()).add(known[item.name])
    assert all(len(named) == 1 for named in by_group.values())
    assert len(by_group) == len(set(known.values()))
    assert (len(line.train_good), len(line.train_anomalous), len(line.test)) == (552, 30, 308)
