"""Mistakes do not disturb each other: any eight files with one each, put together, give their eight reports."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kistdsl.diagnostics import Source
from kistdsl.language.parser import parse

FILES = (Path(__file__).resolve().parents[1] / "golden" / "syntax").glob("*.kr")
BYTES = {"latin1", "utf16", "byte_order_mark", "old_mac_line_ends"}
OPEN_ENDED = {"missing_class", "missing_then"}
"""`IF ... THEN` at the end of a file: a word on the next line may well be the class that is missing."""

TEXTS = {p.stem: p.read_text(encoding="utf-8") for p in FILES if p.stem not in BYTES | OPEN_ENDED}


def codes(text: str) -> list[str]:
    return [d.code for d in parse(Source("x.kr", text)).diagnostics]


ALONE = {name: codes(text) for name, text in TEXTS.items()}


@pytest.mark.parametrize("seed", range(400))
def test_eight_files_together(seed: int) -> None:
    names = random.Random(seed).sample(sorted(TEXTS), 8)
    together = codes("".join(TEXTS[name] for name in names))
    assert together == [code for name in names for code in ALONE[name]], names


@pytest.mark.parametrize(
    "text",
    [
        'rule a "dark: IF gray is low THEN anomalous\nIF area low THEN anomalous\n',
        'rule a "dark:\n  IF area low THEN anomalous\n',
    ],
    ids=["a rule on one line", "a rule on two lines"],
)
def test_an_unclosed_text_does_not_hide_what_the_next_line_says(text: str) -> None:
    assert codes(text) == ["K004", "K026"]
