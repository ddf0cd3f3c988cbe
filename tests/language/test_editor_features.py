"""Hover, completion, definition and positions without the protocol: no place in any text raises."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kistdsl.diagnostics import Source
from kistdsl.language.check import check_text
from kistdsl.language.sources import decode
from kistdsl.language.tokens import KEYWORDS
from kistdsl.lsp.completion import complete
from kistdsl.lsp.document import Document, to_offset, to_position
from kistdsl.lsp.hover import hover
from kistdsl.lsp.keywords import MEANINGS
from kistdsl.lsp.navigation import definition, silenced, touching
from kistdsl.schema import BUILTIN

from .fuzz import corpus, soup
from .strategies import programs


def document(text: str) -> Document:
    return Document(Source("x.kr", text), BUILTIN, lambda name: decode(b"", name))


def labels(text: str) -> list[str]:
    """What is proposed at the `|` in `text`."""
    place = text.index("|")
    return [item.label for item in complete(document(text.replace("|", "")), place)]


def everywhere(text: str) -> None:
    doc = document(text)
    for offset in range(len(text) + 1):
        hover(doc, offset)
        complete(doc, offset)
        definition(doc, offset)
    for problem in touching(doc, 0, len(text)):
        silenced(problem)


@given(programs(rules=2))
@settings(max_examples=25)
def test_good_files(text: str) -> None:
    everywhere(text)


def test_odd_files() -> None:
    rng, texts = random.Random(3), corpus()
    for _ in range(40):
        everywhere(soup(rng))
        everywhere(rng.choice(texts)[:300])


@given(st.text(st.sampled_from("aä😀\n\r\t€𝄞"), max_size=30), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_positions_go_there_and_back(text: str, encoding: str) -> None:
    source = Source("x.kr", text)
    for offset in range(len(text) + 1):
        line, character = to_position(source, offset, encoding)
        back = to_offset(source, (line, character), encoding)
        assert back == min(offset, source.line_starts[line] + len(source.line(line + 1)))


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("|", ["rule", "IF", "term"], ["area"]),
        ("IF |", ["area", "gray", "NOT"], ["rule", "low"]),
        ("IF ar|", ["area"], ["high"]),
        ("IF area |", ["is"], ["area"]),
        ("IF area is |", ["low", "high", "very", "NOT"], ["area"]),
        ("IF area is very |", ["low", "very"], ["gray", "NOT"]),
        ("IF area is NOT |", ["low", "very"], ["gray", "NOT"]),
        ("term own of gray = zmf(1, 2)\nIF gray is |", ["own", "low"], []),
        ("term own of gray = zmf(1, 2)\nIF area is |", ["low"], ["own"]),
        ("IF area is high |", ["AND", "OR", "THEN"], ["is"]),
        ("IF area is high AND (|", ["gray"], ["THEN"]),
        ("class crack\nIF area is high THEN |", ["anomalous", "crack"], ["area"]),
        ("term x = |", ["trapmf", "points"], ["low"]),
        ("term x of |", ["gray"], ["low"]),
        ("property |", ["gray"], ["rule"]),
        ("property gray |", ["scale", "high at", "doc"], ["gray"]),
        ("norms |", ["product"], ["gray"]),
        ('rule r: IF area is high THEN anomalous\ntest "t":\n  |', ["area"], ["low"]),
        (
            'rule r: IF area is high THEN anomalous\ntest "t":\n  area = 1 => |',
            ["anomalous", "not"],
            ["area"],
        ),
        ('rule r: IF area is high THEN anomalous\ntest "t":\n  area = 1 => anomalous by |', ["r"], ["area"]),
        ("rule r: |", ["IF"], ["area"]),
        ("# IF |", [], ["area"]),
        ('product "IF |', [], ["area"]),
    ],
)
def test_what_fits_is_proposed(text: str, some: list[str], none: list[str]) -> None:
    found = labels(text)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_every_keyword_has_a_meaning() -> None:
    assert set(MEANINGS) == set(KEYWORDS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IF |area is high THEN anomalous", ["share of the image", "gamma = 1"]),
        ("property area high at 2%\nIF |area is high THEN anomalous", ["gamma = 0.025", "high from 0.02"]),
        ("IF area is |high THEN anomalous", ["trapmf(0.6, 0.8, inf, inf)", "built in"]),
        ("term dark of gray = |zmf(30, 60)", ["zmf(a, b)"]),
        ("IF gray is |very low THEN anomalous", ["x * x"]),
        ("|norms product", ["AND and OR"]),
        (
            'rule r: IF area is high THEN anomalous\ntest "t":\n area = 1 => anomalous by |r',
            ["rule r: IF area"],
        ),
    ],
)
def test_hover(text: str, words: list[str]) -> None:
    place = text.index("|")
    found = hover(document(text.replace("|", "")), place)
    assert found is not None
    assert all(word in found.text for word in words), found.text


WARNED = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*/*.kr"))


@pytest.mark.parametrize("path", WARNED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_warning_is_silenced_where_it_stands(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace")
    source = Source(str(path), text)
    before = check_text(source, BUILTIN).diagnostics
    for problem in before:
        change = silenced(problem) if problem.span.source is source else None
        if change is None:
            assert problem.severity == "error" or problem.code < "K05" or problem.code == "K901"
            continue
        changed = text[: change.span.start] + change.text + text[change.span.end :]
        after = check_text(Source(str(path), changed), BUILTIN).diagnostics
        if any(d.severity == "error" for d in before):
            continue  # the checks did not run: nothing to see
        gone = [d for d in before if d.slug == problem.slug and d.span.line == problem.span.line]
        assert len(after) == len(before) - len(gone), problem
