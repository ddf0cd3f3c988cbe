"""What to say about a statement that cannot be read: the first explanation that fits.

Explanations are ordered from the particular to the general: characters and numbers, then what belongs in
the statement at hand, then names that are keywords, and at last what the grammar would accept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import phrase_codes as codes
from kistdsl.language import syntax_codes
from kistdsl.language.case_errors import in_case
from kistdsl.language.condition_errors import in_condition
from kistdsl.language.mistake import END, Mistake
from kistdsl.language.nearest import nearest
from kistdsl.language.statement_errors import in_definition, in_rule_head, in_setting
from kistdsl.language.target_errors import in_target
from kistdsl.language.tokens import KEYWORDS, STATEMENT_WORDS
from kistdsl.language.word_errors import in_operator, in_word

Explanation: TypeAlias = Callable[[Mistake], Diagnostic | None]

_KEYWORD_KINDS = frozenset(word.upper() for word in KEYWORDS)
_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a text in quotes ("...")',
    "EQUALS": "`=`",
    "ARROW": "`=>`",
    "AT_LEAST": "`>=`",
    "AT_MOST": "`<=`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "IS": "`is`",
    "AT": "`at`",
    "OF": "`of`",
    "BY": "`by`",
    "DOC": "`doc`",
    "SCALE": "`scale`",
    "HIGH": "`high at`",
}
_SHOWN = 6


def explain(mistake: Mistake) -> Diagnostic:
    """The report of one mistake."""
    for explanation in _EXPLANATIONS:
        found = explanation(mistake)
        if found is not None:
            return found
    return _unexpected(mistake)


def _keyword_as_name(m: Mistake) -> Diagnostic | None:
    if "NAME" not in m.accepts or m.kind() not in _KEYWORD_KINDS or "$END" in m.accepts:
        return None
    return m.report(
        codes.KEYWORD_AS_NAME,
        f"`{m.text()}` is a keyword and cannot be a name",
        help=f"choose a longer word, such as `my_{m.text().lower()}`",
    )


def _unexpected(m: Mistake) -> Diagnostic:
    if m.ends:
        return m.report(syntax_codes.UNEXPECTED, "this statement stops too early", help=_expected(m))
    if "$END" in m.accepts:
        return m.report(
            syntax_codes.UNEXPECTED,
            f"the statement is complete before `{_shown(m)}`",
            help="write one statement a line; `#` begins a comment",
        )
    return m.report(syntax_codes.UNEXPECTED, f"`{_shown(m)}` cannot stand here", help=_expected(m))


def _shown(m: Mistake) -> str:
    text = m.text()
    return text if len(text) <= 24 else f"{text[:23]}…"


def _expected(m: Mistake) -> str | None:
    words = sorted({_WORDS.get(kind, f"`{kind}`") for kind in m.accepts if kind != "$END"})
    if not words or len(words) > _SHOWN:
        return None
    return f"expected {' or '.join([', '.join(words[:-1]), words[-1]] if len(words) > 1 else words)}"


_EXPLANATIONS: tuple[Explanation, ...] = (
    in_word,
    in_condition,
    in_target,
    in_rule_head,
    in_definition,
    in_setting,
    in_case,
    in_operator,
    _keyword_as_name,
)


# --- what is no statement at all -------------------------------------------------------------


def unknown_statement(mistake: Mistake) -> Diagnostic:
    """`rul blob: ...`, or a line of prose."""
    m = Mistake(mistake.source, mistake.words, mistake.start, mistake.start, mistake.end, mistake.accepts)
    if m.kind() in ("UNCLOSED", "BAD"):
        found = in_word(m)
        if found is not None:
            return found
    known = [*STATEMENT_WORDS, "IF"]
    close = nearest(m.text(), known) if m.kind() == "NAME" else None
    close = "include" if m.text().lower() in ("import", "use", "require") and m.kind(1) == "STRING" else close
    if close is not None:
        help = f"did you mean `{'IF' if close == 'if' else close}`?"
    elif m.kind() == "NAME" and m.kind(1) in ("IS", "NAME"):
        help = "a rule begins with `IF`; a comment begins with `#`"
    elif m.kind() == "NAME" and m.kind(1) == "EQUALS":
        help = "a fuzzy set begins with `term`; values belong in an indented case of a `test`"
    elif m.text() in ("/", "*", ";"):
        help = "a comment begins with `#`"
    elif m.kind() in ("THEN", "AND", "OR"):
        help = "the rule that this belongs to is already complete, or begins without `IF`"
    else:
        help = f"a statement begins with {', '.join(f'`{w}`' for w in STATEMENT_WORDS if w != 'if')} or `IF`"
    fix = None if close is None else m.instead("IF" if close == "if" else close)
    shown = f"`{_shown(m)}` begins no statement" if m.kind() != END else "a statement is missing"
    return m.report(codes.UNKNOWN_STATEMENT, shown, help=help, fix=fix)
