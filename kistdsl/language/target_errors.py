"""Mistakes behind THEN: the class and the truth value."""

from __future__ import annotations

from kistdsl.diagnostics import Diagnostic, Fix
from kistdsl.language import phrase_codes as codes
from kistdsl.language.mistake import Mistake
from kistdsl.language.spelling import number_value
from kistdsl.language.tokens import HEDGE_KINDS, JOINT_KINDS


def in_target(m: Mistake) -> Diagnostic | None:
    """A mistake in the class or the truth value."""
    if not m.behind_then:
        return None
    if m.kind(-1) == "THEN":
        return _missing_class(m)
    if m.kind(-1) == "LPAR" or (m.kind(-1) == "NUMBER" and "RPAR" in m.accepts):
        return _truth_value(m)
    if m.kind(-1) != "NAME":
        return None
    bare = m.kind() == "NUMBER" or m.text().lower() in ("with", "weight", "tv", "[", "{")
    if (
        bare
        or (m.kind() == "EQUALS" and m.kind(1) == "NUMBER")
        or (m.kind() == "COLON" and m.kind(1) == "NUMBER")
    ):
        value = next((m.text(i) for i in range(4) if m.kind(i) == "NUMBER"), "0.8")
        last = next((i for i in range(3, -1, -1) if m.kind(i) == "NUMBER"), 0)
        last += m.text(last + 1) in ("]", "}")
        value = value if 0.0 < number_value(value) <= 1.0 else "1"
        return m.report(
            codes.BARE_TRUTH_VALUE,
            "the truth value stands in parentheses behind the class",
            span=m.through(0, last),
            help=f"write `THEN {m.text(-1)} ({value})`",
            fix=Fix(m.through(0, last), f"({value})"),
        )
    if m.kind() == "IS":
        return m.report(
            codes.MISSING_CLASS,
            "a rule ends in a class, not in another condition",
            span=m.through(-1, 1 if m.kind(1) == "NAME" else 0),
            help="write `THEN anomalous` or a class of your own",
        )
    if m.text().lower() in ("else", "otherwise"):
        return m.report(
            codes.NO_ELSE, "a rule has no ELSE", help="write a second rule with the opposite condition"
        )
    if m.kind() in JOINT_KINDS or m.kind() == "COMMA":
        return m.report(codes.ONE_CLASS, "a rule votes for one class", help="write one rule for each class")
    return None


def _missing_class(m: Mistake) -> Diagnostic | None:
    if m.kind() in HEDGE_KINDS or m.kind() == "NOT":
        return m.report(
            codes.MISSING_CLASS,
            f"a rule can only vote for a class, `{m.text()}` has no meaning here",
            help="write `THEN anomalous`; a region that no rule votes for is normal",
        )
    if m.ends or m.kind() in ("LPAR", "NUMBER", "STRING"):
        return m.report(
            codes.MISSING_CLASS,
            "a class is missing behind THEN",
            span=m.behind if m.ends else None,
            help="write `THEN anomalous`, or a class declared with `class NAME`",
        )
    return None


def _truth_value(m: Mistake) -> Diagnostic | None:
    if m.kind(-1) == "NUMBER" and (m.ends or m.words[m.at].leads):
        return m.report(
            codes.PARENTHESES,
            "the parenthesis of the truth value is never closed",
            span=m.behind,
            help="close it with `)`",
            fix=m.insert(")"),
        )
    if m.kind(-1) == "LPAR" and m.kind() != "NUMBER":
        value = next((m.text(i) for i in range(1, 3) if m.kind(i) == "NUMBER"), "0.8")
        return m.report(
            codes.MISSING_NUMBER,
            "a truth value is missing",
            help=f"write a number alone, such as `({value})`",
        )
    return None
