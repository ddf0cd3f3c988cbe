"""The canonical layout: idempotent, comments kept, tree unchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given

from kistdsl.diagnostics import Source
from kistdsl.language import ast
from kistdsl.language.check import check_text
from kistdsl.language.layout import format_source, format_tree
from kistdsl.language.layout import formatted as format_file
from kistdsl.language.parser import parse
from kistdsl.language.sources import decode
from kistdsl.schema import BUILTIN

from .strategies import files, programs, trees

ROOT = Path(__file__).resolve().parents[2]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")


RULE_FILES = [
    path
    for path in sorted(ROOT.rglob("*.kr"))
    if ".venv" not in path.parts and not parse(Source("x.kr", text_of(path))).diagnostics
]
"""Every rule file of the repository but those with syntax errors on purpose."""


def formatted(text: str) -> str:
    source = Source("x.kr", text)
    parsed = parse(source)
    assert not parsed.diagnostics
    return format_source(source, parsed.tree)


def assert_kept(text: str) -> None:
    before = parse(Source("x.kr", text))
    after_text = formatted(text)
    after = parse(Source("x.kr", after_text))
    assert after.tree == before.tree
    assert [c.text for c in after.tree.comments] == [c.text for c in before.tree.comments]
    assert formatted(after_text) == after_text


@given(trees())
def test_a_tree_is_printed_and_read_back(tree: ast.File) -> None:
    parsed = parse(Source("x.kr", format_tree(tree)))
    assert parsed.diagnostics == ()
    assert parsed.tree == tree


@given(files())
def test_formatting_keeps_tree_and_comments_and_is_idempotent(text: str) -> None:
    assert_kept(text)


@given(programs())
def test_generated_programs_have_a_meaning(text: str) -> None:
    checked = check_text(Source("x.kr", text), BUILTIN)
    assert checked.program is not None, [d.message for d in checked.diagnostics]


IDENTITY = (ROOT / "tests" / "golden" / "identity.kr").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", IDENTITY)
def test_a_canonical_line_prints_back_unchanged(line: str) -> None:
    assert formatted(f"{line}\n") == f"{line}\n"


GOLDEN = sorted((ROOT / "tests" / "golden" / "fmt").glob("*.kr"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_layout(path: Path) -> None:
    result = format_file(decode(path.read_bytes(), path.name))
    assert not result.problems
    expected = path.with_suffix(".out")
    if os.environ.get("KISTDSL_BLESS"):
        expected.write_text(result.text, encoding="utf-8", newline="\n")
    assert result.text == expected.read_text(encoding="utf-8")
    assert result.changed


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_rule_file_of_the_repository(path: Path) -> None:
    assert_kept(text_of(path))
