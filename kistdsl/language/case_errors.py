"""Mistakes in the cases of a test: `area = 4%, gray = 30 => anomalous >= 0.9 by stain`."""

from __future__ import annotations

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import phrase_codes as codes
from kistdsl.language.mistake import END, Mistake
from kistdsl.language.statement_errors import lead_of, number
from kistdsl.language.tokens import STATEMENT_KINDS

_COMPARING = frozenset({"<", ">", "==", "!=", "<>", "≥", "≤", "≠", "=<"})
_ARROWS = ("->", "→", ">", "<")


def in_case(m: Mistake) -> Diagnostic | None:
    """`area = 4%, gray = 30 => anomalous >= 0.9 by stain`."""
    lead = lead_of(m)
    if lead in STATEMENT_KINDS and lead != "TEST":
        return None
    begin = max((i for i in range(m.lead, m.at) if m.words[i].leads), default=m.lead)
    arrow = any(m.words[i].kind == "ARROW" for i in range(begin, m.at))
    return _in_expectation(m) if arrow else _in_values(m)


def _in_values(m: Mistake) -> Diagnostic | None:
    before = m.kind(-1)
    if before == "EQUALS" and m.kind() != "BAD_NUMBER":
        return number(m, "`=`", "write a value in the property's own unit, such as `4%` or `30`")
    if before == "NAME" and m.kind() == "ARROW":
        name = m.text(-1)
        return m.report(
            codes.MISSING_VALUES,
            f"`{name}` has no value",
            span=m.span(-1),
            help=f"write `{name} = 4% => ...`; leave a property out if it may have any value",
        )
    if before == "NAME" and ("EQUALS" in m.accepts or m.text() in _COMPARING):
        return _without_equals(m)
    if before == "NUMBER":
        return _without_comma(m) or _without_arrow(m)
    if m.kind() == "ARROW" and m.at == m.start:
        return m.report(
            codes.MISSING_VALUES, "a case gives at least one value", help="write `area = 4% => ...`"
        )
    if before == "COMMA":
        return m.report(
            codes.MISSING_VALUES,
            "a value is missing behind the comma",
            span=m.span(-1),
            help="write `gray = 30`, or delete the comma",
        )
    return None


def _without_equals(m: Mistake) -> Diagnostic:
    """Behind a property's name stands something else than `=`."""
    compared = m.kind() in ("AT_LEAST", "AT_MOST") or m.text() in _COMPARING
    replaced = compared or m.kind() in ("IS", "COLON")
    value = next((m.text(i) for i in range(2) if m.kind(i) == "NUMBER"), "30")
    return m.report(
        codes.CASE_COMPARISON if compared else codes.MISSING_EQUALS,
        "a case gives values, it does not compare" if compared else f"`=` is missing behind `{m.text(-1)}`",
        span=m.span() if replaced else m.behind,
        help=f"write `{m.text(-1)} = {value}`; leave a property out if it may have any value",
        fix=m.instead("=") if replaced else m.insert(" ="),
    )


def _without_comma(m: Mistake) -> Diagnostic | None:
    """Behind a value stands the next property, or `AND` or another sign before it."""
    message = "a comma is missing between two values"
    if m.kind() == "NAME" and m.kind(1) == "EQUALS":
        return m.report(codes.MISSING_COMMA, message, span=m.behind, help="write `,`", fix=m.insert(","))
    if m.kind(1) != "NAME" or m.kind(2) != "EQUALS":
        return None
    if m.kind() == "AND" or m.text() in (";", "&", "&&"):
        message = "values are separated by commas"
        return m.report(codes.MISSING_COMMA, message, help="write `,`", fix=m.instead(","))
    return None


def _without_arrow(m: Mistake) -> Diagnostic:
    """Behind the values stands something else than `=>`."""
    signs = m.kind() in ("THEN", "COLON", "EQUALS", "AT_LEAST", "AT_MOST") or m.text() in _ARROWS
    behind = " => anomalous" if m.ends or m.kind() != "NAME" else " =>"
    return m.report(
        codes.MISSING_ARROW,
        f"`{m.text()}` stands where `=>` belongs"
        if signs
        else "a case says what must come out: `=>` is missing",
        span=m.span() if signs else m.behind,
        help="write `... => anomalous`, `=> not anomalous` or `=> anomalous >= 0.9`",
        fix=m.instead("=>") if signs else m.insert(behind),
    )


def _in_expectation(m: Mistake) -> Diagnostic | None:
    before = m.kind(-1)
    if before in ("ARROW", "NOT") and (
        m.ends or m.kind() in ("NUMBER", "STRING", "LPAR", "ARROW", "AT_LEAST", "AT_MOST")
    ):
        help = "write `=> anomalous`, `=> not anomalous` or `=> anomalous >= 0.9`"
        return m.report(
            codes.MISSING_CLASS, f"a class is missing behind `{m.text(-1)}`", span=m.behind, help=help
        )
    if before in ("AT_LEAST", "AT_MOST"):
        return number(m, f"`{m.text(-1)}`", "write a grade between 0 and 1")
    if m.kind() == "COMMA" and m.kind(1) == "BY":
        return m.report(codes.NEEDLESS_SIGN, "no comma stands before `by`", help="delete it", fix=m.without())
    if before == "BY" and (m.kind() == "STRING" or (m.kind() == "RULE" and m.kind(1) == "NAME")):
        name = m.text().strip('"') if m.kind() == "STRING" else m.text(1)
        message = "the name of a rule stands behind `by`, " + (
            "a word without quotes" if m.kind() == "STRING" else "nothing else"
        )
        return m.report(codes.MISSING_NAME, message, help=f"write `by {name}`")
    if before == "BY":
        help = "write `by RULE`; an unnamed rule is called by its line, `L12`"
        return m.report(
            codes.MISSING_NAME, "the name of a rule is missing behind `by`", span=m.behind, help=help
        )
    if before != "NAME" or m.kind() == END:
        return None
    if m.kind() in ("AND", "OR"):
        return m.report(codes.ONE_CLASS, "a case expects one class", help="write one case for each class")
    negated = m.kind(-2) == "NOT"
    if negated and m.kind() in ("AT_LEAST", "AT_MOST"):
        help = f"write `{m.text(-1)} <= 0.5` for a grade that must stay below one"
        return m.report(codes.CASE_COMPARISON, "`not` and a comparison cannot stand together", help=help)
    words = m.kind() in ("AT", "NAME") and "NUMBER" in (m.kind(1), m.kind(2))
    if words or m.kind() in ("EQUALS", "NUMBER", "IS", "LPAR") or m.text() in _COMPARING:
        help = f"write `{m.text(-1)} >= 0.9` or `{m.text(-1)} <= 0.5`"
        fix = None if words else m.instead("<=" if m.text() in ("<", "≤", "=<") else ">=")
        return m.report(codes.CASE_COMPARISON, "a grade is compared with `>=` or `<=`", help=help, fix=fix)
    return None
