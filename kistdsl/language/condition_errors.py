"""Mistakes between IF and THEN."""

from __future__ import annotations

from collections.abc import Callable

from kistdsl.diagnostics import Diagnostic, Fix, Label, Span
from kistdsl.language import phrase_codes as codes
from kistdsl.language.memberships import STANDARD_TERMS
from kistdsl.language.mistake import END, Mistake
from kistdsl.language.nearest import nearest
from kistdsl.language.tokens import HEDGE_KINDS, HEDGE_WORDS, JOINT_KINDS, STATEMENT_KINDS
from kistdsl.language.wording import enumeration

_STOPS = frozenset({"THEN", "AND", "OR", "RPAR", END})
_FOREIGN = {"&&": "AND", "&": "AND", "||": "OR", "|": "OR", "!": "NOT", "~": "NOT", "+": "OR", "*": "AND"}
_COMPARISONS = frozenset({"<", ">", "==", "!=", "<>", "≥", "≤", "≠", "=<", "->"})
_LIKE_IS = frozenset({"are", "was", "equals", "has", "ist"})
_IS_NOT = frozenset({"isn", "isnt", "aren", "arent"})
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
    if m.kind() == "COMMA" and m.kind(1) == "THEN":
        return m.report(
            codes.FOREIGN_OPERATOR, "no comma stands before THEN", help="delete it", fix=m.without()
        )
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


def _quantity(m: Mistake) -> Diagnostic | None:
    """`area is above 5%`, `area between 0.1 and 0.2`: a word and a number."""
    at = 0 if m.kind() == "NUMBER" else 1 if m.kind() == "NAME" and m.kind(1) == "NUMBER" else None
    if at is None or m.kind(at - 1) != "NAME" or m.text(at - 1) in STANDARD_TERMS:
        return None
    if m.accepts == {"IS"}:
        name: str | None = m.text(-1)
    else:
        name = m.spoken_of() if m.kind(at - 2) == "IS" else None
    if name is None:
        return None
    return m.report(
        codes.COMPARISON,
        "a condition says `is`, it does not compare",
        span=m.through(at - 1, at),
        help=f"rules speak in terms: define `term NAME of {name} = ...` for such values and write `{name} is NAME`",
    )


