"""`kistdsl regions`: the table by itself."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kistdsl.cli.main import main
from kistdsl.schema import BUILTIN
from tests.cli.test_label import put


@pytest.fixture
def line(tmp_path: Path) -> Path:
    for seed, name in enumerate(["a.png", "b.png"]):
        put(tmp_path, name, seed)
    return tmp_path


def regions(root: Path, out: str, *options: str) -> int:
    fixed = ["--images", str(root / "images"), "--residuals", str(root / "residuals"), "-o", str(root / out)]
    return main(["regions", *fixed, *options])


def test_every_property_one_row_a_region_and_threshold(line: Path) -> None:
    assert regions(line, "t.parquet") == 0
    table = pq.read_table(line / "t.parquet")
    assert set(BUILTIN) < set(table.column_names)
    rows = table.to_pylist()
    keys = [(r["image"], r["threshold"], r["top"], r["seed"]) for r in rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert row["pixels"] <= (row["bottom"] - row["top"]) * (row["right"] - row["left"])
        assert row["area"] == row["pixels"] / (24 * 30)


def test_csv_of_chosen_properties_agrees(line: Path) -> None:
    assert regions(line, "t.parquet") == 0
    assert regions(line, "t.csv", "--properties", "gray, shape", "--threads", "2") == 0
    with (line / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    whole = pq.read_table(line / "t.parquet").to_pydict()
    assert [float(r["shape"]) for r in rows] == whole["shape"]
    assert [float(r["gray"]) for r in rows] == whole["gray"]
    assert "area" not in rows[0]


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("t.parquet", ["--properties", "grey"], "unknown property 'grey'"),
        ("t.xlsx", [], "ends in .parquet or .csv"),
        ("nowhere/t.csv", [], "cannot be written"),
    ],
)
def test_unfit_options(
    line: Path, out: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regions(line, out, *options) == 2
    assert message in capsys.readouterr().err
    assert not (line / out).exists()
