"""`kistdsl label`: its files, and what it says of unfit input."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from kistdsl.cli.main import main
from kistdsl.data.images import read_image, write_png
from kistdsl.engine.pseudo_labels import pseudo_label
from kistdsl.engine.rule_set import load
from kistdsl.regions.thresholds import thresholds
from kistdsl.schema import BUILTIN

RULE = (
    "IF gray is low AND area is NOT low THEN anomalous (0.9)\nclass bright\nIF contrast is high THEN bright\n"
)


def put(root: Path, name: str, seed: int = 0, size: tuple[int, int] = (24, 30)) -> np.ndarray:
    """An image with a dark patch and its residual; the residual."""
    rng = np.random.default_rng(seed)
    gray = rng.integers(100, 140, size).astype(np.uint8)
    gray[4:14, 6:20] = 10
    gray[18:20, 2:5] = 250
    residual = (np.abs(gray - 120.0) / 100 + rng.random(size) * 0.1).astype(np.float32)
    (root / "images").mkdir(exist_ok=True)
    (root / "residuals").mkdir(exist_ok=True)
    (root / "images" / name).write_bytes(bytes(cv2.imencode(Path(name).suffix, gray)[1]))
    np.save(root / "residuals" / f"{Path(name).stem}.npy", residual)
    return residual


@pytest.fixture
def line(tmp_path: Path) -> Path:
    (tmp_path / "r.kr").write_text("property area scale 0.1\n" + RULE)
    for seed, name in enumerate(["a.png", "b.bmp", "c.tiff"]):
        put(tmp_path, name, seed)
    return tmp_path


def label(root: Path, *options: str) -> int:
    fixed = [
        "--images",
        str(root / "images"),
        "--residuals",
        str(root / "residuals"),
        "--out",
        str(root / "out"),
    ]
    return main(["label", str(root / "r.kr"), *fixed, *options])


def test_masks_and_table(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert label(line, "--mu", "0.1", "--sigma", "0.2") == 0
    table = pq.read_table(line / "out" / "regions.parquet").to_pydict()
    names = list(table)
    assert names[:2] == ["image", "threshold"]
    assert names[2 : 2 + len(BUILTIN)] == list(BUILTIN)
    assert names[-4:] == ["grade", "class", "rule", "anomalous"]
    assert sorted(set(table["image"])) == ["a", "b", "c"]
    assert set(table["threshold"]) <= set(thresholds(0.1, 0.2).tolist())
    rules = load(line / "r.kr")
    for stem, suffix in (("a", ".png"), ("b", ".bmp"), ("c", ".tiff")):
        written = cv2.imread(str(line / "out" / f"{stem}_mask.png"), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(written)) == {0, 255}
        gray = read_image(line / "images" / f"{stem}{suffix}").gray()
        residual = np.load(line / "residuals" / f"{stem}.npy")
        expected = pseudo_label(rules, gray, residual, thresholds(0.1, 0.2)).mask
        np.testing.assert_array_equal(written > 0, expected)
        assert expected[4:14, 6:20].all()
        assert expected[18:20, 2:5].all()
    assert {"anomalous", "bright"} <= {
        c for c, a in zip(table["class"], table["anomalous"], strict=True) if a
    }
    assert "3 images, 3 with a label" in capsys.readouterr().out


def test_mu_and_sigma_are_measured_when_not_given(line: Path) -> None:
    assert label(line) == 0
    values = np.stack([np.load(line / "residuals" / f"{s}.npy") for s in "abc"]).astype(np.float64)
    found = sorted(set(pq.read_table(line / "out" / "regions.parquet")["threshold"].to_pylist()))
    possible = thresholds(values.mean(), values.std())
    np.testing.assert_allclose(found, possible[: len(found)], rtol=1e-9)


def test_threads_and_candidate_maps(line: Path) -> None:
    assert label(line, "--threads", "3", "--maps", "residual,darkness:0.1:0.2") == 0
    table = pq.read_table(line / "out" / "regions.parquet").to_pydict()
    assert set(table["map"]) == {"residual", "darkness"}


def test_min_area(line: Path) -> None:
    assert label(line, "--mu", "0.1", "--sigma", "0.2", "--min-area", "20") == 0
    assert min(pq.read_table(line / "out" / "regions.parquet")["pixels"].to_pylist()) >= 20
    assert not cv2.imread(str(line / "out" / "a_mask.png"), 0)[18:20, 2:5].any()


def test_what_is_unfit_is_named_and_the_rest_is_done(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (line / "images" / "a.png").read_bytes()
    (line / "images" / "cut.png").write_bytes(data[: len(data) // 2])
    np.save(line / "residuals" / "cut.npy", np.zeros((24, 30)))
    put(line, "nan.png")
    broken = np.load(line / "residuals" / "nan.npy")
    broken[7, 2] = np.nan
    np.save(line / "residuals" / "nan.npy", broken)
    put(line, "size.png")
    np.save(line / "residuals" / "size.npy", np.zeros((24, 29)))
    put(line, "lonely.png")
    (line / "residuals" / "lonely.npy").unlink()
    assert label(line, "--mu", "0.1", "--sigma", "0.2") == 2
    said = capsys.readouterr()
    assert "3 images, 3 with a label" in said.out
    assert "cut.png" in said.err
    assert "nan.png: the residual is NaN at row 8, column 3" in said.err
    assert "size.png: the residual is 29x24 pixels, the image 30x24" in said.err
    assert "lonely.png: no residual" in said.err
    assert "Traceback" not in said.err
    assert sorted(p.name for p in (line / "out").iterdir()) == [
        "a_mask.png", "b_mask.png", "c_mask.png", "regions.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mu", "0.1"], "both --mu and --sigma"),
        (["--mu", "0.1", "--sigma", "-1"], "at least 0"),
        (["--step", "0"], "above 0"),
        (["--maps", "sheen"], "no candidate map 'sheen'"),
    ],
)
def test_unfit_options(
    line: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert label(line, *options) == 2
    assert message in capsys.readouterr().err
    assert not (line / "out" / "regions.parquet").exists()


@pytest.mark.parametrize("missing", ["images", "residuals"])
def test_missing_folders(line: Path, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line / missing).rename(line / "elsewhere")
    assert label(line) == 2
    assert missing in capsys.readouterr().err


def test_a_rule_file_with_a_mistake(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line / "r.kr").write_text("IF graay is low THEN anomalous\n")
    assert label(line) == 1
    assert "graay" in capsys.readouterr().err


@pytest.mark.parametrize(
    "kind", ["gray16", "rgb", "rgba", "palette", "one_bit", "rgb16", "1x1", "1x9", "jpg", "webp"]
)
def test_any_image_that_a_line_delivers(tmp_path: Path, kind: str) -> None:
    (tmp_path / "r.kr").write_text(RULE)
    size = {"1x1": (1, 1), "1x9": (1, 9)}.get(kind, (12, 17))
    residual = put(tmp_path, "x.png", 1, (24, 30))[: size[0], : size[1]]
    np.save(tmp_path / "residuals" / "x.npy", residual)
    (tmp_path / "images" / "x.png").unlink()
    _write_kind(tmp_path / "images", kind, size)
    assert label(tmp_path, "--mu", "0.0", "--sigma", "0.01") == 0
    assert cv2.imread(str(tmp_path / "out" / "x_mask.png"), 0).shape == size
    table = pq.read_table(tmp_path / "out" / "regions.parquet")
    assert max(table["gray"].to_pylist()) <= 255


def _write_kind(folder: Path, kind: str, size: tuple[int, int]) -> None:
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    gray = rng.integers(0, 256, size).astype(np.uint8)
    if kind == "gray16":
        write_png(folder / "x.png", (gray.astype(np.uint16) * 257))
    elif kind == "rgb16":
        write_png(folder / "x.png", np.repeat(gray[:, :, None], 3, 2).astype(np.uint16) * 257)
    elif kind in ("rgb", "1x1", "1x9"):
        write_png(folder / "x.png", rng.integers(0, 256, (*size, 3)).astype(np.uint8))
    else:
        modes = {"rgba": "RGBA", "palette": "P", "one_bit": "1", "jpg": "RGB", "webp": "RGB"}
        suffix = kind if kind in ("jpg", "webp") else "png"
        image.fromarray(gray).convert(modes[kind]).save(folder / f"x.{suffix}")
