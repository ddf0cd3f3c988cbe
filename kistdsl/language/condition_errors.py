"""Mistakes between IF and THEN, and behind THEN."""

from __future__ import annotations

from collections.abc import Callable

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import phrase_codes as codes
from kistdsl.language.mistake import END, Mistake
from kistdsl.language.spelling import number_value
from kistdsl.language.tokens import HEDGE_KINDS, STATEMENT_KINDS

_JOINTS = frozenset({"AND", "OR"})
_STOPS = frozenset({"THEN", "AND", "OR", "RPAR", END})
_FOREIGN = {"&&": "AND", "&": "AND", "||": "OR", "|": "OR", "!": "NOT", "~": "NOT", "+": "OR", "*": "AND"}
_COMPARISONS = frozenset({"<", ">", "==", "!=", "<>", "≥", "≤", "≠", "=<", "->"})
_EXAMPLE = "write a condition such as `area is high`"


def in_condition(m: Mistake) -> Diagnostic | None:
    """A mistake between IF and THEN."""
    if not m.in_condition:
        return None
    for explanation in _CONDITION:
        found = explanation(m)
        if found is not None:
            return found
    return None


def _foreign_operator(m: Mistake) -> Diagnostic | None:
    word = _FOREIGN.get(m.text())
    if m.kind() == "COMMA" and "THEN" in m.accepts:
        return m.report(
            codes.FOREIGN_OPERATOR,
            "a comma does not join conditions",
            help="write AND or OR",
            fix=m.instead(" AND"),
        )
    if m.kind() != "BAD_OPERATOR" or word is None:
        return None
    return m.report(
        codes.FOREIGN_OPERATOR,
        f"`{m.text()}` is written `{word}` here",
        help=f"write {word}",
        fix=m.instead(f" {word} " if word == "NOT" else word),
    )


def _comparison(m: Mistake) -> Diagnostic | None:
    signs = m.kind() in ("AT_LEAST", "AT_MOST", "EQUALS") or m.text() in _COMPARISONS
    if not signs or m.kind(-1) not in ("NAME", "IS"):
        return None
    offset = -1 if m.kind(-1) == "NAME" else -2
    name = m.text(offset)
    last = 1 if m.kind(1) in ("NUMBER", "NAME") else 0
    if m.kind(1) == "NAME":
        help = f"write `{name} is {m.text(1)}`"
    else:
        below = m.text().startswith(("<", "≤", "=<"))
        word, function = ("small", "zmf") if below else ("large", "smf")
        term = f"term {word} of {name} = {function}(...)"
        help = f"rules speak in terms: define `{term}` around the limit and write `{name} is {word}`"
    return m.report(
        codes.COMPARISON,
        "a condition says `is`, it does not compare",
        span=m.through(offset, last),
        help=help,
    )


def _doubled(m: Mistake) -> Diagnostic | None:
    if m.kind() not in _JOINTS or m.kind(-1) not in _JOINTS:
        return None
    same = m.kind() == m.kind(-1)
    pair = f"{m.text(-1)} {m.text()}"
    return m.report(
        codes.DOUBLED_OPERATOR,
        f"`{pair}`: " + ("one is too many" if same else "only one of the two can stand here"),
        labels=[Label(m.span(-1), "the first one")],
        help=f"delete one `{m.text()}`" if same else "choose AND (both must hold) or OR (one is enough)",
        fix=m.without(),
    )


