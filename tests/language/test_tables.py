"""The stored parser tables are those of the grammar, and read as the grammar does."""

from __future__ import annotations

import json

import lark
from hypothesis import given, settings

from kistdsl.diagnostics import Source
from kistdsl.language.builder import Builder
from kistdsl.language.tables import _OPTIONS, STORED, _digest, make_parser
from kistdsl.resources import resource

from .strategies import files

GRAMMAR = resource("grammars/kr.lark").read_text(encoding="utf-8")


def test_the_tables_are_up_to_date() -> None:
    tables = json.loads(STORED.read_text(encoding="utf-8"))
    hint = "run python -m kistdsl.language.tables"
    assert tables["grammar"] == _digest(GRAMMAR), hint
    assert tables["lark"] == lark.__version__, hint


_STORED = Builder()
_BUILT = Builder()
_FROM_TABLES = make_parser(_STORED)
_FROM_GRAMMAR = lark.Lark(GRAMMAR, transformer=_BUILT, **_OPTIONS)


@given(files())
@settings(max_examples=50)
def test_both_parsers_build_the_same_tree(text: str) -> None:
    source = Source("x.kr", text)
    _STORED.begin(source, 0)
    _BUILT.begin(source, 0)
    assert _FROM_TABLES.parse(text, start="file") == _FROM_GRAMMAR.parse(text, start="file")
    assert _FROM_TABLES.source_path == "<deserialized>"
