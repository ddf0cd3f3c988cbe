"""Mistakes outside of conditions: names, definitions, settings."""

from __future__ import annotations

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import phrase_codes as codes
from kistdsl.language.codes import Code
from kistdsl.language.mistake import Mistake
from kistdsl.language.norms import FAMILIES
from kistdsl.language.syntax_codes import UNEXPECTED
from kistdsl.language.wording import enumeration

_WHAT = {
    "RULE": ("a rule", "rule stain: IF ..."),
    "TERM": ("a term", "term dark of gray = zmf(30, 60)"),
    "PROPERTY": ("a property", "property gray scale 255"),
    "CLASS": ("a class", "class crack"),
}


def lead_of(m: Mistake) -> str:
    """Kind of the word that begins the statement."""
    return m.words[m.lead].kind


def _missing_name(m: Mistake) -> Diagnostic | None:
    lead = lead_of(m)
    if m.at != m.lead + 1 or lead not in _WHAT:
        return None
    what, example = _WHAT[lead]
    unnamed = m.kind() in ("COLON", "STRING", "EQUALS", "NUMBER", "LPAR")
    if not (m.ends or unnamed or (lead == "RULE" and m.kind() == "IF" and m.kind(1) != "COLON")):
        return None
    quoted = m.kind() == "STRING"
    message = f"the name of {what} is a word without quotes" if quoted else f"the name of {what} is missing"
    return m.report(codes.MISSING_NAME, message, span=m.behind if m.ends else None, help=f"write `{example}`")


def _two_words(m: Mistake, what: str) -> Diagnostic | None:
    if m.kind() != "NAME" or m.kind(-1) != "NAME" or m.at != m.lead + 2:
        return None
    return m.report(
        codes.MALFORMED_NAME,
        f"the name of {what} is one word",
        span=m.through(-1),
        help=f"write `{m.text(-1)}_{m.text()}`",
        fix=m.instead(f"{m.text(-1)}_{m.text()}", -1),
    )


def in_rule_head(m: Mistake) -> Diagnostic | None:
    """`rule NAME "text": IF`."""
    if lead_of(m) != "RULE" or m.in_condition or m.behind_then:
        return None
    found = _missing_name(m) or _two_words(m, "a rule")
    if found is not None:
        return found
    if (
        m.kind(-1) in ("NAME", "STRING")
        and "COLON" in m.accepts
        and (m.ends or m.kind() in ("IF", "EQUALS", "STRING"))
    ):
        return m.report(
            codes.MISSING_COLON,
            "a colon is missing behind the rule's name",
            span=m.behind,
            help="write `rule NAME: IF ...`",
            fix=m.insert(":"),
        )
    if m.kind(-1) == "COLON":
        return m.report(
            codes.MISSING_IF,
            "the rule's condition begins with IF",
            span=m.behind,
            help="write `IF` behind the colon",
            fix=m.insert(" IF"),
        )
    return None


def in_definition(m: Mistake) -> Diagnostic | None:
    """`term`, `property`, `class`."""
    lead = lead_of(m)
    if lead not in ("TERM", "PROPERTY", "CLASS"):
        return None
    found = _missing_name(m)
    if found is not None:
        return found
    if lead == "TERM":
        return _in_term(m)
    if lead == "PROPERTY":
        return _in_property(m)
    if m.kind() == "COMMA":
        return m.report(
            codes.ONE_CLASS, "one class is declared at a time", help="write one `class` line for each"
        )
    return _two_words(m, "a class")


# --- terms -----------------------------------------------------------------------------------


