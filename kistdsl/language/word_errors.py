"""Mistakes inside a word: characters, quotes, numbers, operators of other languages."""

from __future__ import annotations

import unicodedata

from kistdsl.diagnostics import Diagnostic, Fix, Span
from kistdsl.language import phrase_codes
from kistdsl.language import syntax_codes as codes
from kistdsl.language.mistake import Mistake

_QUOTES = frozenset("“”„‟‘’‚«»‹›'`´″＂")
_LOOKALIKES = {
    "，": ",",
    "．": ".",
    "：": ":",
    "（": "(",
    "）": ")",
    "＝": "=",
    "−": "-",
    "–": "-",
    "—": "-",
    "；": ",",
}


def in_word(m: Mistake) -> Diagnostic | None:
    """A word that is none."""
    kind = m.kind()
    if kind == "UNCLOSED":
        return _unclosed(m)
    if kind == "BAD":
        return _bad_character(m)
    if kind == "BAD_NUMBER":
        return _malformed_number(m)
    return _decimal_comma(m) or _split_percent(m)


def _unclosed(m: Mistake) -> Diagnostic:
    word = m.words[m.at]
    end = (
        word.start + len(word.text.split("#")[0].rstrip())
        if "#" in word.text
        else word.start + len(word.text.rstrip())
    )
    return m.report(
        codes.UNCLOSED_TEXT,
        "this text has no closing quote",
        span=Span(m.source, word.start, max(end, word.start + 1)),
        help='close it with `"` on the same line',
        fix=Fix(Span(m.source, end, end), '"'),
    )


def _bad_character(m: Mistake) -> Diagnostic:
    character = m.text()
    if character in _QUOTES:
        return m.report(
            codes.TYPOGRAPHIC_QUOTE,
            f"texts stand between straight double quotes, not `{character}`",
            help='write `"text"`; a word processor may have changed the quotes',
        )
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    shown = f"`{character}` ({name})" if character.isprintable() and not character.isspace() else name
    help, meant = "delete it", _LOOKALIKES.get(character)
    if meant is not None:
        help = f"write `{meant}`"
    elif character.isspace() or unicodedata.category(character) in ("Cf", "Zs"):
        help, meant = "it looks like a space or like nothing; write a plain space", " "
    fix = m.instead(meant) if meant is not None else None
    return m.report(codes.BAD_CHARACTER, f"the language does not know {shown}", help=help, fix=fix)


def _malformed_number(m: Mistake) -> Diagnostic:
    text = m.text()
    digits = text.rstrip("%").lstrip("+-")
    help = "numbers look like `0.8`, `.5`, `1e-3`, `2%`, `-inf`"
    if digits.count(".") > 1:
        help = "a number has one decimal point and no thousands separator"
    elif digits and digits[0].isdigit() and "NAME" in m.accepts:
        help = "a name begins with a letter"
    elif any(c.isalpha() for c in digits):
        help = "units are not written: each property has its own"
    return m.report(codes.MALFORMED_NUMBER, f"`{text}` is not a number", help=help)


def _decimal_comma(m: Mistake) -> Diagnostic | None:
    """`0,8` where a comma does not fit, or where the second number does not."""
    for first in (-1, -2):
        parts = [m.at + first + i for i in range(3)]
        if parts[0] < m.start or parts[-1] >= m.end:
            continue
        left, comma, right = (m.words[i] for i in parts)
        kinds = (left.kind, comma.kind, right.kind) == ("NUMBER", "COMMA", "NUMBER")
        if kinds and left.end == comma.start and comma.end == right.start and right.text[0].isdigit():
            return m.report(
                codes.DECIMAL_COMMA,
                f"`{left.text},{right.text}` is two numbers: the decimal sign is a point",
                span=Span(m.source, left.start, right.end),
                help=f"write `{left.text}.{right.text}`",
                fix=Fix(Span(m.source, left.start, right.end), f"{left.text}.{right.text}"),
            )
    return None


def _split_percent(m: Mistake) -> Diagnostic | None:
    if m.text() != "%" or m.kind(-1) != "NUMBER":
        return None
    return m.report(
        codes.MALFORMED_NUMBER,
        "the percent sign must touch its number",
        span=m.through(-1),
        help=f"write `{m.text(-1)}%`",
        fix=m.instead(f"{m.text(-1)}%", -1),
    )


def in_operator(m: Mistake) -> Diagnostic | None:
    """A sign that nothing above explained."""
    if m.kind() != "BAD_OPERATOR":
        return None
    touching = m.at > m.start and m.words[m.at - 1].end == m.words[m.at].start
    if m.text() == "-" and m.kind(-1) == "NAME" and touching:
        return m.report(
            phrase_codes.MALFORMED_NAME,
            "a name cannot hold a hyphen",
            span=m.through(-1, 1) if m.kind(1) in ("NAME", "NUMBER") else m.through(-1),
            help=f"write `{m.text(-1)}_{m.text(1)}`" if m.kind(1) == "NAME" else "use `_`",
            fix=m.instead("_"),
        )
    return m.report(codes.BAD_CHARACTER, f"the language does not know `{m.text()}`", help=_meant(m.text()))


def _meant(text: str) -> str:
    meant = {
        "/": "comments begin with `#`",
        "*": "comments begin with `#`",
        ";": "statements end with their line",
    }
    return meant.get(text, "delete it")
