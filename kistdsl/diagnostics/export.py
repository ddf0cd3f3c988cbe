"""Diagnostics for other tools: one line each, JSON, GitHub annotations, SARIF 2.1.0.

All positions count from 1, columns in code points; ends are exclusive.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Protocol, TypeAlias
from urllib.parse import quote

from kistdsl._version import __version__
from kistdsl.diagnostics.model import Diagnostic, Span
from kistdsl.diagnostics.render import printable

JsonObject: TypeAlias = dict[str, object]

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/kistdsl/kistdsl"


class Declared(Protocol):
    """What a tool wants to know about a kind of problem."""

    @property
    def code(self) -> str: ...
    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def explanation(self) -> str: ...


def concise(diagnostics: Sequence[Diagnostic], catalog: Sequence[Declared]) -> str:
    """`file:line:col: severity code message`, a line each."""
    lines = []
    for d in diagnostics:
        line, column = d.span.source.position(d.span.start)
        lines.append(f"{d.span.source.name}:{line}:{column}: {d.severity} {d.code} {printable(d.message)}\n")
    return "".join(lines)


def position(span: Span) -> JsonObject:
    """`file, line, column, end_line, end_column` of a span."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def as_object(d: Diagnostic) -> JsonObject:
    """The JSON object of one problem."""
    return {
        **position(d.span),
        "code": d.code,
        "slug": d.slug,
        "severity": d.severity,
        "message": d.message,
        "help": d.help,
        "labels": [{**position(label.span), "message": label.message} for label in d.labels],
    }


def json_array(diagnostics: Sequence[Diagnostic], catalog: Sequence[Declared]) -> str:
    """One array of objects."""
    return json.dumps([as_object(d) for d in diagnostics], indent=2, ensure_ascii=False) + "\n"


# --- GitHub ----------------------------------------------------------------------------------


def github(diagnostics: Sequence[Diagnostic], catalog: Sequence[Declared]) -> str:
    """Workflow commands, which GitHub shows beside the changed lines."""
    return "".join(_command(d) for d in diagnostics)


def _command(d: Diagnostic) -> str:
    place = position(d.span)
    properties = {
        "file": place["file"],
        "line": place["line"],
        "endLine": place["end_line"],
        "col": place["column"],
        "endColumn": place["end_column"],
        "title": f"{d.code} {d.slug}",
    }
    listed = ",".join(f"{k}={_escaped(str(v), property=True)}" for k, v in properties.items())
    message = d.message + (f"\nhelp: {d.help}" if d.help else "")
    return f"::{d.severity} {listed}::{_escaped(message)}\n"


def _escaped(text: str, *, property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text


# --- SARIF -----------------------------------------------------------------------------------


def sarif(diagnostics: Sequence[Diagnostic], catalog: Sequence[Declared]) -> str:
    """A SARIF 2.1.0 log with one run; the rules are the whole catalog."""
    index = {declared.code: i for i, declared in enumerate(catalog)}
    driver: JsonObject = {
        "name": "kistdsl",
        "version": __version__,
        "informationUri": HOME,
        "rules": [_sarif_rule(declared) for declared in catalog],
    }
    run: JsonObject = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(d, index) for d in diagnostics],
    }
    log: JsonObject = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_rule(declared: Declared) -> JsonObject:
    return {
        "id": declared.code,
        "name": "".join(word.capitalize() for word in declared.slug.split("-")),
        "shortDescription": {"text": declared.title},
        "fullDescription": {"text": declared.explanation.strip()},
        "defaultConfiguration": {"level": declared.severity},
    }


def _sarif_result(d: Diagnostic, index: Mapping[str, int]) -> JsonObject:
    result: JsonObject = {
        "ruleId": d.code,
        **({"ruleIndex": index[d.code]} if d.code in index else {}),
        "level": d.severity,
        "message": {"text": d.message + (f"\nHelp: {d.help}" if d.help else "")},
        "locations": [{"physicalLocation": _physical(d.span)}],
    }
    if d.labels:
        result["relatedLocations"] = [
            {
                "id": i,
                "physicalLocation": _physical(label.span),
                **({"message": {"text": label.message}} if label.message else {}),
            }
            for i, label in enumerate(d.labels)
        ]
    return result


def _physical(span: Span) -> JsonObject:
    place = position(span)
    region: JsonObject = {
        "startLine": place["line"],
        "startColumn": place["column"],
        "endLine": place["end_line"],
        "endColumn": place["end_column"],
    }
    return {"artifactLocation": {"uri": _uri(span.source.name)}, "region": region}


def _uri(name: str) -> str:
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


FORMATS: dict[str, Callable[[Sequence[Diagnostic], Sequence[Declared]], str]] = {
    "concise": concise,
    "json": json_array,
    "github": github,
    "sarif": sarif,
}
"""Formats for tools, by the name that `--output-format` takes."""