def _missing_operand(m: Mistake) -> Diagnostic | None:
    before, kind = m.kind(-1), m.kind()
    negating = before == "NOT" and m.kind(-2) != "IS"
    if kind not in _STOPS or not (before in _JOINTS or before in ("IF", "LPAR") or negating):
        return None
    if before == "IF" and kind == "THEN":
        return m.report(
            codes.MISSING_CONDITION, "nothing stands between IF and THEN", span=m.through(-1), help=_EXAMPLE
        )
    if before == "LPAR" and kind == "RPAR":
        return m.report(
            codes.MISSING_CONDITION, "these parentheses are empty", span=m.through(-1), help=_EXAMPLE
        )
    if before in ("IF", "LPAR") and kind in _JOINTS:
        message = f"`{m.text()}` has no condition before it"
        help = f"{_EXAMPLE}, or delete `{m.text()}`"
        return m.report(codes.MISSING_CONDITION, message, help=help, fix=m.without())
    return m.report(
        codes.MISSING_CONDITION,
        f"a condition is missing behind `{m.text(-1)}`",
        span=m.span(-1) if kind == END else None,
        labels=[] if kind == END else [Label(m.span(-1), ""), Label(m.span(), "this is none", primary=True)],
        help=f"{_EXAMPLE}, or delete `{m.text(-1)}`",
        fix=m.without(-1) if before in _JOINTS else None,
    )


def _missing_term(m: Mistake) -> Diagnostic | None:
    """Behind `is`, `is NOT`, or a hedge."""
    first = -1
    while m.kind(first) in HEDGE_KINDS or (m.kind(first) == "NOT" and m.kind(first - 1) == "IS"):
        first -= 1
    if m.kind(first) != "IS" or m.kind(first - 1) != "NAME":
        return None
    name, said = m.text(first - 1), " ".join(m.text(i) for i in range(first - 1, 0))
    if m.kind() in _STOPS:
        message = f"`{said}` what? A term is missing"
        return m.report(
            codes.MISSING_TERM,
            message,
            span=m.through(first - 1, -1),
            help=f"write `{said} low`, `mid`, `high` or a term of your own",
        )
    if m.kind() in ("NUMBER", "BAD_NUMBER"):
        return m.report(
            codes.MISSING_TERM,
            f"`{name}` is compared with a term, not with a number",
            help=f"define `term NAME of {name} = ...` around {m.text()} and write `{name} is NAME`",
        )
    return None


def _misplaced_hedge(m: Mistake) -> Diagnostic | None:
    if m.kind() not in HEDGE_KINDS:
        return None
    if m.kind(-1) == "NAME" and "IS" not in m.accepts:
        return None
    if m.kind(-1) == "NAME" and m.kind(1) == "IS":
        name, rest = m.text(-1), m.text(2) or "high"
    elif "NOT" in m.accepts and m.kind(1) == "NAME":
        name, rest = m.text(1), m.text(3) or "high"
    else:
        return None
    return m.report(
        codes.MISPLACED_HEDGE,
        f"`{m.text()}` belongs before a term",
        help=f"write `{name} is {m.text()} {rest}`",
    )


def _missing_is(m: Mistake) -> Diagnostic | None:
    """Behind a property's name."""
    if m.accepts != {"IS"}:
        return None
    name = m.text(-1)
    if m.kind() in _STOPS or m.kind() in STATEMENT_KINDS:
        return m.report(
            codes.MISSING_IS,
            f"`{name}` alone says nothing",
            span=m.span(-1),
            help=f"write `{name} is high`, say",
        )
    if m.kind() == "NAME" and m.kind(1) == "IS":
        return m.report(
            codes.MALFORMED_NAME,
            "a property's name is one word",
            span=m.through(-1),
            help=f"write `{name}_{m.text()}` if that is its name",
            fix=m.instead(f"{name}_{m.text()}", -1),
        )
    if m.kind() in ("NAME", "NOT") or m.kind() in HEDGE_KINDS:
        term = (
            m.text(1)
            if m.text().lower() in ("are", "was", "equals", "has") and m.kind(1) == "NAME"
            else m.text()
        )
        return m.report(
            codes.MISSING_IS,
            f"`is` is missing behind `{name}`",
            span=m.through(-1),
            help=f"write `{name} is {term}`",
            fix=m.instead("is") if term != m.text() else m.insert(" is"),
        )
    return None


