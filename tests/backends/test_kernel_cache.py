"""Kept machine code: found again, never trusted blindly, never in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
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


GRADE = f"""
import os, resource, sys
import kistdsl

table = {{"area": [0.9, 0.1], "gray": [20.0, 20.0]}}
os.environ["KISTDSL_CACHE_DIR"] = ""
kistdsl.compile("IF gray is low THEN anomalous").grade({{"gray": [1.0]}})  # imports all while it may still read
os.environ["KISTDSL_CACHE_DIR"] = sys.argv[1]
{{limit}}
try:
    with open(sys.argv[1] + "/kernels/trial", "wb") as file:
        file.write(bytes(5000))
except OSError as error:
    print(type(error).__name__, error.errno)
else:
    print("written")
print(kistdsl.compile({TEXT!r}).grade(table).tolist())
print(sorted(set(os.listdir(sys.argv[1] + "/kernels")) - {{"trial"}}))
"""
"""Prints what stands in the way of a file in the cache, the grades, and what is kept."""


def graded(root: Path, cache: Path, limit: str = "", command: tuple[str, ...] = ()) -> list[str]:
    script = GRADE.replace("{limit}", limit)
    done = subprocess.run(
        [*command, sys.executable, "-c", script, str(cache)],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    if done.returncode == CANNOT_MOUNT:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.stderr == ""
    return done.stdout.splitlines()


CANNOT_MOUNT = 77
NOBODY = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
"""Permissions do not stop root."""


@pytest.mark.skipif(os.name == "nt", reason="permissions of another kind")
def test_a_folder_without_permission_to_write(root):
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which only its owner may enter
        cache = Path(folder)
        (cache / "kernels").mkdir(mode=0o755)
        for path in (cache / "kernels", cache):
            path.chmod(0o555)
        found = graded(root, cache, NOBODY)
        cache.chmod(0o755)
    assert found == ["PermissionError 13", str(WANT), "[]"]


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
@pytest.mark.parametrize(
    ("size", "then", "says"),
    [("1m", 'mount -o remount,ro "$1"', "OSError 30"), ("4k", "true", "OSError 28")],
    ids=["read-only", "full"],
)
def test_a_file_system_of_its_own(root, tmp_path, size, then, says):
    """The kernel's own word: EROFS, ENOSPC."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    mounted = (
        f'mount -t tmpfs -o size={size},mode=700 tmpfs "$1" && mkdir "$1/kernels" && {then} || exit {CANNOT_MOUNT}; '
        'shift; exec "$@"'
    )
    apart = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
    found = graded(root, tmp_path, command=(*apart, "sh", "-c", mounted, "sh", str(tmp_path)))
    assert found == [says, str(WANT), "[]"]


@pytest.mark.skipif(os.name == "nt", reason="no such limit")
def test_no_room_in_one_file(root, tmp_path):
    (tmp_path / "kernels").mkdir(mode=0o700)
    found = graded(root, tmp_path, "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))")
    assert found == ["OSError 27", str(WANT), "[]"]


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
