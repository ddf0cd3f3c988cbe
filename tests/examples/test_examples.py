"""Every example runs and says what it should."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from kistdsl.cli.main import main

COMPILER = shutil.which("cc") or shutil.which("gcc")


def run(root, name: str, *arguments: str) -> str:
    """What the example prints."""
    done = subprocess.run(
        [sys.executable, str(root / "examples" / name), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    return done.stdout


def need(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_c(root, tmp_path):
    assert main(["build", str(root / "rules" / "mtd.kr"), "--target", "c", "-o", str(tmp_path), "-q"]) == 0
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", f"-I{tmp_path}"]
    sources = [str(root / "examples" / "c" / "main.c"), str(tmp_path / "mtd.c")]
    subprocess.run([COMPILER, *strict, *sources, "-o", str(tmp_path / "grade"), "-lm"], check=True)
    printed = subprocess.run([str(tmp_path / "grade")], capture_output=True, text=True, check=True).stdout
    assert printed == "Magnetic tile, alpha 0.8\n1.00 anomalous by large_dark_even\n0.00 fine\n"


def test_polars(root):
    need("polars")
    assert "1.0" in run(root, "polars_pipeline.py")


def test_parquet(root, tmp_path):
    need("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"area": [0.04, 0.0], "gray": [30.0, 130.0], "shape": [0.0, 60.0]}
    source, target = str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")
    pq.write_table(pa.table({**columns, "unevenness": [2.0, 15.0], "symmetry": [0.9, 0.9]}), source)
    assert run(root, "parquet_batch.py", source, target) == "1 anomalous regions\n"
    assert pq.read_table(target)["grade"].to_pylist() == [1.0, 0.0]


def test_torch(root):
    need("torch")
    first = run(root, "torch_training.py").splitlines()[0].split()
    assert float(first[3]) < 0.8 * float(first[1])
