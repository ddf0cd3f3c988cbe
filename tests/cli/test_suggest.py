"""`kistdsl suggest`: what it proposes from normal images, and what becomes of the rule file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.cli.normal_regions import NormalRegions
from kistdsl.cli.suggestions import Change, changes, difference, firings, suggest, with_gammas
from kistdsl.data.demo import DemoSettings, make_demo_line
from kistdsl.diagnostics import Source
from kistdsl.language.check import Checked, check_file, check_text
from kistdsl.schema import BUILTIN

RULES = """\
product "P"

property area    high at 20%   # a comment
property gray scale 255

IF area is high AND gray is low THEN anomalous
IF symmetry is high AND NOT area is high THEN anomalous
"""


def checked(text: str) -> Checked:
    return check_text(Source("rules.kr", text), BUILTIN)


def regions(**columns: np.ndarray) -> NormalRegions:
    return NormalRegions(3, {name: np.asarray(values, float) for name, values in columns.items()}, {})


def proposals(text: str, tail: float = 0.05, **columns: np.ndarray) -> tuple[dict[str, float | None], str]:
    """Proposed gammas and the new text."""
    result = checked(text)
    assert result.program is not None
    found = suggest(result.program, regions(**columns), tail)
    changed = changes(result, found)
    return {s.column.name: s.gamma for s in found}, changed[0].after if changed else text


def test_high_begins_where_few_normal_regions_lie() -> None:
    shares = np.linspace(0, 0.1, 1001)
    gammas, text = proposals(
        RULES, area=shares, gray=np.linspace(40, 240, 1001), symmetry=np.linspace(0, 0.8, 1001)
    )
    assert gammas["area"] == pytest.approx(0.095 / 0.8)
    assert gammas["gray"] is None  # 50 / 0.2 is near 255
    assert "property area    high at 9.5%  # a comment\n" in text


def test_low_ends_where_few_normal_regions_lie() -> None:
    gammas, text = proposals("IF gray is low THEN anomalous\n", gray=np.linspace(100, 220, 1001))
    assert gammas["gray"] == pytest.approx(106 / 0.2)
    assert text == "property gray scale 530\nIF gray is low THEN anomalous\n"


def test_mid_lies_around_the_median() -> None:
    gammas, _ = proposals("IF shape is mid THEN anomalous\n", shape=np.linspace(10, 30, 101))
    assert gammas["shape"] == pytest.approx(20 / 0.5)


def test_not_high_counts_as_low() -> None:
    gammas, _ = proposals("IF NOT shape is high THEN anomalous\n", shape=np.linspace(12, 32, 101))
    assert gammas["shape"] == pytest.approx(13 / 0.6)


def test_a_scale_that_fits_already_stays() -> None:
    text = "property gray scale 500\nIF gray is low THEN anomalous\n"
    gammas, after = proposals(text, gray=np.linspace(100, 200, 1001))
    assert gammas == {"gray": None}
    assert after == text


def test_own_terms_and_properties_without_a_fit_are_described_only() -> None:
    text = "term dark of gray = trapmf(0, 0, 35, 50)\nIF gray is dark AND border is low THEN anomalous\n"
    result = checked(text)
    assert result.program is not None
    found = suggest(result.program, regions(gray=np.linspace(0, 100, 101), border=np.zeros(101)), 0.05)
    assert [s.gamma for s in found] == [None, None]
    assert "`dark` holds fully for 36 % of the normal regions" in " ".join(found[0].reasons)
    assert "give border a term of its own" in " ".join(found[1].reasons)


def test_what_comes_out_is_still_a_rule_file() -> None:
    columns = {
        "area": np.linspace(0, 0.1, 101),
        "gray": np.full(101, 7.0),
        "symmetry": np.linspace(0, 1, 101),
    }
    _, text = proposals(RULES, **columns)
    assert checked(text).program is not None
    assert difference(Change("a.kr", text, text)) == ""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("line") / "data"
    make_demo_line(root, DemoSettings(train_good=8, train_anomalous=5, test_good=1, test_each=1))
    return root


def test_a_gate_stays_as_it_is() -> None:
    text = "IF area is high AND unevenness is low THEN anomalous\n"
    result = checked(text)
    assert result.program is not None
    measured = regions(area=np.linspace(0, 0.4, 101), unevenness=np.linspace(0, 10, 101))
    area, unevenness = suggest(result.program, measured, 0.05)
    assert area.gamma == pytest.approx(0.38 / 0.8)  # never reached: off the scale
    assert unevenness.gamma is None
    assert "for 100 % of the normal regions; it stays" in unevenness.reasons[0]
    assert firings(result.program, measured) == {"L1": 0.0}
    assert firings(with_gammas(result.program, [area, unevenness]), measured)["L1"] > 0


def test_what_was_not_measured_is_said() -> None:
    result = checked(
        "IF residual_peak is high AND area is high THEN anomalous\nIF chroma is high THEN anomalous\n"
    )
    assert result.program is not None
    measured = regions(area=np.linspace(0, 1, 101), chroma=np.zeros(101))
    peak, area, chroma = suggest(result.program, measured, 0.05)
    assert "give --residuals DIR" in peak.reasons[0]
    assert area.gamma is not None  # its rule may fire anywhere
    assert "the images have no colour" in chroma.reasons[0]
    assert firings(result.program, measured) == {"L2": 0.0}


def test_line_ends_and_included_files_are_kept() -> None:
    gammas, text = proposals(
        'product "x"\r\nIF area is high THEN anomalous\r\n', area=np.linspace(0, 0.1, 101)
    )
    assert gammas["area"] is not None
    assert text == 'product "x"\r\nproperty area high at 9.5%\r\nIF area is high THEN anomalous\r\n'


def test_a_gamma_changes_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "base.kr").write_text("property area high at 50%  # large\n")
    (tmp_path / "main.kr").write_text('include "base.kr"\nIF area is high THEN anomalous\n')
    result = check_file(tmp_path / "main.kr", BUILTIN)
    assert result.program is not None
    found = suggest(result.program, regions(area=np.linspace(0, 0.1, 101)), 0.05)
    (change,) = changes(result, found)
    assert Path(change.path) == tmp_path / "base.kr"
    assert change.after == "property area high at 9.5% # large\n"


@pytest.mark.parametrize("tool", [["git", "apply"], ["patch", "-p1", "--quiet"]])
def test_the_diff_applies(
    tool: list[str],
    line: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not shutil.which(tool[0]):
        pytest.skip(f"no {tool[0]} here")
    monkeypatch.chdir(tmp_path)
    rules = tmp_path / "my rules.kr"
    rules.write_text(RULES, encoding="utf-8")
    options = ["suggest", "--data", str(line), "--rules", str(rules), "--quiet"]
    assert main(options) == 0
    out = capsys.readouterr().out
    assert "regions of 8 normal images" in out
    assert "of the normal regions lie below" in out
    assert "# rule L6: fires on 0 % of the normal regions" in out
    assert rules.read_text(encoding="utf-8") == RULES
    assert main([*options, "--write"]) == 0
    written = rules.read_text(encoding="utf-8")
    assert written != RULES
    rules.write_text(RULES, encoding="utf-8")
    subprocess.run(tool, input=out, text=True, check=True, cwd=tmp_path)
    assert rules.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("stands", ["above", "beside", "elsewhere"])
def test_the_command_that_it_names_writes_the_diff_from_anywhere(
    stands: str,
    line: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not shutil.which("patch"):
        pytest.skip("no patch here")
    rules = tmp_path / "a line" / "my rules.kr"
    rules.parent.mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir({"above": tmp_path, "beside": rules.parent, "elsewhere": tmp_path / "other"}[stands])
    rules.write_text(RULES, encoding="utf-8")
    options = ["suggest", "--data", str(line), "--rules", str(rules), "--quiet"]
    assert main(options) == 0
    out = capsys.readouterr().out
    assert main([*options, "--write"]) == 0
    assert "to write this" not in capsys.readouterr().out
    written = rules.read_text(encoding="utf-8")
    assert written != RULES
    rules.write_text(RULES, encoding="utf-8")
    (command,) = re.findall(r"pipe all of this into: (.*)", out)
    subprocess.run(["sh", "-c", command], input=out, text=True, check=True, cwd=rules.parent)
    assert rules.read_text(encoding="utf-8") == written


def test_residuals_are_used_where_given(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    options = ["suggest", "--data", str(line), "--rules", str(root / "rules/mtd.kr"), "--quiet"]
    for path in (line / "train/good").glob("*.png"):
        residual = np.random.default_rng(0).random((128, 128)).astype(np.float32)
        residual[20:40, 30:60] += 3
        np.save(tmp_path / f"{path.stem}.npy", residual)
    assert main([*options, "--residuals", str(tmp_path)]) == 0
    assert "normal regions lie below 3.7%" in capsys.readouterr().out
    (tmp_path / "000.npy").unlink()
    assert main([*options, "--residuals", str(tmp_path)]) == 2
    assert "000.npy: cannot be read" in capsys.readouterr().err


def test_usage_errors(line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "--data", str(line)]) == 2
    assert "no rules.kr in it or beside it" in capsys.readouterr().err
    assert main(["suggest", "--data", str(tmp_path / "none")]) == 2
    assert "none: no such folder" in capsys.readouterr().err
    (tmp_path / "empty.kr").write_text('product "x"\n', encoding="utf-8")
    assert main(["suggest", "--data", str(line), "--rules", str(tmp_path / "empty.kr")]) == 0
    assert "no rule in it, so there is nothing to propose" in capsys.readouterr().err
    (tmp_path / "peak.kr").write_text("IF residual_peak is high THEN anomalous\n", encoding="utf-8")
    assert main(["suggest", "--data", str(line), "--rules", str(tmp_path / "peak.kr")]) == 2
    assert "residual_peak: read off a model's residual; give --residuals DIR" in capsys.readouterr().err
    (tmp_path / "bad.kr").write_text("IF area is huge THEN anomalous\n", encoding="utf-8")
    assert main(["suggest", "--data", str(line), "--rules", str(tmp_path / "bad.kr")]) == 1
    assert "huge" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["suggest", "--data", str(line), "--tail", "60%"])
