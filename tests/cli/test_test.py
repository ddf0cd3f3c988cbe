"""`kistdsl test`: failures at their lines, coverage, JUnit, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kistdsl.cli.main import main

RULES = """\
rule stain: IF area is high AND gray is low THEN anomalous (0.9)
rule line: IF shape is high AND gray is low THEN anomalous (0.8)
"""
PASSING = """\
test "stain":
  area = 90%, gray = 30 => anomalous >= 0.9 by stain
  gray = 250 => not anomalous
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, name: str = "rules.kr") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_all_pass(file: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file(RULES + PASSING)
    assert main(["test", path]) == 0
    out, err = capsys.readouterr()
    assert out == f"{path}: 2 passed, 0 failed; rules covered: 1 of 2 (not line)\n"
    assert err == "1 file, 2 passed, 0 failed\n"


def test_a_failure_shows_place_grade_and_trace(
    file: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(RULES + 'test "dim":\n  area = 90%, gray = 70 => anomalous\n')
    assert main(["test", path, "--quiet"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out == (
        f'FAILED {path}:4:3 "dim"\n'
        "  area = 90%, gray = 70 => anomalous\n"
        "  expected anomalous, but the grade of `anomalous` is 0.56\n"
        "    stain: 0.56 = 0.9 x 0.63\n"
        "      area is high: 1.00\n"
        "      gray is low: 0.63\n"
        "    line: between 0.00 and 0.50 = 0.8 x between 0.00 and 0.63\n"
        "      shape is high: between 0.00 and 1.00 (not given)\n"
        "      gray is low: 0.63\n"
        f"{path}: 0 passed, 1 failed; rules covered: 0 of 2 (not stain, line)\n"
    )


@pytest.mark.parametrize(
    ("case", "passes"),
    [
        ("gray = 30 => anomalous", False),  # area and shape may have any value
        ("gray = 30, area = 90% => anomalous", True),
        ("gray = 30, area = 90% => anomalous >= 0.9", True),
        ("gray = 30, area = 90% => anomalous >= 0.91", False),
        ("gray = 30, area = 90% => anomalous <= 0.9", True),
        ("gray = 30, area = 90% => anomalous <= 0.89", False),
        ("gray = 30, area = 90% => not anomalous", False),
        ("gray = 200 => not anomalous", True),
        ("gray = 200 => anomalous <= 0", True),
        ("gray = 30, area = 90%, shape = 190 => anomalous by line", False),  # stain decides
        ("gray = 30, area = 0.1%, shape = 190 => anomalous by line", True),
        ("gray = 30, shape = 190 => anomalous by line", True),  # reaches alpha whatever the area is
        ("gray = 30, area = 0.1% => not anomalous by stain", True),
        ("gray = 30, area = 0.1% => not anomalous", False),  # line may fire
    ],
)
def test_what_expectations_mean(file: Callable[..., str], case: str, passes: bool) -> None:
    assert main(["test", "-q", file(f'{RULES}test "t":\n  {case}\n')]) == int(not passes)


@pytest.mark.parametrize(
    ("case", "passes"),
    [
        ("gray = 30, area = 90% => crack", False),
        ("gray = 30, area = 90% => not crack", False),  # shape is not given
        ("gray = 30, area = 90%, shape = 0 => not crack", True),
        ("gray = 30, shape = 190 => crack", True),
        ("gray = 30, shape = 190 => anomalous", True),  # anomalous stands for every class
    ],
)
def test_classes(file: Callable[..., str], case: str, passes: bool) -> None:
    rules = "class crack\n" + RULES.replace(
        "gray is low THEN anomalous (0.8)", "gray is low THEN crack (0.8)"
    )
    assert main(["test", "-q", file(f'{rules}test "t":\n  {case}\n')]) == int(not passes)


def test_coverage_threshold(file: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file(RULES + PASSING)
    assert main(["test", path, "--coverage-threshold", "50"]) == 0
    assert main(["test", path, "--coverage-threshold", "51%"]) == 1
    assert f"{path}: rule coverage 50% is below 51%" in capsys.readouterr().err


def test_junit(file: Callable[..., str], tmp_path: Path) -> None:
    good = file(RULES + PASSING)
    bad = file(RULES + 'test "a < b & c":\n  gray = 70 => anomalous\n', "bad.kr")
    broken = file("IF area is hihg THEN anomalous\n", "broken.kr")
    target = tmp_path / "out.xml"
    assert main(["test", "-q", good, bad, broken, "--junit", str(target)]) == 1
    root = ElementTree.parse(target).getroot()
    assert root.attrib | {"tests": "4", "failures": "1", "errors": "1"} == root.attrib
    assert [suite.get("name") for suite in root] == [good, bad, broken]
    failure = root[1][0].find("failure")
    assert failure is not None
    assert "between 0.00 and 0.56" in str(failure.get("message"))
    assert root[1][0].get("name") == "a < b & c: gray = 70 => anomalous"
    assert root[1][0].get("line") == "4"
    assert root[2][0].find("error") is not None


def test_rules_without_a_meaning(file: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file("IF area is hihg THEN anomalous\n")
    assert main(["test", path]) == 1
    out, err = capsys.readouterr()
    assert "unknown term `hihg`" in out
    assert f"{path}: not run, the rules have no meaning" in out
    assert "1 with errors" in err


def test_unreadable_and_misused(
    file: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.kr")
    assert main(["test", missing, file(RULES + PASSING)]) == 2
    out, err = capsys.readouterr()
    assert missing in err
    assert "2 passed" in out  # the others are run all the same
    with pytest.raises(SystemExit) as stop:
        main(["test", missing, "--coverage-threshold", "120"])
    assert stop.value.code == 2
    nowhere = str(tmp_path / "no" / "folder.xml")
    assert main(["test", "-q", file(RULES), "--junit", nowhere]) == 2


def test_files_without_tests(file: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = file(RULES)
    assert main(["test", path]) == 0
    assert capsys.readouterr().out == f"{path}: no tests; rules covered: 0 of 2\n"


def test_shipped_rules_pass_their_tests_and_cover_every_rule(root: Path) -> None:
    assert main(["test", "-q", str(root / "rules"), "--coverage-threshold", "100"]) == 0
