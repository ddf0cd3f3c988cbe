"""What the shell and the file system hand over: closed streams, odd names, links, modes, devices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.data.maps import read_map
from kistdsl.diagnostics import InputError
from kistdsl.language.sources import MAX_BYTES, load_file

GOOD = "IF area is high AND gray is low THEN anomalous (0.8)\n"
LOOSE = "IF area is high and gray is low THEN anomalous(0.8)\n"


def kistdsl(
    *arguments: str, shell: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A process of its own; `shell` goes behind the command."""
    command = [sys.executable, "-m", "kistdsl", *arguments]
    if shell:
        command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **(env or {})})


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "good.kr"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("words", [["fmt"], ["check"], ["test"]])
def test_an_empty_name_is_not_this_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loose.kr").write_text(LOOSE)
    monkeypatch.chdir(tmp_path)
    assert main([*words, ""]) == 2
    assert "an empty file name was given" in capsys.readouterr().err
    assert (tmp_path / "loose.kr").read_text() == LOOSE


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    real, link = tmp_path / "real.kr", tmp_path / "link.kr"
    real.write_text(LOOSE)
    real.chmod(0o640)
    link.symlink_to(real)
    assert main(["fmt", "-q", str(link)]) == 0
    assert link.is_symlink()
    assert real.read_text() == GOOD
    assert real.stat().st_mode & 0o777 == 0o640


def test_what_must_not_be_written_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.kr"
    path.write_text(LOOSE)
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write everything")
    assert main(["fmt", str(path)]) == 2
    assert "a.kr: cannot be written: Permission denied" in capsys.readouterr().err


def test_a_folder_that_cannot_be_read_is_not_passed_over(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    assert main(["check", str(tmp_path)]) == 2
    assert "locked: cannot be read: Permission denied" in capsys.readouterr().err


def test_an_endless_device_is_no_rule_file(tmp_path: Path) -> None:
    (tmp_path / "large.kr").write_bytes(b"#" * (MAX_BYTES + 1))
    endless = Path("/dev/zero")
    for path in (tmp_path / "large.kr", *([endless] if endless.is_char_device() else [])):
        with pytest.raises(InputError, match=f"{path.name}: over 16 MB is no rule file"):
            load_file(path)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
def test_closed_streams(rules: Path, tmp_path: Path) -> None:
    for words in (["check", str(rules)], ["explain", str(rules), "--set", "area=1", "gray=1"]):
        done = kistdsl(*words, shell=">&-")
        assert done.returncode == 0
        assert b"Traceback" not in done.stderr
    assert kistdsl("check", str(tmp_path / "none.kr"), shell="2>&-").returncode == 2
    if Path("/dev/full").is_char_device():
        assert kistdsl("check", str(tmp_path / "none.kr"), shell="2> /dev/full").returncode == 2


def test_names_that_the_output_cannot_spell(tmp_path: Path) -> None:
    path = tmp_path / "line.kr"
    path.write_text("class 划痕\nrule 一: IF gray is low THEN 划痕\n", encoding="utf-8")
    done = kistdsl("explain", str(path), "--set", "gray=1", env={"PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0, done.stderr
    assert b"1.00" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_no_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.kr")
    Path(path).write_text(GOOD)
    assert main(["check", path, "--output-format", "sarif"]) == 0
    assert main(["test", path, "--junit", str(tmp_path / "j.xml")]) == 0
    assert main(["build", path, "--target", "json", "-o", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text())


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 no archive",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (5, 3".ljust(128) + b"\n",
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }".ljust(117)
        + b"\n",
    ],
    ids=["archive", "unfinished", "enormous"],
)
def test_a_map_that_is_none_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "map.npy"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"map.npy: not a whole .npy file of numbers"):
        read_map(path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["localize", "RUN", "IMAGE", "--out", "o", "--threshold", "nan"], "'nan' is not a finite number"),
        (["localize", "RUN", "IMAGE", "--out", "o", "--sigmas", "inf"], "'inf' is not a finite number"),
        (
            ["regions", "--images", "i", "--residuals", "r", "-o", "t.csv", "--min-area", "9" * 20],
            "2147483647",
        ),
    ],
)
def test_numbers_out_of_range(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert message in capsys.readouterr().err


def test_an_infinite_value_of_a_row_is_located(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("area,gray\n1,1\n1,inf\n")
    assert main(["explain", str(rules), "--table", str(table), "--row", "2"]) == 2
    assert "t.csv: row 2, column 'gray': inf is not a finite number" in capsys.readouterr().err


def test_a_diff_counts_lines_as_patch_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.kr"
    path.write_text(f"# one\u2028two\x0cthree\n{LOOSE}", encoding="utf-8")
    assert main(["fmt", "--diff", str(path)]) == 1
    assert "No newline at end of file" not in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM there")
def test_sigterm_leaves_no_half_written_file(rules: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "o.csv"
    with table.open("w") as file:
        file.write("area,gray\n")
        np.savetxt(file, np.full((400_000, 2), 0.5), delimiter=",")
    command = [sys.executable, "-m", "kistdsl", "grade", str(rules), str(table), "-o", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    while process.poll() is None and not list(tmp_path.glob(".o.*")):
        pass
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert not list(tmp_path.glob(".o.*"))