def _missing_property(m: Mistake) -> Diagnostic | None:
    if m.kind() != "IS" or "NOT" not in m.accepts:
        return None
    return m.report(codes.MISSING_CONDITION, "a property is missing before `is`", help=_EXAMPLE)


def _parenthesis(m: Mistake) -> Diagnostic | None:
    depth: list[int] = []
    for i in range(m.lead, m.at):
        if m.words[i].kind == "LPAR":
            depth.append(i)
        elif m.words[i].kind == "RPAR" and depth:
            depth.pop()
    if m.kind() == "RPAR" and not depth:
        return m.report(
            codes.PARENTHESES,
            "this parenthesis closes nothing",
            help="delete it, or open one before",
            fix=m.without(),
        )
    if depth and m.kind() in ("THEN", END) and "RPAR" in m.accepts:
        word = m.words[depth[-1]]
        return m.report(
            codes.PARENTHESES,
            "this parenthesis is never closed",
            span=Span(m.source, word.start, word.end),
            labels=[Label(m.behind, "`)` belongs here at the latest")],
            help="close it with `)`",
            fix=m.insert(")"),
        )
    return None


def _complete(m: Mistake) -> Diagnostic | None:
    """Behind a whole condition."""
    if not m.accepts >= _JOINTS:
        return None
    following = m.kind(1)
    another = m.kind() in ("NAME", "NOT", "LPAR") and following in ("IS", "NAME", "NOT", "LPAR", *HEDGE_KINDS)
    if another and not (m.kind() == "NAME" and following == "LPAR"):
        return m.report(
            codes.MISSING_OPERATOR,
            "two conditions stand side by side",
            span=m.behind,
            labels=[Label(m.span(), "the second one begins here")],
            help="join them with AND (both must hold) or OR (one is enough)",
            fix=m.insert(" AND"),
        )
    if m.kind() in ("NAME", "LPAR", "ARROW", "COLON", "EQUALS", END) or m.text() in ("->", "→"):
        target = m.text() if m.kind() == "NAME" else m.text(1) if m.kind(1) == "NAME" else "anomalous"
        replaced = m.kind() in ("ARROW", "COLON", "EQUALS") or m.text() in ("->", "→")
        before = f" before `{m.text()}`" if m.kind() == "NAME" else ""
        message = f"`{m.text()}` stands where THEN belongs" if replaced else f"THEN is missing{before}"
        return m.report(
            codes.MISSING_THEN,
            message,
            span=m.span() if replaced or before else m.behind,
            help=f"a rule ends in its class: `THEN {target}`",
            fix=m.instead(" THEN")
            if replaced
            else m.insert(" THEN" if m.kind() == "NAME" else f" THEN {target}"),
        )
    return None


_CONDITION: tuple[Callable[[Mistake], Diagnostic | None], ...] = (
    _foreign_operator,
    _comparison,
    _doubled,
    _missing_operand,
    _missing_term,
    _misplaced_hedge,
    _missing_is,
    _missing_property,
    _parenthesis,
    _complete,
)


# --- behind THEN -----------------------------------------------------------------------------


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
    bare = m.kind() == "NUMBER" or m.text().lower() in ("with", "weight", "tv")
    if (
        bare
        or (m.kind() == "EQUALS" and m.kind(1) == "NUMBER")
        or (m.kind() == "COLON" and m.kind(1) == "NUMBER")
    ):
        value = next((m.text(i) for i in range(4) if m.kind(i) == "NUMBER"), "0.8")
        last = next((i for i in range(3, -1, -1) if m.kind(i) == "NUMBER"), 0)
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
    if m.kind() in _JOINTS or m.kind() == "COMMA":
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
    if m.kind(-1) == "LPAR" and m.kind() not in ("NUMBER",):
        return m.report(
            codes.MISSING_NUMBER, "a truth value is missing", help="write a number such as `(0.8)`"
        )
    return None
