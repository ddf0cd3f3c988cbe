"""`kistdsl localize --watch`: new files, half-written files, stopping."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.cli.watching import PATIENCE, watched
from tests.kist.test_export import stored_run


def png(path: Path, level: int = 90) -> bytes:
    """The bytes of an image file, written to `path`."""
    pixels = np.random.default_rng(level).integers(0, level, (40, 30), np.uint8)
    cv2.imwrite(str(path), pixels)
    return path.read_bytes()


class Looks:
    """In place of waiting: what happens between two looks, then the end."""

    def __init__(self, *events: object) -> None:
        self.events = list(events)

    def __call__(self, seconds: float) -> None:
        if not self.events:
            raise KeyboardInterrupt
        event = self.events.pop(0)
        if callable(event):
            event()


def handed_on(folder: Path, looks: Looks, done: set[str] = frozenset()) -> list[list[str]]:  # type: ignore[assignment]
    found: list[list[str]] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(
            [path.name for path in paths]
            for paths in watched([folder], lambda path: path.name in done, sleep=looks)
        )
    return found


def test_each_image_once_and_again_when_it_changes(tmp_path: Path) -> None:
    png(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no image")
    looks = Looks(
        None, lambda: png(tmp_path / "b.png"), None, None, lambda: png(tmp_path / "a.png", 250), None
    )
    assert handed_on(tmp_path, looks) == [["a.png"], ["b.png"], ["a.png"]]


def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    whole = png(tmp_path / "whole.png")
    half = tmp_path / "half.png"
    half.write_bytes(whole[: len(whole) // 2])
    finish = lambda: half.write_bytes(whole)  # noqa: E731
    assert handed_on(tmp_path, Looks(None, None, None)) == [["whole.png"]]
    assert handed_on(tmp_path, Looks(None, None, finish, None)) == [["whole.png"], ["half.png"]]


def test_a_file_that_stays_corrupt_is_handed_on_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not an image")
    assert handed_on(tmp_path, Looks(*[None] * (PATIENCE - 1))) == []
    assert handed_on(tmp_path, Looks(*[None] * (PATIENCE + 9))) == [["bad.png"]]


def test_what_was_done_before_is_left_out(tmp_path: Path) -> None:
    png(tmp_path / "a.png")
    png(tmp_path / "b.png")
    assert handed_on(tmp_path, Looks(None, None), {"a.png"}) == [["b.png"]]


def start(run: Path, folder: Path, out: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    words = ["localize", str(run), str(folder), "--out", str(out), "--watch", "--json", "--device", "cpu"]
    return subprocess.Popen(
        [sys.executable, "-m", "kistdsl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_real_process_is_stopped_with_what_was_done_kept(tmp_path: Path, stop: signal.Signals) -> None:
    run, folder, out = stored_run(tmp_path / "run"), tmp_path / "images", tmp_path / "out"
    folder.mkdir()
    png(folder / "first.png")
    process = start(run, folder, out)
    assert process.stdout
    try:
        assert json.loads(process.stdout.readline())["image"].endswith("first.png")
        png(folder / "second.png")
        assert json.loads(process.stdout.readline())["image"].endswith("second.png")
        time.sleep(0.2)
    finally:
        process.send_signal(stop)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "stopped; 2 images localized" in said
    assert "Traceback" not in said
    with (out / "localization.csv").open() as file:
        assert [Path(row["image"]).name for row in csv.DictReader(file)] == ["first.png", "second.png"]
    assert {path.suffix for path in out.iterdir()} == {".npy", ".png", ".csv"}
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, folder = stored_run(tmp_path / "run"), tmp_path / "images"
    folder.mkdir()
    png(folder / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "localization.csv").write_text("image,other\n")
    for words, message in (
        ([str(folder / "a.png"), "--out", str(tmp_path / "x"), "--watch"], "--watch takes folders"),
        ([str(folder), "--out", str(folder)], "results would lie among the images"),
        ([str(folder), "--out", str(tmp_path / "out"), "--watch"], "has other columns"),
    ):
        assert main(["localize", str(run), *words]) == 2
        assert message in capsys.readouterr().err
