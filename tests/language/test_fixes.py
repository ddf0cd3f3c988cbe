"""A fix, applied, puts right the problem that it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from kistdsl.diagnostics import Diagnostic, Source
from kistdsl.language.check import check_loaded
from kistdsl.language.sources import Loaded, decode
from kistdsl.schema import BUILTIN

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FILES = sorted(p for room in ("syntax", "names", "numbers", "checks") for p in (GOLDEN / room).glob("*.kr"))


def reports(text: str) -> tuple[Diagnostic, ...]:
    return check_loaded(Loaded(Source("x.kr", text)), BUILTIN).diagnostics


FIXED = []
for path in FILES:
    before = check_loaded(decode(path.read_bytes(), "x.kr"), BUILTIN, loader=lambda name: decode(b"", name))
    FIXED += [
        (path.stem, d) for d in before.diagnostics if d.fix is not None and d.span.source.name == "x.kr"
    ]


@pytest.mark.parametrize(("name", "problem"), FIXED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(FIXED)])
def test_a_fix_puts_its_problem_right(name: str, problem: Diagnostic) -> None:
    assert problem.fix is not None
    text, span = problem.span.source.text, problem.fix.span
    after = reports(text[: span.start] + problem.fix.text + text[span.end :])
    line = problem.span.line
    same = [d for d in after if d.code == problem.code and d.span.line == line]
    left = [d for d in same if d.span.start <= problem.span.end]  # a second mistake may stand further on
    assert not left, left
    assert problem.fix.title


def test_many_problems_have_a_fix() -> None:
    assert len(FIXED) > 50
