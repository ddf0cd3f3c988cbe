"""Whole rendered reports, compared with the files under `tests/golden`.

`KISTDSL_BLESS=1 pytest tests/language/test_golden.py` writes the `.out` files anew: read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kistdsl.diagnostics.render import render
from kistdsl.language.check import check_file
from kistdsl.schema import BUILTIN

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ROOMS = ("syntax", "names", "numbers", "checks")
FILES = sorted(path for room in ROOMS for path in (GOLDEN / room).glob("*.kr"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_report(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    checked = check_file(path.name, BUILTIN)
    out = "\n".join(render(d) for d in checked.diagnostics)
    expected = path.with_suffix(".out")
    if os.environ.get("KISTDSL_BLESS"):
        expected.write_text(out, encoding="utf-8", newline="\n")
    assert out == expected.read_text(encoding="utf-8")
    assert out


def test_there_are_many() -> None:
    assert len(FILES) >= 80


def test_eight_mistakes_are_eight_reports() -> None:
    reports = (GOLDEN / "names" / "eight_mistakes.out").read_text(encoding="utf-8").split("\n\n")
    codes = [report.split("[")[1][:4] for report in reports]
    assert codes == ["K004", "K024", "K023", "K103", "K201", "K101", "K003", "K205"]