def _doubled(m: Mistake) -> Diagnostic | None:
    if m.kind() not in JOINT_KINDS or m.kind(-1) not in JOINT_KINDS:
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
    if kind not in _STOPS or not (before in JOINT_KINDS or before in ("IF", "LPAR") or negating):
        return None
    if before == "IF" and kind == "THEN":
        return m.report(
            codes.MISSING_CONDITION, "nothing stands between IF and THEN", span=m.through(-1), help=_EXAMPLE
        )
    if before == "LPAR" and kind == "RPAR":
        return m.report(
            codes.MISSING_CONDITION, "these parentheses are empty", span=m.through(-1), help=_EXAMPLE
        )
    if before in ("IF", "LPAR") and kind in JOINT_KINDS:
        message = f"`{m.text()}` has no condition before it"
        help = f"{_EXAMPLE}, or delete `{m.text()}`"
        return m.report(codes.MISSING_CONDITION, message, help=help, fix=m.without())
    return m.report(
        codes.MISSING_CONDITION,
        f"a condition is missing behind `{m.text(-1)}`",
        span=m.span(-1) if kind == END else None,
        labels=[] if kind == END else [Label(m.span(-1), ""), Label(m.span(), "this is none", primary=True)],
        help=f"{_EXAMPLE}, or delete `{m.text(-1)}`",
        fix=m.without(-1) if before in JOINT_KINDS else None,
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
    if m.kind() == "NOT" and m.kind(-1) in HEDGE_KINDS:
        first = next(i for i in range(-1, -m.at - 1, -1) if m.kind(i - 1) not in HEDGE_KINDS)
        hedges = " ".join(m.text(i) for i in range(first, 0))
        return m.report(
            codes.MISPLACED_HEDGE,
            f"`{m.text()}` belongs before `{hedges}`",
            labels=[Label(m.through(first, -1), "")],
            help=f"write `NOT {hedges} {m.text(1) if m.kind(1) == 'NAME' else 'high'}`",
            fix=m.instead(f"NOT {hedges}", first),
        )
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
        return _alone(m, name)
    if m.text().lower() in _IS_NOT:
        return _contraction(m)
    if m.kind() == "NAME" and m.kind(1) == "IS":
        article = name.lower() in ("the", "a", "an")
        return m.report(
            codes.MALFORMED_NAME,
            "a property's name is one word",
            span=m.through(-1),
            help=f"write `{m.text()}`" if article else f"write `{name}_{m.text()}` if that is its name",
            fix=m.instead(m.text() if article else f"{name}_{m.text()}", -1),
        )
    if m.kind() in ("NAME", "NOT") or m.kind() in HEDGE_KINDS:
        replaced = m.kind(1) == "NAME" and (m.kind(2) in _STOPS or m.text().lower() in _LIKE_IS)
        term = m.text(1) if m.kind() == "NAME" and replaced else _said(m)
        return m.report(
            codes.MISSING_IS,
            f"`is` is missing behind `{name}`",
            span=m.through(-1),
            help=f"write `{name} is {term}`",
            fix=m.instead("is") if term == m.text(1) else m.insert(" is"),
        )
    return None


def _said(m: Mistake) -> str:
    """NOT and hedges from the word that does not fit on, and the term behind them."""
    last = 0
    while m.kind(last) != "NAME" and (m.kind(last + 1) in ("NOT", "NAME") or m.kind(last + 1) in HEDGE_KINDS):
        last += 1
    return " ".join(m.text(i) for i in range(last + 1))


def _alone(m: Mistake, name: str) -> Diagnostic:
    """`gray is low OR mid`, or a property of which nothing is said."""
    spoken_of = m.spoken_of() if m.kind(-2) in JOINT_KINDS else None
    example = f"area is {name}" if name in STANDARD_TERMS else f"{name} is high"
    told = f"write `{example}`, say" if spoken_of is None else f"write `{spoken_of} is {name}`"
    return m.report(
        codes.MISSING_IS,
        f"`{name}` alone says nothing",
        span=m.span(-1),
        help=told if spoken_of is None else f"{told}: each condition names its property",
        fix=None if spoken_of is None else m.instead(f"{spoken_of} is {name}", -1, -1),
    )


def _contraction(m: Mistake) -> Diagnostic:
    """`area isn't high`."""
    last = 2 if m.text(1) in ("'", "’") and m.text(2).lower() == "t" else 0
    said = m.through(0, last)
    return m.report(
        codes.FOREIGN_OPERATOR,
        f"`{said.text}` is written `is NOT` here",
        span=said,
        help=f"write `{m.text(-1)} is NOT {m.text(last + 1) if m.kind(last + 1) == 'NAME' else 'high'}`",
        fix=Fix(said, "is NOT"),
    )


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


def _second_term(m: Mistake) -> Diagnostic | None:
    """`area is rather low`, `area is low mid`, `area is low/mid`."""
    last = 1 if m.text() in ("/", "|", ",") and m.kind(1) == "NAME" else 0
    if m.kind(last) != "NAME" or m.kind(-1) != "NAME" or m.kind(last + 1) not in _STOPS - {END}:
        return None
    first, second, name = m.text(-1), m.text(last), m.spoken_of()
    if name is None or (m.kind(-2) not in ("IS", "NOT") and m.kind(-2) not in HEDGE_KINDS):
        return None
    if last or first in STANDARD_TERMS:
        return m.report(
            codes.MISSING_OPERATOR,
            "one term stands behind `is`",
            span=m.through(0, last),
            help=f"write `{name} is {first} OR {name} is {second}`",
            fix=m.instead(f" OR {name} is {second}", 0, last) if last else m.insert(f" OR {name} is"),
        )
    close = nearest(first.lower(), list(HEDGE_WORDS))
    return m.report(
        codes.UNKNOWN_HEDGE,
        f"`{first}` is no hedge",
        span=m.span(-1),
        labels=[Label(m.span(), "the term would end before this word")],
        help=f"did you mean `{close}`?"
        if close
        else f"hedges are {enumeration([f'`{w}`' for w in HEDGE_WORDS])}; a term is one word: `{first}_{second}`",
        fix=m.instead(close, -1, -1) if close else None,
    )


def _complete(m: Mistake) -> Diagnostic | None:
    """Behind a whole condition."""
    if not m.accepts >= JOINT_KINDS:
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
    _second_term,
    _foreign_operator,
    _comparison,
    _quantity,
    _doubled,
    _missing_operand,
    _missing_term,
    _misplaced_hedge,
    _missing_is,
    _missing_property,
    _parenthesis,
    _complete,
)
