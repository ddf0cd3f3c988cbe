"""The wheel, installed in an empty environment away from the checkout, and the engine without its extras."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

HEAVY = ("torch", "cv2", "pydantic", "scipy", "pyarrow", "rich", "safetensors", "pandas", "polars")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """An environment that holds the wheel and its required dependencies alone; its `kistdsl`."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder / "dist",
        root,
        cwd=folder,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    done = run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", root / "constraints.txt", wheel,
        cwd=folder,
        **{k: v for k, v in os.environ.items() if k.startswith("PIP_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return python.parent / "kistdsl"


@pytest.mark.slow
def test_the_wheel_checks_and_grades_away_from_the_checkout(
    installed: Path, tmp_path: Path, root: Path
) -> None:
    """`check` finds the grammar and the shipped rules; `grade` grades, with nothing but the core installed."""
    (tmp_path / "r.kr").write_text("IF area is high AND gray is low THEN anomalous (0.8)\n")
    (tmp_path / "t.csv").write_text("area,gray,note\n0.9,20,a\n0.1,20,b\n")
    checked = run(installed, "check", "r.kr", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    graded = run(installed, "grade", "r.kr", "t.csv", cwd=tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert graded.returncode == 0, graded.stderr
    assert graded.stdout.splitlines() == [
        "area,gray,note,grade,class,rule,anomalous",
        "0.9,20,a,0.8,anomalous,L1,true",
        "0.1,20,b,0.0,anomalous,L1,false",
    ]
    lists = run(installed.parent / "python", "-c", "import kistdsl; print(kistdsl.__file__)", cwd=tmp_path)
    assert str(root) not in lists.stdout


@pytest.mark.slow
def test_without_the_train_extra_a_verb_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    """No traceback where an optional package is missing: a message that names the extra."""
    for verb in (["train"], ["localize", "run", "x.png", "--out", "o"], ["label", "r.kr", "--images", "a"]):
        result = run(installed, *verb, cwd=tmp_path)
        assert result.returncode == 2, (verb, result.stderr)
        assert "Traceback" not in result.stderr


def test_grading_needs_none_of_the_optional_packages(tmp_path: Path) -> None:
    """With the extras hidden, rules load and a table is graded."""
    code = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None  # an import of it raises ImportError
import numpy as np
import kistdsl
rules = kistdsl.compile("IF area is high AND gray is low THEN anomalous (0.8)")
print(rules.grade({{"area": np.array([0.9, 0.1]), "gray": np.array([20.0, 20.0])}}).tolist())
"""
    result = run(sys.executable, "-c", code, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[0.8, 0.0]"


def test_check_loads_neither_numpy_nor_numba(tmp_path: Path) -> None:
    """The verb that an editor calls at each keystroke starts with the standard library and lark."""
    (tmp_path / "r.kr").write_text("IF area is high THEN anomalous\n")
    code = """
import sys
from kistdsl.cli.main import main
code = main(["check", "--quiet", "r.kr"])
print(code, sorted({"numpy", "numba", "torch", "cv2"} & set(sys.modules)))
"""
    result = run(sys.executable, "-c", code, cwd=tmp_path)
    assert result.stdout.strip().endswith("0 []"), result.stdout + result.stderr
