"""Where a name is defined, and the changes that put problems right."""

from __future__ import annotations

from kistdsl.diagnostics import Diagnostic, Fix, Source, Span
from kistdsl.language import ast
from kistdsl.language.codes import WARNING
from kistdsl.language.ignores import UNUSED_IGNORE
from kistdsl.language.includes import included_path
from kistdsl.lsp.document import Document
from kistdsl.lsp.hover import column_before


def definition(document: Document, offset: int) -> Span | None:
    """The definition of the name at `offset`, in this file or an included one; of an include, its file."""
    i = document.word_at(offset)
    if i is None:
        return None
    word = document.words[i]
    before = document.words[i - 1].kind if i else ""
    if word.kind == "STRING" and before == "INCLUDE":
        return _included(document, word.start)
    if word.kind != "NAME":
        return None
    if before in ("THEN", "ARROW") or (before == "NOT" and i > 1 and document.words[i - 2].kind == "ARROW"):
        return _class(document, word.text)
    if before == "BY":
        return _rule(document, word.text)
    column = column_before(document, i)
    if column is not None:
        return _term(document, word.text, column)
    return _property(document, word.text)


def _included(document: Document, offset: int) -> Span | None:
    for statement in document.statements(ast.Include):
        if isinstance(statement, ast.Include) and statement.span.start <= offset < statement.span.end:
            name = included_path(statement)
            source = next((s for s in document.assembly.sources if s.name == name), Source(name, ""))
            return Span(source, 0, 0)
    return None


def _class(document: Document, name: str) -> Span | None:
    return next(
        (
            s.name.span
            for s in document.statements(ast.Class)
            if isinstance(s, ast.Class) and s.name.text == name
        ),
        None,
    )


def _rule(document: Document, name: str) -> Span | None:
    for statement in document.statements(ast.Rule):
        if isinstance(statement, ast.Rule):
            called = statement.name.text if statement.name is not None else f"L{statement.span.line}"
            if called == name:
                return statement.span if statement.name is None else statement.name.span
    return None


def _term(document: Document, name: str, column: str) -> Span | None:
    found = [s for s in document.statements(ast.Term) if isinstance(s, ast.Term) and s.name.text == name]
    own = [s for s in found if s.property is not None and s.property.text == column]
    shared = [s for s in found if s.property is None]
    chosen = own or shared
    return chosen[-1].name.span if chosen else None


def _property(document: Document, name: str) -> Span | None:
    found = [
        s for s in document.statements(ast.Property) if isinstance(s, ast.Property) and s.name.text == name
    ]
    return found[-1].name.span if found else None


def touching(document: Document, start: int, end: int) -> list[Diagnostic]:
    """The problems of this document that touch [start, end]."""
    return [
        d
        for d in document.checked.diagnostics
        if d.span.source.name == document.source.name and d.span.start <= end and d.span.end >= start
    ]


def silenced(problem: Diagnostic) -> Fix | None:
    """An ignore comment on the line before; None for an error, and for what stands outside of statements."""
    if problem.severity != WARNING or problem.slug == UNUSED_IGNORE.slug or problem.code < "K05":
        return None
    source = problem.span.source
    start = source.line_starts[problem.span.line - 1]
    line = source.text[start:].split("\n", 1)[0]
    indent = line[: len(line) - len(line.lstrip())]
    return Fix(Span(source, start, start), f"{indent}# kr: ignore[{problem.slug}]\n")
