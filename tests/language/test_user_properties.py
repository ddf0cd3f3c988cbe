"""A property that an installed package declares is known everywhere, by one declaration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kistdsl.data.images import write_png

RULE = "IF overexposed is high THEN anomalous\n"


@pytest.fixture
def site(own_property: Path, tmp_path: Path) -> Path:
    (tmp_path / "r.kr").write_text(RULE)
    return own_property


def kistdsl(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, "-m", "kistdsl", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_check_grade_and_label_know_it(site: Path, tmp_path: Path) -> None:
    rules = str(tmp_path / "r.kr")
    checked = kistdsl(site, "check", rules)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (tmp_path / "t.csv").write_text("overexposed\n0.9\n0.1\n")
    graded = kistdsl(site, "grade", rules, str(tmp_path / "t.csv"), "-o", str(tmp_path / "g.csv"))
    assert graded.returncode == 0, graded.stderr
    assert "1.0" in (tmp_path / "g.csv").read_text()
    for folder in ("images", "residuals"):
        (tmp_path / folder).mkdir()
    gray = np.full((9, 9), 100, np.uint8)
    gray[2:5, 2:5], gray[6:8, 6:8] = 255, 180
    write_png(tmp_path / "images" / "a.png", gray)
    np.save(tmp_path / "residuals" / "a.npy", (gray > 150).astype(np.float32))
    inputs = ["--images", str(tmp_path / "images"), "--residuals", str(tmp_path / "residuals")]
    out = tmp_path / "out"
    labelled = kistdsl(site, "label", rules, *inputs, "--out", str(out), "--mu", "0.1", "--sigma", "0.1")
    assert labelled.returncode == 0, labelled.stderr
    table = pq.read_table(out / "regions.parquet").to_pydict()
    assert sorted(set(table["overexposed"])) == [0.0, 1.0]
    assert table["anomalous"] == [value == 1.0 for value in table["overexposed"]]


def test_without_the_package_it_is_unknown(site: Path, tmp_path: Path) -> None:
    found = kistdsl(tmp_path, "check", str(tmp_path / "r.kr"))
    assert found.returncode == 1
    assert "overexposed" in found.stdout + found.stderr


def test_a_package_that_cannot_be_loaded_is_named(site: Path, tmp_path: Path) -> None:
    (site / "my_line.py").write_text("import nowhere_to_be_found\n")
    found = kistdsl(site, "check", str(tmp_path / "r.kr"))
    assert found.returncode == 2
    assert "property 'overexposed' (my_line:overexposed) cannot be loaded" in found.stderr
    assert "Traceback" not in found.stderr
