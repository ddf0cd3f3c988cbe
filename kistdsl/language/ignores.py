"""`# kr: ignore[slug] reason`: a warning silenced on one line, and said when there was none."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Fix, Source, Span
from kistdsl.language import ast
from kistdsl.language.codes import WARNING, Code
from kistdsl.language.nearest import nearest

_IGNORE = re.compile(r"#\s*kr:\s*ignore\s*\[([^\]]*)\]")
_DIRECTIVE = re.compile(r"#\s*kr:\s*ignore\b", re.IGNORECASE)
_SLUG = re.compile(r"[^\s,]+")

UNUSED_IGNORE = Code(
    code="K901",
    slug="unused-ignore",
    title="an ignore comment that silences nothing",
    severity=WARNING,
    explanation="""
`# kr: ignore[slug] reason` silences the warnings of that kind on its line (alone on a line: on the next
statement). This one has nothing to silence: the cause is gone, or the slug is misspelt or missing. An error cannot be
silenced, since the file has no meaning until it is put right.
""",
    bad="IF area is high THEN anomalous  # kr: ignore[duplicate-class]\n",
    good="IF area is high THEN anomalous\n",
)


@dataclass(frozen=True, slots=True)
class _Ignore:
    source: Source
    slug: str
    span: Span
    lines: range


def apply_ignores(
    diagnostics: Sequence[Diagnostic],
    comments: Iterable[ast.Comment],
    statements: Iterable[ast.Statement],
    slugs: Iterable[str],
    unjudged: Iterable[str] = (),
) -> list[Diagnostic]:
    """`diagnostics` without the silenced ones, and one more for each ignore that silenced nothing.

    `slugs` are all that there are; nothing is said about those in `unjudged`, which were not looked for.
    """
    ignores = _ignores(comments, statements)
    if not ignores:
        return list(diagnostics)
    by_line: dict[tuple[int, int], list[int]] = {}
    for i, ignore in enumerate(ignores):
        for line in ignore.lines:
            by_line.setdefault((id(ignore.source), line), []).append(i)
    kept, used = [], set()
    for problem in diagnostics:
        near = by_line.get((id(problem.span.source), problem.span.line), [])
        named = [i for i in near if ignores[i].slug in (problem.slug, problem.code)]
        if named and problem.severity == WARNING:
            used.update(named)
        else:
            kept.append(problem)
    known, silent = list(slugs), set(unjudged)
    unused = [
        _unused(ignore, known)
        for i, ignore in enumerate(ignores)
        if i not in used and ignore.slug not in silent
    ]
    return kept + unused


def _unused(ignore: _Ignore, slugs: list[str]) -> Diagnostic:
    if not ignore.slug:
        return UNUSED_IGNORE.at(
            ignore.span,
            "this comment names no diagnostic to ignore",
            help="write `# kr: ignore[slug] reason`",
        )
    if ignore.slug in slugs:
        return UNUSED_IGNORE.at(
            ignore.span, f"there is no `{ignore.slug}` here to ignore", help="remove this comment"
        )
    close = nearest(ignore.slug, slugs)
    return UNUSED_IGNORE.at(
        ignore.span,
        f"no diagnostic is called `{ignore.slug}`",
        help="`kistdsl rule` lists all slugs" if close is None else f"did you mean `{close}`?",
        fix=None if close is None else Fix(ignore.span, close),
    )


def _ignores(comments: Iterable[ast.Comment], statements: Iterable[ast.Statement]) -> list[_Ignore]:
    marked = [c for c in comments if _DIRECTIVE.search(c.text)]
    if not marked:
        return []
    units = _units(statements)
    found = []
    for comment in marked:
        source, match = comment.span.source, _IGNORE.search(comment.text)
        slugs = list(_SLUG.finditer(match[1])) if match is not None else []
        if match is None or not slugs:
            found.append(_Ignore(source, "", comment.span, range(0)))
            continue
        start = comment.span.start + match.start(1)
        lines = _lines(comment, units)
        for slug in slugs:
            span = Span(source, start + slug.start(), start + slug.end())
            found.append(_Ignore(source, slug[0], span, lines))
    return found


def _units(statements: Iterable[ast.Statement]) -> dict[int, list[tuple[int, int]]]:
    """By source, (first line, last line) of every statement in order, a test split into head and cases."""
    nodes: list[Span] = []
    for statement in statements:
        if isinstance(statement, ast.Test):
            source, start = statement.span.source, statement.span.start
            nodes.append(Span(source, start, start + 1))
            nodes.extend(case.span for case in statement.cases)
        else:
            nodes.append(statement.span)
    units: dict[int, list[tuple[int, int]]] = {}
    for span in nodes:
        last = span.source.position(max(span.start, span.end - 1))[0]
        units.setdefault(id(span.source), []).append((span.line, last))
    return {source: sorted(lines) for source, lines in units.items()}


def _lines(comment: ast.Comment, units: dict[int, list[tuple[int, int]]]) -> range:
    """The lines that a comment speaks for: of the statement it stands in or behind, or of the next one."""
    source, line = comment.span.source, comment.span.line
    own = units.get(id(source), [])
    i = bisect_right(own, (line, sys.maxsize))
    if i and own[i - 1][0] <= line <= own[i - 1][1]:
        return range(own[i - 1][0], own[i - 1][1] + 1)
    alone = not source.text[source.line_starts[line - 1] : comment.span.start].strip()
    return range(line, own[i][1] + 1) if alone and i < len(own) else range(line, line + 1)
