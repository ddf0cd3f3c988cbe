"""The parser reads what Lark reads, and stops where Lark stops; its stored tables are those of the grammar."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from kistdsl.diagnostics import Source
from kistdsl.language import ast, tables
from kistdsl.language.lalr import Failure, Piece, parse_piece
from kistdsl.language.tokens import Word, words_of

from . import lark_reader
from .fuzz import corpus, made
from .strategies import files

HINT = "run python -m kistdsl.language.tables"


def test_the_tables_are_up_to_date() -> None:
    assert json.loads(tables.STORED.read_text(encoding="utf-8")) == tables.made(lark_reader.GRAMMAR), HINT


@pytest.mark.parametrize("stored", ["", "{}", '{"grammar": "of another day"}', "[", None])
def test_tables_that_do_not_fit_are_made_anew(
    stored: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = tables.load()
    other = tmp_path / "tables.json"
    if stored is not None:
        other.write_text(stored, encoding="utf-8")
    monkeypatch.setattr(tables, "STORED", other)
    assert tables.load() == expected


def agree(text: str, symbol: str) -> bool:
    """Whether both read the text to its end, with the same trees; they must not differ."""
    source = Source("x.kr", text)
    ours, larks = parse_piece(source, 0, len(text), symbol), lark_reader.read(text, symbol)
    if isinstance(larks, Piece):
        assert isinstance(ours, Piece)
        assert ours.nodes == larks.nodes
        assert [list(places(node)) for node in ours.nodes] == [list(places(node)) for node in larks.nodes]
        assert [(p.code, p.message) for p in ours.problems] == [(p.code, p.message) for p in larks.problems]
        return True
    assert isinstance(ours, Failure)
    words = words_of(source)
    at = stop(words, ours.offset)
    assert at == stop(words, larks.offset)
    if at == len(words) or words[at].text not in ("==", "=<", "=>"):  # one word to us; Lark takes its `=`
        assert ours.accepts == larks.accepts
    return False


def places(node: object) -> Iterator[tuple[str, int, int]]:
    """Kind and place of each node, top down."""
    if isinstance(node, ast.Node):
        yield type(node).__name__, node.span.start, node.span.end
        for field in dataclasses.fields(node):
            yield from places(getattr(node, field.name))
    elif isinstance(node, tuple):
        for part in node:
            yield from places(part)


def stop(words: list[Word], offset: int) -> int:
    """The word at or behind an offset."""
    return next((i for i, word in enumerate(words) if word.end > offset), len(words))


@given(files())
@settings(max_examples=150)
def test_generated_files(text: str) -> None:
    assert agree(text, "file")


def test_files_with_mistakes() -> None:
    rng, texts, whole, broken = random.Random(3), corpus(), 0, 0
    for _ in range(1500):
        text = made(rng, texts).decode("utf-8", errors="replace")
        if agree(text, "file"):
            whole += 1
        else:
            broken += 1
        for line in text.splitlines()[:3]:
            agree(line, "case")
    assert whole > 50
    assert broken > 500


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "property x high at 3",
        "property x HIGH AT 3",
        "property high high at high",
        "property x higher",
        "term high of high = zmf(0, 1)",
        "property x high",
        "norms product",
        "norms high",
        "norms product product",
        "alpha inf",
        "alpha +inf",
        "alpha infinite",
        "alpha 1.",
        "alpha 1..",
        "term a =< b",
        "area = 1 => a",
        "x ==> y",
        'product "a" "b"',
        'product "a',
        "IF a is very very not b THEN c",
        "IF a is b THEN c (0.8) IF",
        "\ufeffalpha 1",
    ],
)
def test_corners(text: str) -> None:
    agree(text, "file")
    agree(text, "case")
