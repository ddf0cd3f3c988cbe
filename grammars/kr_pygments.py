"""A Pygments lexer for `.kr` rule files: `pygmentize -x -l grammars/kr_pygments.py:KrLexer rules/mtd.kr`."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace


def _keywords(*listed: str) -> str:
    return rf"(?i:{words(listed).get()})(?!\w)"


__all__ = ["KrLexer"]


class KrLexer(RegexLexer):
    """Fuzzy rules of kistdsl."""

    name = "kistdsl rules"
    aliases: ClassVar[list[str]] = ["kr"]
    filenames: ClassVar[list[str]] = ["*.kr"]
    url = "https://github.com/kistdsl/kistdsl"

    tokens: ClassVar[dict[str, list[tuple[str, object]]]] = {
        "root": [
            (r"[ \t\r\n]+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String.Double),
            (r'"[^"\n]*', Error),
            (r"[+-]?(?:(?i:inf)|(?:\d+(?:\.\d*)?|\.\d+)(?i:e[+-]?\d+)?%?)(?![\w.%])", Number),
            (_keywords("if", "then"), Keyword),
            (_keywords("is", "not", "and", "or"), Operator.Word),
            (
                _keywords(
                    *("product", "include", "property", "term", "alpha", "class", "norms", "rule", "test"),
                    *("scale", "at", "doc", "of", "by"),
                ),
                Keyword.Declaration,
            ),
            (_keywords("very", "extremely", "somewhat", "slightly"), Keyword.Pseudo),
            (r"[^\W\d]\w*(?=[ \t\r\n]*\()", Name.Function),
            (r"[^\W\d]\w*", Name),
            (r"=>|>=|<=|=", Operator),
            (r"[:,()]", Punctuation),
            (r"[+-]?(?:\d|\.\d)[\w.%]*", Error),
        ]
    }