def _in_term(m: Mistake) -> Diagnostic | None:
    if "EQUALS" in m.accepts and m.kind(-1) == "NAME":
        if m.text().lower() in ("for", "in", "on", "from") and m.kind(1) == "NAME":
            return m.report(
                UNEXPECTED,
                f"`{m.text()}` stands where `of` belongs",
                help=f"write `term {m.text(-1)} of {m.text(1)} = ...`",
                fix=m.instead("of"),
            )
        if m.kind() == "NAME" and m.kind(1) != "LPAR":
            return _two_words(m, "a term")
        replaced = m.kind() in ("COLON", "IS", "ARROW") or m.text() in ("==", "=<")
        return m.report(
            codes.MISSING_EQUALS,
            f"`{m.text()}` stands where `=` belongs"
            if replaced
            else "`=` is missing before the membership function",
            span=m.span() if replaced else m.behind,
            help="write `term NAME = trapmf(...)` or `term NAME of PROPERTY = trapmf(...)`",
            fix=m.instead(" =" if m.kind() == "COLON" else "=") if replaced else m.insert(" ="),
        )
    if m.kind(-1) == "EQUALS" or (m.kind(-1) == "NAME" and m.kind(-2) == "EQUALS"):
        return m.report(
            codes.MISSING_FUNCTION,
            "a term is made by a membership function",
            span=m.span(-1) if m.kind(-1) == "NAME" else m.behind if m.ends else None,
            help="write `trapmf(a, b, c, d)`, `trimf(a, b, c)`, `gaussmf(mean, sigma)` ...",
        )
    if m.kind(-1) == "OF":
        help = "write `term NAME of gray = ...`"
        return m.report(
            codes.MISSING_NAME, "a property's name is missing behind `of`", span=m.behind, help=help
        )
    return _in_arguments(m)


def _in_arguments(m: Mistake) -> Diagnostic | None:
    if not any(m.words[i].kind == "LPAR" for i in range(m.lead, m.at)):
        return None
    if m.ends and ("RPAR" in m.accepts or m.kind(-1) == "COMMA"):
        opening = next(i for i in range(m.lead, m.at) if m.words[i].kind == "LPAR")
        word = m.words[opening]
        return m.report(
            codes.PARENTHESES,
            "this parenthesis is never closed",
            span=Span(m.source, word.start, word.end),
            labels=[Label(m.behind, "`)` belongs here")],
            help="close it with `)`",
            fix=m.insert(")"),
        )
    if m.kind(-1) in ("NUMBER", "RPAR") and m.text() == ";":
        return m.report(
            codes.MISSING_COMMA, "numbers are separated by commas", help="write `,`", fix=m.instead(",")
        )
    if m.kind(-1) == "NUMBER" and m.kind() in ("NUMBER", "LPAR"):
        return m.report(
            codes.MISSING_COMMA,
            "a comma is missing between two numbers",
            span=m.behind,
            help="write `,`",
            fix=m.insert(","),
        )
    if m.kind(-1) == "RPAR" and m.kind() == "LPAR":
        return m.report(
            codes.MISSING_COMMA,
            "a comma is missing between two points",
            span=m.behind,
            help="write `,`",
            fix=m.insert(","),
        )
    if m.kind(-1) in ("COMMA", "LPAR") and "NUMBER" in m.accepts:
        message = (
            "a number is missing here" if m.kind() in ("COMMA", "RPAR") else f"`{m.text()}` is not a number"
        )
        return m.report(
            codes.MISSING_NUMBER, message, help="the corners of a fuzzy set are numbers, `inf` or `-inf`"
        )
    return None


# --- properties ------------------------------------------------------------------------------


def _in_property(m: Mistake) -> Diagnostic | None:
    if m.at == m.lead + 2 and m.kind() in ("NUMBER", "EQUALS", "COLON", "AT", "NAME", "IS"):
        value = next((m.text(i) for i in range(4) if m.kind(i) == "NUMBER"), "30")
        name = m.text(-1)
        if m.kind() == "NAME" and m.kind(1) not in ("AT", "NUMBER"):
            return _two_words(m, "a property")
        return m.report(
            codes.MISSING_SCALE,
            "a number alone does not say how it scales the property",
            help=f"write `property {name} scale {value}` (gamma) or `property {name} high at {value}`",
        )
    if m.kind(-1) == "NAME" and m.text(-1).lower() == "high" and m.kind() != "AT":
        return m.report(
            codes.MISSING_SCALE,
            "`at` is missing behind `high`",
            span=m.behind,
            help=f"write `high at {m.text() if m.kind() == 'NUMBER' else '30'}`",
            fix=m.insert(" at") if m.kind() == "NUMBER" else None,
        )
    if m.kind(-1) == "NUMBER" and (m.kind() == "SCALE" or m.text().lower() == "high"):
        return m.report(
            UNEXPECTED, "a property has one scale, `scale` or `high at`", help="delete one of the two"
        )
    if m.kind(-1) in ("SCALE", "AT"):
        return number(m, f"`{m.text(-1)}`", "write a number such as `255` or `2%`")
    if m.kind(-1) == "DOC":
        return _text(m, f'write `doc "{_rest_of_line(m) or "what it is"}"`')
    return None


