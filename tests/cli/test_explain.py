"""`kistdsl explain`: text and JSON, from --set and from tables, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kistdsl
from kistdsl.cli.main import main

RULES = """\
property area high at 2%
class crack
rule stain "large dark patch": IF area is high AND gray is low THEN anomalous
rule line: IF gray is low AND shape is high THEN crack (0.8)
"""
SET = ["--set", "area=1%", "gray=60", "shape=20"]


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.kr"
    path.write_text(RULES, encoding="utf-8")
    return str(path)


def test_text(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rules, *SET]) == 0
    assert (
        capsys.readouterr().out
        == """\
not anomalous: grade 0.00 < alpha 0.80, by rule stain

rule stain -> anomalous: 0.00 = tv 1 x truth 0.00, does not fire, capped by `area is high`
  "large dark patch"
    area is high    0.00  at area = 1%  <- decides
    gray is low     0.82  at gray = 60

rule line -> crack: 0.00 = tv 0.8 x truth 0.00, does not fire, capped by `shape is high`
    gray is low      0.82  at gray = 60
    shape is high    0.00  at shape = 20  <- decides

what would make it anomalous, the nearest change first:
  area at or above 1.9% (now 1%): grade 0.80
"""
    )


def test_fires(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rules, "--set", "area=3%", "--set", "gray=31", "shape=180"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("anomalous, class anomalous: grade 1.00 >= alpha 0.80, by rule stain\n")
    assert "capped by its truth value" in out
    assert "what would make it not anomalous, the nearest change first:\n  gray at or above 61.2" in out


def test_json_is_what_the_engine_says(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rules, *SET, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    row = {"area": 0.01, "gray": 60.0, "shape": 20.0}
    loaded = kistdsl.load(rules)
    assert data["grade"] == loaded.grade_one(row)
    assert data["anomalous"] is False
    assert (data["class"], data["rule"], data["alpha"]) == ("anomalous", "stain", 0.8)
    assert [r["name"] for r in data["rules"]] == ["stain", "line"]
    assert data["rules"][0]["propositions"][1]["membership"] == (0.4 - 60.0 / 255.0) / (0.4 - 0.2)
    assert data["changes"][0]["property"] == "area"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables(rules: str, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / f"regions{suffix}"
    columns = {
        "image": ["a", "b", "c"],
        "area": [0.01, 0.03, 0.5],
        "gray": [60.0, 31.0, None],
        "shape": [20, 9, 1],
    }
    if suffix == ".csv":
        rows = zip(*columns.values(), strict=True)
        lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
        table.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    else:
        pa = pytest.importorskip("pyarrow")
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table(columns), table)
    assert main(["explain", rules, "--table", str(table), "--row", "2", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == {"area": 0.03, "gray": 31.0, "shape": 9.0}
    for number, message in (
        ("0", "there is no row 0; rows are counted from 1"),
        ("4", "there is no row 4; the table has 3 rows"),
        ("3", "row 3 has no value for gray, which rules stain, line read"),
    ):
        assert main(["explain", rules, "--table", str(table), "--row", number]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert str(table) in err


def test_why_not(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rules, *SET, "--why-not", "line"]) == 0
    out = capsys.readouterr().out
    assert (
        "it fires at a truth of 1.00 or more (alpha 0.8 / tv 0.8); no single property can bring it there"
        in out
    )
    assert "  gray is low: 0.82; needs gray at or below 51 gray levels (now 60)\n" in out
    assert "  shape is high: 0.00; needs shape at or above 155 (now 20)\n" in out
    assert main(["explain", rules, *SET, "--why-not", "stain", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rule"]["name"] == "stain"
    assert [c["property"] for c in answer["changes"]] == ["area"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "area=1%"], "--set has no value for gray, shape, which rules stain, line read"),
        (["--set", "aera=1%"], "--set aera: there is no such property; did you mean area?"),
        (["--set", "area=0,8"], "'0,8' is not a number; did you mean 0.8?"),
        (["--set", "area=inf"], "expected a finite number"),
        (["--set", "area"], "--set area: expected PROPERTY=VALUE"),
        (["--set", "area=1", "area=2"], "area is given twice"),
        ([*SET, "--row", "1"], "--row belongs to --table"),
        (["--table", "t.csv"], "--table also needs --row N"),
        (["--table", "t.csv", "--row", "1"], "t.csv: no such file"),
        ([*SET, "--why-not", "lien"], "no rule is called 'lien'; did you mean `line`?"),
    ],
)
def test_what_it_refuses(
    rules: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", rules, *options]) == 2
    assert message in capsys.readouterr().err


def test_a_value_outside_the_range_is_noted(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rules, "--set", "area=2", "gray=60", "shape=20"]) == 0
    assert "note: area = 2 is outside its range, 0 to 1; did you mean 2%?" in capsys.readouterr().out


def test_broken_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.kr"
    path.write_text("IF area is hihg THEN anomalous\n", encoding="utf-8")
    assert main(["explain", str(path), "--set", "area=1"]) == 1
    assert "hihg" in capsys.readouterr().err
