"""Words of a text, whatever it holds: for finding statements and explaining mistakes.

The grammar in `grammars/kr.lark` says what a file is; this tokenizer never fails, and agrees with the
grammar's terminals on text that the grammar accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kistdsl.diagnostics import Source, Span
from kistdsl.language import ast

STATEMENT_WORDS = ("product", "include", "property", "term", "alpha", "class", "norms", "rule", "if", "test")
HEDGE_WORDS = ("very", "extremely", "somewhat", "slightly")
KEYWORDS = (
    *STATEMENT_WORDS,
    *("scale", "at", "doc", "of", "then", "is", "not", "and", "or", "by"),
    *HEDGE_WORDS,
    "inf",
)
"""Words that are no names, in lower case; `high` before `at` is the only other fixed word."""

STATEMENT_KINDS = frozenset(word.upper() for word in STATEMENT_WORDS)
JOINT_KINDS = frozenset({"AND", "OR"})
HEDGE_KINDS = frozenset(word.upper() for word in HEDGE_WORDS)
_KEYWORD_KINDS = {word: word.upper() for word in KEYWORDS}

_OPERATORS = {
    "=>": "ARROW",
    ">=": "AT_LEAST",
    "<=": "AT_MOST",
    "=": "EQUALS",
    ":": "COLON",
    ",": "COMMA",
    "(": "LPAR",
    ")": "RPAR",
}

_TOKEN = re.compile(
    r"""
      (?P<SKIP>[ \t\r\n]+|\#[^\n]*)
    | (?P<STRING>"[^"\n]*")
    | (?P<UNCLOSED>"[^"\n]*)
    | (?P<NUMBER>[+-]?(?:(?i:inf)|(?:\d+(?:\.\d*)?|\.\d+)(?i:e[+-]?\d+)?%?)(?![\w.%]))
    | (?P<WORD>[^\W\d]\w*)
    | (?P<BAD_NUMBER>[+-]?(?:\d|\.\d)[\w.%]*)
    | (?P<OPERATOR>=>|>=|<=|=(?![=<])|[:,()])
    | (?P<BAD_OPERATOR>&&|\|\||==|!=|<>|->|→|=<|≥|≤|≠|[<>&|!/*+;\[\]{}@^~%-])
    | (?P<BAD>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT_OR_COMMENT = re.compile(r'"[^"\n]*"?|#[^\n]*')


@dataclass(frozen=True, slots=True)
class Word:
    """One token: `kind` is a terminal of the grammar, or UNCLOSED, BAD_NUMBER, BAD_OPERATOR, BAD."""

    kind: str
    text: str
    start: int
    end: int
    leads: bool  # the first token of its line
    column: int  # code points before it on its line


def raw_words(text: str, start: int, end: int) -> Iterator[tuple[str, str, int]]:
    """(kind, text, offset) of every token of `text[start:end]`, in order; space and comments are of kind SKIP."""
    for match in _TOKEN.finditer(text, start, end):
        kind, word = match.lastgroup or "BAD", match[0]
        if kind == "WORD":
            kind = _KEYWORD_KINDS.get(word.lower(), "NAME")
        elif kind == "OPERATOR":
            kind = _OPERATORS[word]
        yield kind, word, match.start()


def words_of(source: Source) -> list[Word]:
    """All tokens of `source`, in order; comments and space left out."""
    words: list[Word] = []
    line_start, leads = 0, True
    for kind, text, start in raw_words(source.text, 0, len(source.text)):
        if kind == "SKIP":
            last_end = text.rfind("\n")
            if last_end >= 0:
                line_start, leads = start + last_end + 1, True
            continue
        words.append(Word(kind, text, start, start + len(text), leads, start - line_start))
        leads = False
    return words


def comments_of(source: Source) -> tuple[ast.Comment, ...]:
    """All comments, in order; a `#` inside a text is none."""
    return tuple(
        ast.Comment(Span(source, m.start(), m.start() + len(m[0].rstrip())), m[0].rstrip())
        for m in _TEXT_OR_COMMENT.finditer(source.text)
        if m[0].startswith("#")
    )
