"""Kept machine code: found again, never trusted blindly, never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kistdsl
from kistdsl.backends import kernel_cache

TEXT = "IF area is high AND gray is low THEN anomalous (0.8)"
TABLE = {"area": np.array([0.9, 0.1]), "gray": np.array([20.0, 20.0])}
WANT = [0.8, 0.0]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of this test's own."""
    monkeypatch.setenv("KISTDSL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernels"


def grades() -> list[float]:
    return kistdsl.compile(TEXT).grade(TABLE).tolist()


def test_machine_code_is_kept_and_found(cache, monkeypatch):
    assert grades() == WANT
    (kept,) = cache.iterdir()
    monkeypatch.setattr("kistdsl.backends.llvm_jit._compile", None)  # would fail if it compiled again
    assert grades() == WANT
    assert kept.stat().st_mode & 0o022 == 0
    assert cache.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_is_compiled_anew(cache, damage):
    assert grades() == WANT
    (kept,) = cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0\0" if damage is None else damage)
    assert grades() == WANT
    assert kernel_cache.read(kept.name) is not None


@pytest.mark.parametrize("where", ["folder", "file"])
def test_what_others_can_write_is_not_run(cache, where):
    assert grades() == WANT
    (kept,) = cache.iterdir()
    (cache if where == "folder" else kept).chmod(0o777)
    assert kernel_cache.read(kept.name) is None
    assert grades() == WANT


def test_a_link_is_not_followed(cache, tmp_path):
    assert grades() == WANT
    (kept,) = cache.iterdir()
    elsewhere = tmp_path / "elsewhere"
    kept.rename(elsewhere)
    kept.symlink_to(elsewhere)
    assert kernel_cache.read(kept.name) is None


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KISTDSL_CACHE_DIR", str(tmp_path / "file"))
    assert grades() == WANT


def test_a_full_disk(cache, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert grades() == WANT
    assert list(cache.iterdir()) == []


def test_turned_off(monkeypatch):
    monkeypatch.setenv("KISTDSL_CACHE_DIR", "")
    assert kernel_cache.folder() is None
    assert grades() == WANT


def test_old_files_go(cache, monkeypatch):
    monkeypatch.setattr(kernel_cache, "LIMIT", 3)
    for i in range(6):
        kernel_cache.write(f"key{i}", b"code")
    assert len(list(cache.iterdir())) == 3


def test_several_processes_at_once(cache):
    script = (
        "import kistdsl, numpy as np\n"
        f"rules = kistdsl.compile({TEXT!r})\n"
        "print(rules.grade({'area': np.array([0.9]), 'gray': np.array([20.0])})[0])\n"
    )
    root = Path(__file__).resolve().parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
        for _ in range(4)
    ]
    assert [process.communicate()[0].strip() for process in running] == ["0.8"] * 4
    assert [process.returncode for process in running] == [0] * 4
    assert len(list(cache.iterdir())) == 1
