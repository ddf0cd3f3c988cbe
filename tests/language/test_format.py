"""The canonical layout: idempotent, comments kept, tree unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from kistdsl.diagnostics import Source
from kistdsl.language import ast
from kistdsl.language.check import check_text
from kistdsl.language.layout import format_source, format_tree
from kistdsl.language.parser import parse
from kistdsl.schema import BUILTIN

from .strategies import files, programs, trees

ROOT = Path(__file__).resolve().parents[2]
RULE_FILES = sorted(p for p in ROOT.rglob("*.kr") if ".venv" not in p.parts)


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


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_rule_file_of_the_repository(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
    if parse(Source("x.kr", text)).diagnostics:
        pytest.skip("a file with syntax errors on purpose")
    assert_kept(text)
