"""The TextMate grammar and the Pygments lexer see the words that the parser sees."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
from hypothesis import given

from kistdsl.diagnostics import Source
from kistdsl.language.builder import Builder
from kistdsl.language.tokens import KEYWORDS, Word, comments_of, words_of

from .lark_reader import parser
from .strategies import files

pytest.importorskip("pygments")

GRAMMARS = Path(__file__).resolve().parents[2] / "grammars"
RULES = sorted((GRAMMARS.parent / "rules").glob("*.kr"))

CONTROL = {"IF": "control", "THEN": "control"}
WORDS = dict.fromkeys(("IS", "NOT", "AND", "OR"), "word")
HEDGES = dict.fromkeys(("VERY", "EXTREMELY", "SOMEWHAT", "SLIGHTLY"), "hedge")
SIGNS = {
    **dict.fromkeys(("ARROW", "AT_LEAST", "AT_MOST", "EQUALS"), "operator"),
    **dict.fromkeys(("COLON", "COMMA", "LPAR", "RPAR"), "punctuation"),
}


def expected(text: str) -> list[tuple[int, str, str]]:
    """(start, text, category) of every word and comment, by the parser's own account."""
    source = Source("x.kr", text)
    found = [(w.start, w.text, category(w)) for w in words_of(source)]
    found += [(c.span.start, c.text, "comment") for c in comments_of(source)]
    return sorted(found)


def category(word: Word) -> str:
    known = {**CONTROL, **WORDS, **HEDGES, **SIGNS, "NAME": "name", "NUMBER": "number", "STRING": "string"}
    return known.get(word.kind, "statement")


TEXTMATE = {
    "comment.line.number-sign.kr": "comment",
    "string.quoted.double.kr": "string",
    "constant.numeric.kr": "number",
    "keyword.control.kr": "control",
    "keyword.operator.word.kr": "word",
    "keyword.other.statement.kr": "statement",
    "storage.modifier.hedge.kr": "hedge",
    "entity.name.function.kr": "name",
    "variable.other.kr": "name",
    "keyword.operator.kr": "operator",
    "punctuation.separator.kr": "punctuation",
}


def textmate(text: str) -> list[tuple[int, str, str]]:
    """As an editor applies a grammar of plain matches: line by line, the earliest match, the first on a tie."""
    grammar = json.loads((GRAMMARS / "kr.tmLanguage.json").read_text(encoding="utf-8"))
    patterns = [(p["name"], re.compile(p["match"])) for p in grammar["patterns"]]
    found, base = [], 0
    for line in text.split("\n"):
        at = 0
        while True:
            hits = [
                (m.start(), i, m) for i, (_, p) in enumerate(patterns) if (m := p.search(line, at)) and m[0]
            ]
            if not hits:
                break
            _, i, match = min(hits, key=lambda h: h[:2])
            shown = match[0].rstrip() if i == 0 else match[0]
            found.append((base + match.start(), shown, TEXTMATE.get(patterns[i][0], "error")))
            at = match.end()
        base += len(line) + 1
    return found


def pygmented(text: str) -> list[tuple[int, str, str]]:
    from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

    spec = importlib.util.spec_from_file_location("kr_pygments", GRAMMARS / "kr_pygments.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = {
        Comment.Single: "comment",
        String.Double: "string",
        Number: "number",
        Keyword: "control",
        Operator.Word: "word",
        Keyword.Declaration: "statement",
        Keyword.Pseudo: "hedge",
        Name.Function: "name",
        Name: "name",
        Operator: "operator",
        Punctuation: "punctuation",
    }
    lexer = module.KrLexer()
    return [
        (at, value.rstrip() if kind is Comment.Single else value, names.get(kind, "error"))
        for at, kind, value in lexer.get_tokens_unprocessed(text)
        if kind is not Whitespace
    ]


@given(files())
def test_generated_files(text: str) -> None:
    assert textmate(text) == expected(text)
    assert pygmented(text) == expected(text)


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.name)
def test_shipped_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert textmate(text) == expected(text)
    assert pygmented(text) == expected(text)


def test_keywords_are_those_of_the_grammar() -> None:
    lark, _ = parser()
    plain = {t.name: t.pattern.value for t in lark.terminals}
    fixed = {value.removesuffix(r"(?!\w)") for value in plain.values() if value.endswith(r"(?!\w)")}
    fixed = {word for word in fixed if word.isalpha()}
    assert fixed - {"high"} == set(KEYWORDS) - {"inf"}
    excluded = re.search(r"\(\?i:([a-z|]+)\)", plain["NAME"])
    assert excluded is not None
    assert set(excluded[1].split("|")) == set(KEYWORDS)


@given(files())
def test_the_tokenizer_agrees_with_the_grammar(text: str) -> None:
    lark, calls = parser()
    calls.builder = Builder(Source("x.kr", text))
    seen = [(t.start_pos, str(t)) for t in lark.parse_interactive(text, start="file").iter_parse()]
    assert seen == [(w.start, w.text) for w in words_of(Source("x.kr", text))]


def test_the_editor_folder_packages_the_grammar() -> None:
    folder = GRAMMARS / "vscode"
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    [grammar] = package["contributes"]["grammars"]
    assert (folder / grammar["path"]).read_bytes() == (GRAMMARS / "kr.tmLanguage.json").read_bytes()
    [language] = package["contributes"]["languages"]
    assert language["extensions"] == [".kr"]
    assert (folder / language["configuration"]).exists()
    assert (folder / package["main"]).exists()
