"""`kistdsl evaluate --maps --masks`: its JSON, its table, and what it says of unfit input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.data.images import write_png
from kistdsl.metrics import aupro, pixel_auroc

SHAPE = (16, 20)


def put(
    root: Path, stem: str, kind: str = "", size: tuple[int, int] = SHAPE
) -> tuple[np.ndarray, np.ndarray]:
    """A map in `maps/[kind]` and a mask in `masks/[kind]`."""
    rng = np.random.default_rng([*stem.encode(), *kind.encode()])
    scores = rng.normal(size=SHAPE).astype(np.float32)
    mask = np.zeros(SHAPE, np.bool_)
    mask[4:8, 2:10] = True
    scores[mask] += 1
    for folder in (root / "maps" / kind, root / "masks" / kind):
        folder.mkdir(parents=True, exist_ok=True)
    np.save(root / "maps" / kind / f"{stem}.npy", scores)
    write_png(
        root / "masks" / kind / f"{stem}_mask.png", np.kron(mask, np.ones((size[0] // 16, size[1] // 20))) > 0
    )
    return scores, mask


def evaluate(root: Path, *options: str) -> list[str]:
    return ["evaluate", "--maps", str(root / "maps"), "--masks", str(root / "masks"), *options]


def test_json_has_the_documented_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = [put(tmp_path, f"{i}") for i in range(3)]
    assert main(evaluate(tmp_path, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    maps, masks = [m for m, _ in images], [k for _, k in images]
    assert found["pixel_auroc"] == pytest.approx(pixel_auroc(maps, masks), abs=1e-12)
    assert found["aupro"] == pytest.approx(aupro(maps, masks), abs=1e-12)
    assert found["image_auroc"] is None
    assert (found["images"], found["regions"], found["size"]) == (3, 3, [16, 20])
    assert found["by_type"] == {}
    assert found["per_image_auroc"] > 0.5


def test_types_are_subfolders_and_normal_maps_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(2):
        put(tmp_path, f"{i}", "crack")
        put(tmp_path, f"{i}", "stain")
    (tmp_path / "maps/good").mkdir()
    (tmp_path / "normal").mkdir()
    for folder in ("maps/good", "normal"):
        np.save(tmp_path / folder / "0.npy", np.zeros(SHAPE, np.float32))
    assert (
        main(evaluate(tmp_path, "--json", "--normal-maps", str(tmp_path / "normal"), "--exclude", "stain"))
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert list(found["by_type"]) == ["crack"]
    assert found["images"] == 4
    assert found["image_auroc"] == 1.0
    assert set(found["by_type"]["crack"]) == set(found) - {"size", "by_type", "limit", "mean_over_types"}


def test_flat_maps_find_masks_by_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "a", "crack")
    (tmp_path / "maps/crack/a.npy").rename(tmp_path / "maps/a.npy")
    assert main(evaluate(tmp_path, "--json")) == 0
    assert list(json.loads(capsys.readouterr().out)["by_type"]) == ["crack"]


def test_masks_are_resized_to_the_map_or_both_to_a_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, "a", size=(64, 80))
    assert main(evaluate(tmp_path, "--json")) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [16, 20]
    assert main(evaluate(tmp_path, "--json", "--size", "10x8")) == 0
    assert json.loads(capsys.readouterr().out)["size"] == [8, 10]


def test_the_table_goes_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "a")
    assert main(evaluate(tmp_path, "--bootstrap", "0")) == 0
    out = capsys.readouterr()
    assert "pixel AUROC" in out.out
    assert out.err == ""


def test_partners_that_are_missing_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stem in "abc":
        put(tmp_path, stem)
    (tmp_path / "maps/a.npy").unlink()
    (tmp_path / "masks/b_mask.png").unlink()
    assert main(evaluate(tmp_path)) == 2
    message = capsys.readouterr().err
    assert "2 anomaly maps or masks without a partner" in message
    assert "b.npy: no mask b_mask.png" in message
    assert "a_mask.png: no anomaly map a.npy" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a whole .npy file of numbers (it is empty)"),
        (b"\x93NUMPY\x01\x00", "not a whole .npy file of numbers (it is cut short)"),
        (b"P5 4 4 255", "not a whole .npy file of numbers (it is of another format)"),
        (None, "(rows, columns) of real numbers are needed"),
    ],
)
def test_unfit_maps_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    put(tmp_path, "a")
    path = tmp_path / "maps/a.npy"
    if content is None:
        np.save(path, np.zeros(4))
    else:
        path.write_bytes(content)
    assert main(evaluate(tmp_path)) == 2
    assert f"a.npy: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("size", [(), ("--size", "8")])
def test_nan_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], size: tuple[str, ...]) -> None:
    scores, _ = put(tmp_path, "a")
    scores[0, 0] = np.nan
    np.save(tmp_path / "maps/a.npy", scores)
    assert main(evaluate(tmp_path, *size)) == 2
    assert "a.npy: the anomaly map holds NaN (1 pixels)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give a RUN and --data DIR, or --maps DIR and --masks DIR"),
        (["--maps", "x"], "--maps needs --masks"),
        (["run"], "RUN needs --data"),
        (["run", "--maps", "x"], "not both"),
        (["run", "--data", "x", "--size", "8"], "--size cannot go with a RUN"),
        (["--maps", "x", "--masks", "x", "--no-filter"], "--no-filter cannot go with --maps"),
        (["--maps", "x", "--masks", "x", "--over-usual"], "--over-usual cannot go with --maps"),
        (["--maps", "none", "--masks", "none"], "none: no such folder"),
        (["--maps", ".", "--masks", ".", "--limit", "2"], "no anomaly maps"),
    ],
)
def test_usage_errors(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *options]) == 2
    assert message in capsys.readouterr().err


def test_bad_numbers_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--size", "0"], ["--size", "8x"], ["--bootstrap", "-1"]):
        with pytest.raises(SystemExit, match="2"):
            main(["evaluate", *options])
    assert "is no size" in capsys.readouterr().err
