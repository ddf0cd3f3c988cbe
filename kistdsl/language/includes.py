"""A file and all that it includes, as one run of statements."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from kistdsl.diagnostics import Diagnostic, InputError, Label, Source, Span
from kistdsl.language import ast
from kistdsl.language import name_codes as codes
from kistdsl.language.parser import Parsed, parse
from kistdsl.language.sources import Loaded, Loader, text_problems, without_mark

MAX_INCLUDE_DEPTH = 64


@dataclass(slots=True)
class Assembly:
    """Everything read for one rule file.

    Attributes:
        main: the parsed main file.
        sources: the main file's text first, then the included ones in the order met.
        statements: all statements, an `include` replaced by the other file's.
        comments: of all files.
        problems: syntax, text and include problems of all files.
        broken: (kind, name) that unreadable statements would define.
        complete: False when an include could not be read, so that unknown names prove nothing.
    """

    main: Parsed
    sources: list[Source] = field(default_factory=list)
    statements: list[ast.Statement] = field(default_factory=list)
    comments: list[ast.Comment] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    complete: bool = True


def assemble(loaded: Loaded, loader: Loader) -> Assembly:
    """Parse the file and what it includes; every file is read once, however often it is included."""
    collector = _Collector(loader)
    return collector.start(loaded)


@dataclass(frozen=True, slots=True)
class _Open:
    """A file on the way from the main file to the one being read."""

    key: str
    include: ast.Include | None


class _Collector:
    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._seen: set[str] = set()
        self._assembly: Assembly

    def start(self, loaded: Loaded) -> Assembly:
        source, marked = without_mark(loaded.source)
        parsed = parse(source)
        self._assembly = Assembly(parsed)
        self._file(source, marked, loaded, parsed, [_Open(_key(source.name), None)])
        return self._assembly

    def _file(self, source: Source, marked: bool, loaded: Loaded, parsed: Parsed, path: list[_Open]) -> None:
        assembly = self._assembly
        self._seen.add(path[-1].key)
        assembly.sources.append(source)
        assembly.comments.extend(parsed.tree.comments)
        assembly.problems.extend(_on(source, loaded.problems))
        assembly.problems.extend(text_problems(source, marked=marked))
        # A byte that is not UTF-8 was reported as such: the character that stands for it is not said again.
        assembly.problems.extend(
            p for p in parsed.diagnostics if not (loaded.problems and p.span.text == "\ufffd")
        )
        assembly.broken |= parsed.broken
        for statement in parsed.tree.statements:
            assembly.statements.append(statement)
            if isinstance(statement, ast.Include):
                self._include(statement, path)

    def _include(self, include: ast.Include, path: list[_Open]) -> None:
        name = included_path(include)
        key = _key(name)
        if any(place.key == key for place in path):
            self._problem(_cycle(include, key, path))
            return
        if key in self._seen:
            return
        if len(path) > MAX_INCLUDE_DEPTH:
            self._problem(
                codes.INCLUDE_CYCLE.at(
                    include.span, f"files include each other more than {MAX_INCLUDE_DEPTH} deep"
                )
            )
            return
        try:
            loaded = self._loader(name)
        except InputError as error:
            self._problem(codes.INCLUDE_MISSING.at(include.span, str(error), help=_where(include)))
            return
        source, marked = without_mark(loaded.source)
        self._file(source, marked, loaded, parse(source), [*path, _Open(key, include)])

    def _problem(self, problem: Diagnostic) -> None:
        self._assembly.problems.append(problem)
        self._assembly.complete = False


def included_path(include: ast.Include) -> str:
    """The path that an include names, seen from the working folder; both slashes separate folders."""
    folder = os.path.dirname(include.span.source.name)
    return os.path.normpath(os.path.join(folder, include.path.replace("\\", "/")))


def _key(name: str) -> str:
    return os.path.abspath(name)


def _on(source: Source, problems: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """Problems of the bytes, moved onto the text without its mark."""
    shift = 0 if not problems else len(problems[0].span.source.text) - len(source.text)
    return [
        Diagnostic(
            p.code,
            p.slug,
            p.severity,
            p.message,
            Span(source, max(0, p.span.start - shift), max(0, p.span.end - shift)),
            p.labels,
            p.help,
        )
        for p in problems
    ]


def _cycle(include: ast.Include, key: str, path: list[_Open]) -> Diagnostic:
    first = next(i for i, place in enumerate(path) if place.key == key)
    names = [os.path.basename(place.key) for place in path[first:]]
    chain = " -> ".join([*names, names[0]])
    itself = len(names) == 1
    labels = [
        Label(place.include.span, f"`{os.path.basename(place.key)}` is included here")
        for place in path[first + 1 :]
        if place.include is not None
    ]
    return codes.INCLUDE_CYCLE.at(
        include.span,
        "this file includes itself" if itself else f"these files include each other in a circle: {chain}",
        labels=labels,
        help="remove this line" if itself else "put what both need into a third file, and include that",
    )


def _where(include: ast.Include) -> str:
    folder = os.path.dirname(include.span.source.name) or "the working folder"
    return f"the path is looked up from {folder}"
