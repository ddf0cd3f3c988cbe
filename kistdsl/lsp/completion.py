"""Names that fit at the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kistdsl.language import ast
from kistdsl.language.definitions import ANOMALOUS
from kistdsl.language.functions import signature
from kistdsl.language.memberships import HEDGES, MEMBERSHIPS, STANDARD_TERMS
from kistdsl.language.norms import FAMILIES
from kistdsl.language.tokens import HEDGE_KINDS, STATEMENT_WORDS, Word
from kistdsl.lsp.document import Document
from kistdsl.lsp.keywords import MEANINGS


@dataclass(frozen=True, slots=True)
class Item:
    """One proposal: `kind` is property, term, class, rule, function, norms or keyword."""

    label: str
    kind: str
    detail: str = ""
    insert: str | None = None


def complete(document: Document, offset: int) -> list[Item]:
    """Proposals for the word that ends at `offset`, whatever of it is typed already."""
    text = document.source.text
    if _in_text_or_comment(text, offset):
        return []
    before = [word for word in document.words if word.end < offset or _closed(word, offset)]
    line_start = text.rfind("\n", 0, offset) + 1
    here = [word for word in before if word.start >= line_start]
    return list(_fitting(document, before, here, indented=text[line_start:offset][:1].isspace()))


def _closed(word: Word, offset: int) -> bool:
    """A word that ends right at the cursor and is not being typed."""
    return word.end == offset and not (word.text[-1].isalnum() or word.text[-1] == "_")


def _in_text_or_comment(text: str, offset: int) -> bool:
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    parts = line.split("#")[0].count('"')
    return parts % 2 == 1 or "#" in line


def _fitting(document: Document, before: list[Word], here: list[Word], *, indented: bool) -> Iterator[Item]:
    if not before:
        yield from _statements(document)
        return
    last = before[-1].kind
    if last in _AFTER:
        yield from _AFTER[last](document)
        return
    lead = _lead(before)
    if last in HEDGE_KINDS or last == "IS" or (last == "NOT" and len(before) > 1 and before[-2].kind == "IS"):
        yield from _terms(document, _property_of(before))
        yield from _keywords("NOT") if last == "IS" else ()
        yield from _keywords(*HEDGES)
    elif last in ("IF", "AND", "OR", "NOT") or (last == "LPAR" and lead in ("IF", "RULE")):
        yield from _properties(document)
        yield from _keywords("NOT") if last != "NOT" else ()
    elif last == "EQUALS":
        yield from _functions(document) if lead == "TERM" else ()
    elif last in ("COMMA", "COLON") and lead == "TEST":
        yield from _properties(document)
    elif last == "COLON" and lead == "RULE":
        yield from _keywords("IF")
    elif not here:
        yield from _properties(document) if indented and lead == "TEST" else ()
        yield from _statements(document)
        yield from _keywords("AND", "OR", "THEN") if lead in ("IF", "RULE") else ()
    else:
        yield from _behind_name(document, before, lead)


def _lead(before: list[Word]) -> str:
    """The statement that the cursor is in: the last one that begins a line."""
    for word in reversed(before):
        if word.leads and word.kind.lower() in STATEMENT_WORDS:
            return word.kind
    return before[0].kind


def _behind_name(document: Document, before: list[Word], lead: str) -> Iterator[Item]:
    kinds = [word.kind for word in before]
    last = kinds[-1]
    in_condition = "IF" in kinds and "THEN" not in kinds[len(kinds) - kinds[::-1].index("IF") :]
    if lead in ("IF", "RULE") and in_condition and last == "NAME":
        said = kinds[-2] if len(kinds) > 1 else ""
        term = said in ("IS", *HEDGE_KINDS) or (said == "NOT" and kinds[-3:-2] == ["IS"])
        yield from _keywords("AND", "OR", "THEN") if term else _keywords("is")
    elif lead in ("IF", "RULE") and last == "RPAR" and in_condition:
        yield from _keywords("AND", "OR", "THEN")
    elif lead == "PROPERTY" and last == "NAME" and kinds[-2:-1] == ["PROPERTY"]:
        yield Item("high at", "keyword", MEANINGS["at"])
        yield from _keywords("scale", "doc")
    elif lead == "PROPERTY" and last == "NUMBER":
        yield from _keywords("doc")
    elif lead == "TERM" and last == "NAME" and kinds[-2:-1] == ["TERM"]:
        yield from _keywords("of")
    elif lead == "TEST" and last in ("NAME", "NUMBER") and "ARROW" in kinds:
        yield from _keywords("by")


def _keywords(*words: str) -> Iterator[Item]:
    return (Item(word, "keyword", MEANINGS[word.lower()]) for word in words)


def _statements(document: Document) -> Iterator[Item]:
    return _keywords(*(word if word != "if" else "IF" for word in STATEMENT_WORDS))


def _properties(document: Document) -> Iterator[Item]:
    return (Item(spec.name, "property", f"{spec.unit}: {spec.doc}") for spec in document.schema.values())


def _property_of(before: list[Word]) -> str | None:
    for word, following in zip(reversed(before[:-1]), reversed(before), strict=False):
        if following.kind == "IS":
            return word.text
    return None


def _terms(document: Document, column: str | None) -> Iterator[Item]:
    seen: dict[str, str] = {}
    for statement in document.statements(ast.Term):
        if isinstance(statement, ast.Term):
            own = statement.property is not None and statement.property.text == column
            if own or statement.property is None:
                seen[statement.name.text] = statement.function.span.text
    for name, standard in STANDARD_TERMS.items():
        seen.setdefault(name, f"trapmf({', '.join(f'{a:g}' for a in standard.arguments)}), built in")
    yield from (Item(name, "term", detail) for name, detail in seen.items())


def _classes(document: Document) -> Iterator[Item]:
    yield Item(ANOMALOUS, "class", "the built-in class")
    for statement in document.statements(ast.Class):
        if isinstance(statement, ast.Class):
            yield Item(statement.name.text, "class", "a defect class of this file")


def _expected(document: Document) -> Iterator[Item]:
    yield from _classes(document)
    yield from _keywords("not")


def _rules(document: Document) -> Iterator[Item]:
    for statement in document.statements(ast.Rule):
        if isinstance(statement, ast.Rule):
            name = statement.name.text if statement.name is not None else f"L{statement.span.line}"
            yield Item(name, "rule", statement.span.text.split("\n")[0])


def _functions(document: Document) -> Iterator[Item]:
    for kind in MEMBERSHIPS.values():
        yield Item(
            kind.name, "function", f"{signature(kind)}: {kind.doc.split(': ', 1)[-1]}", f"{kind.name}("
        )


def _norms(document: Document) -> Iterator[Item]:
    return (
        Item(name, "norms", f"AND: {family.both_text}, OR: {family.either_text}")
        for name, family in FAMILIES.items()
    )


def _at(document: Document) -> Iterator[Item]:
    return iter(())


_AFTER: dict[str, Callable[[Document], Iterator[Item]]] = {
    "PROPERTY": _properties,
    "OF": _properties,
    "THEN": _classes,
    "ARROW": _expected,
    "BY": _rules,
    "NORMS": _norms,
    **dict.fromkeys(
        ("RULE", "TERM", "CLASS", "PRODUCT", "INCLUDE", "ALPHA", "TEST", "SCALE", "AT", "DOC"), _at
    ),
}
