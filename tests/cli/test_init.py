"""`kistdsl init`: a new line whose files check, read and train as they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.data.demo import demo_image
from kistdsl.data.images import write_png
from kistdsl.data.layouts import read_line
from kistdsl.language.check import Checked, check_file
from kistdsl.schema import BUILTIN


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Six gray tiles."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for i in range(6):
        write_png(folder / f"{i}.png", demo_image((5, i), None, 96)[0])
    return folder


def checked(folder: Path) -> Checked:
    return check_file(folder / "rules.kr", BUILTIN)


def test_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "brackets")]) == 0
    assert "made" in capsys.readouterr().err
    assert checked(tmp_path / "brackets").diagnostics == ()
    assert sorted(entry.name for entry in (tmp_path / "brackets").iterdir()) == [
        "README.md",
        "data",
        "kistdsl.toml",
        "rules.kr",
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["brackets"]


def test_terms_come_from_the_images(tmp_path: Path, photographs: Path) -> None:
    line = tmp_path / "new"
    assert main(["init", str(line), "--name", "Guss Nr. 5", "--images", str(photographs), "--quiet"]) == 0
    result = checked(line)
    assert result.diagnostics == ()
    assert result.program is not None
    assert result.program.product == "Guss Nr. 5"
    text = (line / "rules.kr").read_text(encoding="utf-8")
    assert "6 normal images" in text
    assert "vary most" in text
    assert "chroma" not in text
    assert len(read_line(line / "data").train_good) == 6


def test_colour_images_get_a_colour_rule(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for i in range(3):
        gray = demo_image((6, i), None, 64)[0]
        write_png(folder / f"{i}.png", np.stack([gray, gray // 2, np.roll(gray, 9, 0) // 3], axis=2))
    assert main(["init", str(tmp_path / "new"), "--images", str(folder), "--quiet"]) == 0
    result = checked(tmp_path / "new")
    assert result.diagnostics == ()
    assert result.program is not None
    assert "chroma" in [column.name for column in result.program.columns]


def test_the_settings_are_settings(tmp_path: Path) -> None:
    config = pytest.importorskip("kistdsl.kist.config")
    assert main(["init", str(tmp_path / "new"), "--quiet"]) == 0
    assert config.make_settings(config.read_toml(tmp_path / "new/kistdsl.toml")).size == 128


def test_questions_are_asked_where_somebody_can_answer(
    tmp_path: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = io.StringIO(f"Brackets\n{photographs}\n")
    answers.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", answers)
    assert main(["init", str(tmp_path / "new"), "--quiet"]) == 0
    assert "Name of the product [new]" in capsys.readouterr().err
    assert "Brackets" in (tmp_path / "new/README.md").read_text(encoding="utf-8")
    assert len(list((tmp_path / "new/data/train/good").iterdir())) == 6


def test_nothing_is_left_where_it_fails(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "bad.png").write_bytes(b"no image")
    assert main(["init", str(tmp_path / "new"), "--images", str(photographs)]) == 2
    assert "photographs/bad.png: not an image" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["photographs"]


def test_an_existing_folder_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept.txt").touch()
    assert main(["init", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "new"), "--name", 'a"b']) == 2
    assert "is no product name" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["init", str(tmp_path / "new"), "--images", str(tmp_path / "empty")]) == 2
    assert "no images" in capsys.readouterr().err


def test_suggest_finds_the_rules_of_a_new_line(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "new"), "--images", str(photographs), "--quiet"]) == 0
    assert main(["suggest", "--data", str(tmp_path / "new/data"), "--quiet"]) == 0
    assert "# contrast: its own term `dark` holds fully for" in capsys.readouterr().out
