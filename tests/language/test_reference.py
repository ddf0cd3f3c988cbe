"""docs/language.md: every example is run, and its tables are those of the declarations.

`KISTDSL_BLESS=1 pytest tests/language/test_reference.py` writes the tables anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from kistdsl.diagnostics import Source
from kistdsl.language.catalog import CATALOG
from kistdsl.language.check import check_text
from kistdsl.language.layout import format_source
from kistdsl.language.memberships import HEDGES, MEMBERSHIPS
from kistdsl.language.norms import FAMILIES
from kistdsl.language.parser import parse
from kistdsl.language.sources import Loaded, decode
from kistdsl.language.tokens import KEYWORDS, STATEMENT_WORDS
from kistdsl.schema import BUILTIN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```kr[^\n]*\n(.*?)```", TEXT, re.DOTALL)


def included(name: str) -> Loaded:
    return decode(b"term dark of gray = zmf(30, 60)\n", name)


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example(text: str) -> None:
    source = Source("example.kr", text)
    checked = check_text(source, BUILTIN, loader=included)
    assert checked.program is not None, [d.message for d in checked.diagnostics]
    failing = [d.message for d in checked.diagnostics if d.code.startswith("K5")]
    assert not failing
    again = parse(Source("example.kr", format_source(source, parse(source).tree)))
    assert again.tree == parse(source).tree


def test_every_word_of_the_language_is_shown() -> None:
    shown = {word.lower() for example in EXAMPLES for word in re.findall(r"\w+", example)}
    assert set(MEMBERSHIPS) | set(HEDGES) | set(STATEMENT_WORDS) <= shown
    assert set(KEYWORDS) - {"inf"} <= shown


def diagnostics_table() -> str:
    rows = [f"| {c.code} | `{c.slug}` | {c.severity} | {c.title} |" for c in CATALOG]
    return "\n".join(["| code | slug | severity | what |", "|---|---|---|---|", *rows])


def properties_table() -> str:
    rows = [
        f"| `{c.name}` | {c.unit} | {c.low:g} .. {c.high:g} | {c.gamma:g} | {c.doc} |"
        for c in BUILTIN.values()
    ]
    return "\n".join(["| name | unit | range | gamma | meaning |", "|---|---|---|---|---|", *rows])


def norms_table() -> str:
    rows = [f"| `{name}` | {n.both_text} | {n.either_text} |" for name, n in FAMILIES.items()]
    return "\n".join(["| norms | a AND b | a OR b |", "|---|---|---|", *rows])


@pytest.mark.parametrize(
    ("mark", "table"),
    [("norms", norms_table()), ("diagnostics", diagnostics_table()), ("properties", properties_table())],
)
def test_tables_are_generated(mark: str, table: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(f"<!-- {mark} -->\n", 1)
    inside, behind = rest.split("<!-- end -->", 1)
    if os.environ.get("KISTDSL_BLESS"):
        PAGE.write_text(f"{before}<!-- {mark} -->\n{table}\n<!-- end -->{behind}", encoding="utf-8")
        inside = f"{table}\n"
    assert inside == f"{table}\n"
