"""What a word means: shown when the pointer rests on it."""

from __future__ import annotations

from dataclasses import dataclass

from kistdsl.diagnostics import Span
from kistdsl.language import ast
from kistdsl.language.definitions import HIGH
from kistdsl.language.format import function as written
from kistdsl.language.functions import membership, signature
from kistdsl.language.memberships import HEDGES, MEMBERSHIPS, STANDARD_TERMS, MembershipFunction
from kistdsl.language.tokens import HEDGE_KINDS
from kistdsl.lsp.document import Document
from kistdsl.lsp.keywords import MEANINGS
from kistdsl.schema import ColumnSpec

_BARS = " ▁▂▃▄▅▆▇█"
_COLUMNS = 48


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown, and the word that it is about."""

    text: str
    span: Span


def hover(document: Document, offset: int) -> Hover | None:
    """The meaning of the word at `offset`; None where there is nothing to say."""
    i = document.word_at(offset)
    if i is None:
        return None
    word = document.words[i]
    span = Span(document.source, word.start, word.end)
    if word.kind in HEDGE_KINDS:
        doc = HEDGES[word.text.lower()].doc
        return Hover(f"**{word.text.lower()}** bends a term: {doc}, where x is the membership", span)
    if word.kind != "NAME":
        meaning = MEANINGS.get(word.text.lower())
        return Hover(f"**{word.text}**: {meaning}", span) if meaning else None
    text = _name(document, i)
    return Hover(text, span) if text else None


def _name(document: Document, i: int) -> str | None:
    words = document.words
    name = words[i].text
    before = words[i - 1].kind if i else ""
    behind = words[i + 1].kind if i + 1 < len(words) else ""
    if name in MEMBERSHIPS and behind == "LPAR":
        kind = MEMBERSHIPS[name]
        return f"`{signature(kind)}`\n\n{kind.doc.split(': ', 1)[-1]}"
    if name in document.schema and before not in ("TERM", "RULE", "CLASS", "BY"):
        return _property(document, document.schema[name])
    column = column_before(document, i)
    if column is not None or before == "TERM":
        return _term(document, name, column if before != "TERM" else _defined_for(document, i))
    if before == "THEN" or name == "anomalous":
        return f"**{name}**: " + (
            "the built-in class" if name == "anomalous" else "a defect class of this file"
        )
    rule = next((s for s in document.statements(ast.Rule) if _named(s, name)), None)
    return f"```kr\n{rule.span.text}\n```" if rule is not None and before in ("BY", "RULE") else None


def _named(statement: ast.Statement, name: str) -> bool:
    return isinstance(statement, ast.Rule) and statement.name is not None and statement.name.text == name


def column_before(document: Document, i: int) -> str | None:
    """The property of `P is [NOT] [hedges] T`, when the word is T."""
    j = i - 1
    while j >= 0 and (document.words[j].kind in HEDGE_KINDS or document.words[j].kind == "NOT"):
        j -= 1
    if j < 1 or document.words[j].kind != "IS":
        return None
    return document.words[j - 1].text


def _defined_for(document: Document, i: int) -> str | None:
    words = document.words
    return words[i + 2].text if i + 2 < len(words) and words[i + 1].kind == "OF" else None


def gamma(document: Document, spec: ColumnSpec) -> float:
    """The file's scale of a property; its default where the file gives none that holds."""
    value = spec.gamma
    for statement in document.statements(ast.Property):
        if isinstance(statement, ast.Property) and statement.name.text == spec.name:
            if statement.scale is not None:
                value = statement.scale.value
            elif statement.high_at is not None:
                value = statement.high_at.value / HIGH
    return value if 0.0 < value < float("inf") else spec.gamma


def _property(document: Document, spec: ColumnSpec) -> str:
    scale = gamma(document, spec)
    formula = f"\n\n`{spec.formula}`" if spec.formula else ""
    return (
        f"**{spec.name}** ({spec.unit}, {spec.low:g} to {spec.high:g}): {spec.doc}{formula}\n\n"
        f"gamma = {scale:g}: low up to {0.2 * scale:g}, high from {HIGH * scale:g} on (standard terms)"
    )


def _term(document: Document, name: str, column: str | None) -> str | None:
    found = [s for s in document.statements(ast.Term) if isinstance(s, ast.Term) and s.name.text == name]
    own = [s for s in found if s.property is not None and s.property.text == column]
    shared = [s for s in found if s.property is None]
    spec = document.schema.get(column) if column is not None else None
    for statements in (own, shared):
        if statements:
            function, _ = membership(statements[-1].function)
            if function is None:
                return None
            of = f" of {column}" if statements is own else ""
            scale = 1.0 if statements is own or spec is None else gamma(document, spec)
            return _shape(f"term {name}{of} = {written(statements[-1].function)}", function, spec, scale)
    if name in STANDARD_TERMS:
        numbers = ", ".join(f"{a:g}" for a in STANDARD_TERMS[name].arguments)
        scale = 1.0 if spec is None else gamma(document, spec)
        return _shape(f"term {name} = trapmf({numbers})  # built in", STANDARD_TERMS[name], spec, scale)
    return None


def _shape(head: str, function: MembershipFunction, spec: ColumnSpec | None, scale: float) -> str:
    """The definition and a drawing over the property's range (over 0 to 1 of the standard scale without one)."""
    low, high = (0.0, 1.0) if spec is None else _drawn(spec, function, scale)
    values = [function.evaluate((low + (high - low) * (i + 0.5) / _COLUMNS) / scale) for i in range(_COLUMNS)]
    drawing = "".join(_BARS[round(value * (len(_BARS) - 1))] for value in values)
    unit = "standard scale" if spec is None else f"{spec.name}, {spec.unit}"
    axis = f"{low:g}".ljust(_COLUMNS - len(f"{high:g}")) + f"{high:g}"
    return f"```kr\n{head}\n```\n```text\n{drawing}\n{axis}\n```\n{unit}"


def _drawn(spec: ColumnSpec, function: MembershipFunction, scale: float) -> tuple[float, float]:
    """The stretch of the range where something happens."""
    kinks = [k * scale for k in function.kink_points()] or [0.0, scale]
    reach = 1.5 * max(abs(k) for k in kinks) or scale
    low = max(spec.low, min(0.0, 1.5 * min(kinks)))
    return low, max(min(spec.high, reach), low + 1e-9)
