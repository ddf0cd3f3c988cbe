"""`kistdsl localize` and `kistdsl evaluate RUN`: files, sizes, bad images."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from kistdsl.cli.console import Progress
from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line

SETTINGS = [
    "size=32",
    "held_out=0.4",
    "epochs=1",
    "batch=8",
    "unet_width=4",
    "unet_depth=2",
    "method=l2",
    "bootstrap=0",
]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line, a run on it, and images of several kinds."""
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("localize")
    settings = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    make_demo_line(root / "line", settings)
    options = [word for setting in SETTINGS for word in ("--set", setting)]
    line, out = str(root / "line"), str(root / "run")
    assert main(["train", "--data", line, "--out", out, "--quiet", *options]) == 0
    images = root / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    cv2.imwrite(str(images / "wide.png"), rng.integers(0, 256, (20, 50), np.uint8))
    cv2.imwrite(str(images / "colour.png"), rng.integers(0, 256, (60, 40, 3), np.uint8))
    cv2.imwrite(str(images / "deep.png"), rng.integers(0, 65536, (33, 31), np.uint16))
    return root


def test_maps_have_the_size_of_their_image(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["localize", str(place / "run"), str(place / "images"), "--out", str(tmp_path), "--json", "--quiet"]
    assert main(run) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["image"]).stem for row in rows] == ["colour", "deep", "wide"]
    for name, size in {"wide": (20, 50), "colour": (60, 40), "deep": (33, 31)}.items():
        values = np.load(tmp_path / f"{name}.npy")
        assert (values.shape, values.dtype) == (size, np.float32)
        assert np.isfinite(values).all()
        mask = cv2.imread(str(tmp_path / f"{name}_mask.png"), cv2.IMREAD_UNCHANGED)
        assert mask.shape == size
        assert set(np.unique(mask)) <= {0, 255}
        height, width, _ = cv2.imread(str(tmp_path / f"{name}_overlay.png")).shape
        assert (height % size[0], height // size[0]) == (0, width // size[1])  # enlarged by a whole number
        row = next(r for r in rows if Path(r["image"]).stem == name)
        assert row["score"] == pytest.approx(float(values.max()))
        assert row["anomalous_share"] == pytest.approx((mask > 0).mean())
    with (tmp_path / "localization.csv").open() as file:
        assert [row["image"] for row in csv.DictReader(file)] == [row["image"] for row in rows]


def test_the_filter_can_be_left_out(place: Path, tmp_path: Path) -> None:
    image = str(place / "images" / "wide.png")
    for out, options in {"with": [], "without": ["--no-filter"]}.items():
        target = str(tmp_path / out)
        assert main(["localize", str(place / "run"), image, "--out", target, "--quiet", *options]) == 0
    with_filter, without = (np.load(tmp_path / out / "wide.npy") for out in ("with", "without"))
    assert with_filter.std() < without.std()


def test_a_bad_image_is_named_and_the_others_are_done(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not an image")
    good = str(place / "images" / "wide.png")
    assert main(["localize", str(place / "run"), str(bad), good, "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert "bad.png" in shown.err
    assert "1 of 2 images" in shown.err
    assert "wide.png" in shown.out
    assert (tmp_path / "out" / "wide.npy").is_file()
    assert not (tmp_path / "out" / "bad.npy").exists()


@pytest.mark.parametrize(
    ("run", "images", "message"),
    [
        ("nowhere", ["images"], "no such run folder"),
        ("line", ["images"], "no model.safetensors"),
        ("run", ["nothing.png"], "no such file or folder"),
        ("run", ["images/wide.png", "other/wide.png"], "would both give wide.npy"),
        ("run", ["empty"], "no images in this folder"),
    ],
)
def test_mistakes(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    run: str,
    images: list[str],
    message: str,
) -> None:
    (place / "empty").mkdir(exist_ok=True)
    (place / "other").mkdir(exist_ok=True)
    (place / "other" / "wide.png").write_bytes(b"x")
    paths = [str(place / image) for image in images]
    assert main(["localize", str(place / run), *paths, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_evaluate_reads_a_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "run"), "--data", str(place / "line"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size"] == [32, 32]
    assert found["images"] == 7
    excluded = ["evaluate", str(place / "run"), "--data", str(place / "line"), "--json", "--exclude", "crack"]
    assert main(excluded) == 0
    assert "crack" not in json.loads(capsys.readouterr().out)["by_type"]


def test_evaluate_names_all_that_is_wrong_with_the_test_set(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(place / "line", tmp_path / "line")
    cv2.imwrite(str(tmp_path / "line/ground_truth/crack/000_mask.png"), np.full((7, 9), 255, np.uint8))
    (tmp_path / "line/test/good/000.png").write_bytes(b"no image")
    assert main(["evaluate", str(place / "run"), "--data", str(tmp_path / "line")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 problems in the data" in said.err
    assert "crack/000_mask.png: the mask is 9x7, its image 32x32" in said.err
    assert "good/000.png: not an image" in said.err


def localized(
    place: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> list[dict[str, object]]:
    images = str(place / "line" / "test" / "good")
    assert (
        main(["localize", str(place / "run"), images, "--out", str(out), "--json", "--quiet", *options]) == 0
    )
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_thresholds_can_be_chosen(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = localized(place, tmp_path / "a", capsys)
    strict = localized(place, tmp_path / "b", capsys, "--false-alarms", "0.1%")
    assert strict[0]["threshold"] > own[0]["threshold"]  # type: ignore[operator]
    value = localized(place, tmp_path / "c", capsys, "--threshold", "0")
    assert (value[0]["threshold"], value[0]["anomalous_share"], value[0]["alarm"]) == (0.0, 1.0, True)
    high = localized(place, tmp_path / "d", capsys, "--threshold", "9")
    assert [(row["alarm"], row["regions"]) for row in high] == [(False, 0)] * len(high)
    two = localized(place, tmp_path / "e", capsys, "--sigmas", "2")
    five = localized(place, tmp_path / "f", capsys, "--sigmas", "5")
    assert two[0]["threshold"] < five[0]["threshold"]  # type: ignore[operator]


def test_evaluate_says_what_the_thresholds_make_of_the_images(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["evaluate", str(place / "run"), "--data", str(place / "line"), "--json"]
    assert main([*run, "--threshold", "0"]) == 0
    found = json.loads(capsys.readouterr().out)["decision"]
    assert (found["normal_images"], found["false_alarms"]) == (2, 2)
    assert (found["anomalous_images"], found["found"], found["recall"]) == (5, 5, 1.0)
    assert main(run[:-1]) == 0
    assert "of 5 anomalous images found" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--false-alarms", "2"], ["--false-alarms", "1%", "--sigmas", "2"]])
def test_thresholds_that_are_none(place: Path, tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["localize", str(place / "run"), str(place / "images"), "--out", str(tmp_path), *options])
    assert stopped.value.code == 2


def test_subfolders_keep_their_names(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`test/crack/000.png` and `test/stain/000.png` are two images."""
    assert (
        main(["localize", str(place / "run"), str(place / "line" / "test"), "--out", str(tmp_path), "-q"])
        == 0
    )
    assert len(capsys.readouterr().out.splitlines()) == 7
    for kind in ("crack", "stain"):
        assert np.load(tmp_path / kind / "000.npy").ndim == 2
    with (tmp_path / "localization.csv").open() as file:
        maps = [row["map"] for row in csv.DictReader(file)]
    assert str(tmp_path / "crack" / "000.npy") in maps
    assert len(set(maps)) == 7


def test_what_was_done_is_kept_when_it_is_stopped(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []

    def stop(self: Progress, steps: int = 1, note: str | None = None) -> None:
        seen.append(steps)
        if len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "advance", stop)
    images = str(place / "line" / "test")
    assert main(["localize", str(place / "run"), images, "--out", str(tmp_path), "--batch", "1"]) == 130
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    with (tmp_path / "localization.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows][:2] == [line.partition(":")[0] for line in shown.out.splitlines()]
    assert all(Path(row["map"]).is_file() for row in rows)
    assert not list(tmp_path.rglob(".*"))
