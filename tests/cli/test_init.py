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


def assert_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rule file says nothing doubtful, is laid out, and its tests pass and cover every rule."""
    rules = str(folder / "rules.kr")
    capsys.readouterr()
    assert main(["check", "--error-on-warning", rules]) == 0
    assert main(["fmt", "--check", rules]) == 0
    assert main(["test", "--coverage-threshold", "100", rules]) == 0


def test_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "brackets")]) == 0
    assert "made" in capsys.readouterr().err
    assert_sound(tmp_path / "brackets", capsys)
    assert sorted(entry.name for entry in (tmp_path / "brackets").iterdir()) == [
        "README.md",
        "data",
        "kistdsl.toml",
        "rules.kr",
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["brackets"]


def test_terms_come_from_the_images(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
    assert "mean gray of the region" in text
    assert "# x " not in text  # where a region lies is no property of the images
    assert len(read_line(line / "data").train_good) == 6
    assert_sound(line, capsys)


@pytest.mark.parametrize("sort", ["one region", "gray saved as RGB", "all sorts"])
def test_the_first_rules_are_sound_whatever_the_images(
    sort: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    gray = demo_image((7, 1), None, 64)[0]
    block = np.full((64, 64), 100, np.uint8)
    block[20:40, 20:40] = 180
    pictures = {
        "one region": [block],
        "gray saved as RGB": [np.repeat(gray[:, :, None], 3, axis=2)],
        "all sorts": [gray, gray[:50, :31], np.stack([gray, gray // 2, gray // 3], axis=2), gray // 4],
    }[sort]
    for i, pixels in enumerate(pictures):
        write_png(folder / f"{i}.png", pixels)
    assert main(["init", str(tmp_path / "new"), "--images", str(folder)]) == 0
    assert "the terms in rules.kr rest on very little" in capsys.readouterr().err
    assert_sound(tmp_path / "new", capsys)
    assert ("chroma" in (tmp_path / "new/rules.kr").read_text(encoding="utf-8")) == (sort == "all sorts")


def test_images_on_which_nothing_stands_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    write_png(folder / "a.png", np.full((20, 20), 90, np.uint8))
    assert main(["init", str(tmp_path / "new"), "--images", str(folder)]) == 2
    assert f"{folder}: nothing stands out in 1 normal image" in capsys.readouterr().err


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


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A terminal on which `text` is typed."""
    answers = io.StringIO(text)
    answers.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", answers)


def test_questions_are_asked_where_somebody_can_answer(
    tmp_path: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, f"Brackets\n'{photographs}'\n")
    assert main(["init", str(tmp_path / "new"), "--quiet"]) == 0
    assert "Name of the product [new]" in capsys.readouterr().err
    assert "Brackets" in (tmp_path / "new/README.md").read_text(encoding="utf-8")
    assert len(list((tmp_path / "new/data/train/good").iterdir())) == 6


def test_a_wrong_answer_is_asked_again(
    tmp_path: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, f'a"b\nBrackets\nnowhere\n{tmp_path}\n{photographs}\n')
    assert main(["init", str(tmp_path / "new"), "--quiet"]) == 0
    said = capsys.readouterr().err
    assert "is no product name" in said
    assert "nowhere: cannot be listed" in said
    assert f"{tmp_path}: no images" in said
    assert said.count("Folder with normal images") == 3
    assert "Brackets" in (tmp_path / "new/README.md").read_text(encoding="utf-8")


def test_no_more_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "")
    assert main(["init", str(tmp_path / "new"), "--quiet"]) == 0
    typed(monkeypatch, "")
    assert main(["init", str(tmp_path / 'a"b'), "--quiet"]) == 2  # not for ever


def test_stopped_at_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "")

    def stop() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin.readline", stop)
    assert main(["init", str(tmp_path / "new")]) == 130
    assert "stopped" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_in_the_empty_folder_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["init", ".", "--quiet"]) == 0
    assert 'product "here"' in Path("rules.kr").read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["here"]


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["init", str(tmp_path / "file/new")]) == 2
    assert "file/new: cannot be made: " in capsys.readouterr().err


def test_two_images_of_one_name(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_png(photographs / "0.bmp", demo_image((5, 9), None, 96)[0])
    assert main(["init", str(tmp_path / "new"), "--images", str(photographs)]) == 2
    assert "photographs/0.png: 0.bmp has the same name" in capsys.readouterr().err


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
