"""`check`, `fmt`, `rule`: options, exit codes, output for other tools."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from kistdsl._version import __version__
from kistdsl.cli import reports
from kistdsl.cli.main import main
from kistdsl.diagnostics.render import COLOUR, PLAIN

GOOD = "IF area is high AND gray is low THEN anomalous (0.8)\n"
WARNS = "class crack\nclass crack\nIF area is high THEN crack\n"
WRONG = "rule a: IF aera is high THEN anomolous (1.8)\n"
SARIF = Path(__file__).resolve().parents[1] / "language" / "schemas" / "sarif-schema-2.1.0.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("good.kr", GOOD), ("warns.kr", WARNS), ("wrong.kr", WRONG)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.kr"], 0),
        (["warns.kr"], 0),
        (["--error-on-warning", "warns.kr"], 1),
        (["--error-on-warning", "good.kr"], 0),
        (["wrong.kr"], 1),
        (["good.kr", "wrong.kr"], 1),
        (["good.kr", "absent.kr"], 2),
        (["absent.kr", "wrong.kr"], 2),
        (["."], 1),
    ],
)
def test_check_exit_codes(folder: Path, arguments: list[str], code: int) -> None:
    assert main(["check", *arguments]) == code


def test_check_names_a_missing_file_and_checks_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", "absent.kr", "wrong.kr"])
    out, err = capsys.readouterr()
    assert "absent.kr: no such file" in err
    assert "K101" in out


def test_usage_is_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check"])
    assert stop.value.code == 2
    (folder / "empty").mkdir()
    assert main(["check", "empty"]) == 2
    assert "empty: no .kr file" in capsys.readouterr().err


def test_check_concise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--output-format", "concise", "wrong.kr"])
    assert capsys.readouterr().out.splitlines() == [
        "wrong.kr:1:12: error K101 unknown property `aera`",
        "wrong.kr:1:30: error K103 unknown class `anomolous`",
        "wrong.kr:1:41: error K201 a truth value lies above 0 and not above 1, not at 1.8",
    ]


def test_check_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--output-format", "json", "warns.kr"])
    [problem] = json.loads(capsys.readouterr().out)
    assert problem == {
        "file": "warns.kr",
        "line": 2,
        "column": 7,
        "end_line": 2,
        "end_column": 12,
        "code": "K110",
        "slug": "duplicate-class",
        "severity": "warning",
        "message": "class `crack` is declared twice",
        "help": "remove one of them",
        "labels": [
            {
                "file": "warns.kr",
                "line": 1,
                "column": 7,
                "end_line": 1,
                "end_column": 12,
                "message": "declared here already",
            }
        ],
    }


def test_check_json_of_a_good_file_is_an_empty_array(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--output-format", "json", "good.kr"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_check_github(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd,name.kr").write_text("IF aera is high THEN anomalous\n")
    main(["check", "--output-format", "github", "odd,name.kr"])
    assert capsys.readouterr().out == (
        "::error file=odd%2Cname.kr,line=1,endLine=1,col=4,endColumn=8,title=K101 unknown-property"
        "::unknown property `aera`%0Ahelp: did you mean `area`?\n"
    )


def valid_sarif(log: object) -> None:
    """Against the schema that OASIS publishes."""
    jsonschema.Draft7Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(log)


def test_sarif_of_every_diagnostic_is_valid(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = Path(__file__).resolve().parents[1] / "golden"
    monkeypatch.chdir(golden)
    main(["check", "--output-format", "sarif", "."])
    log = json.loads(capsys.readouterr().out)
    valid_sarif(log)
    assert len({result["ruleId"] for result in log["runs"][0]["results"]}) > 90


def test_sarif_of_nothing_is_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--output-format", "sarif", "good.kr"])
    log = json.loads(capsys.readouterr().out)
    valid_sarif(log)
    assert log["runs"][0]["results"] == []


def test_the_schema_refuses_what_is_not_sarif(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--output-format", "sarif", "wrong.kr"])
    log = json.loads(capsys.readouterr().out)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError, match="0 is less than the minimum of 1"):
        valid_sarif(log)


def test_check_sarif_is_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "with space.kr").write_bytes(b"\xef\xbb\xbf" + WARNS.encode() + b'product "x\nIF a\xf6 THEN\n')
    absolute = str(folder / "wrong.kr")
    main(["check", "--output-format", "sarif", "warns.kr", "with space.kr", absolute])
    log = json.loads(capsys.readouterr().out)
    valid_sarif(log)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert uris == {"warns.kr", "with%20space.kr", Path(absolute).as_uri()}


def test_check_standard_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, WRONG.encode())
    assert main(["check", "--output-format", "concise", "-"]) == 1
    assert capsys.readouterr().out.startswith("<stdin>:1:12: error K101")
    stdin(monkeypatch, b'include "good.kr"\n')
    (folder / "sub").mkdir()
    assert main(["check", "--stdin-filename", "sub/x.kr", "-"]) == 1
    assert "good.kr: no such file" in capsys.readouterr().out


def test_colour_only_on_request_or_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "wrong.kr"])
    assert "\x1b" not in capsys.readouterr().out
    main(["check", "--color", "always", "wrong.kr"])
    assert "\x1b[1;31merror[K101" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_by_terminal_and_environment(
    terminal: bool, environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()
    assert (reports.style("auto", stream) is COLOUR) is coloured
    assert reports.style("never", stream) is PLAIN
    assert reports.style("always", stream) is COLOUR


def test_a_folder_without_rules_is_said_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    messy = folder / "messy.kr"
    messy.write_text("if area is high then anomalous")
    assert main(["fmt", "messy.kr", "empty"]) == 2
    assert messy.read_text() == "if area is high then anomalous"
    assert capsys.readouterr().err == "kistdsl: empty: no .kr file in this folder\n"


def test_an_escape_sequence_in_a_file_does_not_reach_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nasty.kr").write_text('product "\x1b[31m" \x1b[2J\n')
    main(["check", "nasty.kr"])
    assert "\x1b" not in capsys.readouterr().out


def test_fmt_in_place_check_and_diff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messy = folder / "messy.kr"
    messy.write_bytes(b"if area  is high then anomalous(.8)  # why\r\n")
    assert main(["fmt", "--check", "messy.kr"]) == 1
    assert main(["fmt", "--diff", "messy.kr"]) == 1
    assert "+IF area is high THEN anomalous (0.8)  # why" in capsys.readouterr().out
    assert messy.read_bytes().startswith(b"if")
    assert main(["fmt", "messy.kr"]) == 0
    assert messy.read_bytes() == b"IF area is high THEN anomalous (0.8)  # why\n"
    assert main(["fmt", "--check", "messy.kr", "good.kr"]) == 0
    assert main(["fmt", "--diff", "messy.kr"]) == 0


def test_fmt_leaves_a_faulty_file_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = folder / "broken.kr"
    broken.write_text("if  area THEN\n")
    assert main(["fmt", "broken.kr", "good.kr"]) == 1
    assert broken.read_text() == "if  area THEN\n"
    assert "K026" in capsys.readouterr().err
    assert main(["fmt", "absent.kr"]) == 2


def test_fmt_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"if area is high then anomalous")
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == "IF area is high THEN anomalous\n"
    stdin(monkeypatch, b"if area is high then anomalous")
    assert main(["fmt", "--check", "-"]) == 1


def test_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "K201"]) == 0
    out = capsys.readouterr().out
    assert "K201 truth-value-out-of-range (error)" in out
    assert "Bad:" in out
    assert "Good:" in out
    assert main(["rule", "truth-value-out-of-range"]) == 0
    assert capsys.readouterr().out == out
    assert main(["rule", "K999"]) == 2
    assert main(["rule"]) == 0
    assert "K001" in capsys.readouterr().out
    assert main(["rule", "--format", "json", "K201"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["slug"] == "truth-value-out-of-range"


def test_check_imports_nothing_heavy() -> None:
    heavy = ["numpy", "numba", "torch", "cv2", "pydantic", "pyarrow", "rich", "pandas", "scipy"]
    script = f"import sys, kistdsl.cli.check; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_property_of_an_installed_package_is_known(folder: Path) -> None:
    site = folder / "site"
    info = site / "hot-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hot\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kistdsl.properties]\nhot = hot:hot\n")
    (site / "hot.py").write_text(
        "import kistdsl\n\n"
        '@kistdsl.property(name="hot", unit="fraction", range=(0, 1), gamma=1, doc="overexposed share")\n'
        "def hot(region):\n    return 0.0\n"
    )
    (folder / "hot.kr").write_text("IF hot is high THEN anomalous\n")
    command = [sys.executable, "-m", "kistdsl", "check", "hot.kr"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    without = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert without.returncode == 1
    assert "unknown property `hot`" in without.stdout
    installed = {**environment, "PYTHONPATH": str(site)}
    found = subprocess.run(command, capture_output=True, text=True, env=installed, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_colour_on_a_terminal_unless_it_is_unwanted(folder: Path) -> None:
    pty = pytest.importorskip("pty")

    def seen(**environment: str) -> bytes:
        main_end, terminal = pty.openpty()
        command = [sys.executable, "-m", "kistdsl", "check", "-q", "wrong.kr"]
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        subprocess.run(command, stdout=terminal, env={**clean, **environment}, check=False)
        os.close(terminal)
        shown = os.read(main_end, 65536)
        os.close(main_end)
        return shown

    assert b"\x1b[1;31merror[K101" in seen(TERM="xterm")
    assert b"\x1b" not in seen(TERM="dumb")
    assert b"\x1b" not in seen(TERM="xterm", NO_COLOR="1")


def test_the_version_tells_what_a_bug_report_needs_without_loading_it() -> None:
    code = (
        "import sys\nfrom kistdsl.cli.main import main\n"
        "try: main(['--version'])\nfinally: print('loaded', *{'torch', 'numba', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"kistdsl {__version__}"
    assert {"Python", "numpy", "numba", "llvmlite"} <= {line.split()[0] for line in lines}
    assert lines[-2].startswith("compiled rules are kept in ")
    assert lines[-1] == "loaded"


def test_files_and_options_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.kr", tmp_path / "bad.kr"
    good.write_text("IF gray is low THEN anomalous\n")
    bad.write_text("IF gray is low THEN anomolous\n")
    assert main(["check", str(good), "--output-format", "concise", str(bad)]) == 1
    shown = capsys.readouterr()
    assert "bad.kr:1:21: error" in shown.out + shown.err
    assert main(["check", str(bad), "--output-format", "concise", str(good)]) == 1