# --- settings --------------------------------------------------------------------------------


def number(m: Mistake, behind: str, help: str) -> Diagnostic:
    if m.kind() in ("EQUALS", "COLON"):
        return m.report(
            codes.NEEDLESS_SIGN, f"no `{m.text()}` stands behind {behind}", help="delete it", fix=m.without()
        )
    return m.report(
        codes.MISSING_NUMBER,
        f"a number is missing behind {behind}",
        span=m.behind if m.ends else None,
        help=help,
    )


def _text(m: Mistake, help: str) -> Diagnostic:
    code: Code = codes.MISSING_TEXT
    words = _rest_of_line(m)
    if words:
        start = m.span().start
        end = start + len(words.rstrip(" :"))
        text = f'"{words.rstrip(" :")}"'
        fix = Fix(Span(m.source, start, end), text) if m.source.text[start:end] == text[1:-1] else None
        return m.report(code, "a text in double quotes belongs here", help=help, fix=fix)
    return m.report(
        code, "a text in double quotes belongs here", span=m.behind if m.ends else None, help=help
    )


def _rest_of_line(m: Mistake) -> str:
    """What stands from the unfit word to the end of its line, comments left out."""
    if m.ends:
        return ""
    last = m.at
    while last + 1 < m.end and not m.words[last + 1].leads:
        last += 1
    return m.source.text[m.words[m.at].start : m.words[last].end].replace('"', "")


def in_setting(m: Mistake) -> Diagnostic | None:
    """`alpha`, `norms`, `product`, `include`, and the first line of a test."""
    lead, before = lead_of(m), m.kind(-1)
    if lead == "ALPHA" and before == "ALPHA":
        return number(m, "`alpha`", "write `alpha 0.8`")
    if lead == "NORMS" and before == "NORMS":
        if m.kind() in ("EQUALS", "COLON"):
            return m.report(
                codes.NEEDLESS_SIGN,
                f"no `{m.text()}` stands behind `norms`",
                help="delete it",
                fix=m.without(),
            )
        help = f"write {enumeration([f'`norms {name}`' for name in FAMILIES], 'or')}"
        if m.kind() == "STRING":
            message = "the name of the norms is a word without quotes"
            fix = m.instead(m.text().strip('"'))
            return m.report(codes.MISSING_NAME, message, help=help, fix=fix)
        return m.report(codes.MISSING_NAME, "the name of the norms is missing", span=m.behind, help=help)
    if lead in ("PRODUCT", "INCLUDE") and before == lead:
        if m.kind() in ("EQUALS", "COLON"):
            return m.report(
                codes.NEEDLESS_SIGN,
                f"no `{m.text()}` stands behind `{lead.lower()}`",
                help="delete it",
                fix=m.without(),
            )
        return _text(m, f'write `{lead.lower()} "{_rest_of_line(m) or "..."}"`')
    if lead == "TEST" and before == "TEST":
        return _text(m, f'write `test "{_rest_of_line(m).rstrip(" :") or "what it shows"}":`')
    if lead == "TEST" and before == "STRING":
        help = 'write `test "...":` and the cases indented below'
        return m.report(
            codes.MISSING_COLON, "a colon is missing behind the test's text", span=m.behind, help=help
        )
    return None
