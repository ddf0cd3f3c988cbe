"""JUnit XML of test results, as continuous integration services read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """One case: `failure` is None where it passed, else (message, details); `error` likewise."""

    name: str
    line: int
    failure: tuple[str, str] | None = None
    error: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class JUnitSuite:
    """The cases of one file."""

    file: str
    cases: tuple[JUnitCase, ...]


def junit_xml(suites: Sequence[JUnitSuite]) -> str:
    """The XML document."""
    root = ElementTree.Element("testsuites", _counts([c for suite in suites for c in suite.cases]))
    for suite in suites:
        element = ElementTree.SubElement(
            root, "testsuite", {"name": suite.file, "file": suite.file, **_counts(suite.cases)}
        )
        for case in suite.cases:
            _add(element, suite.file, case)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add(suite: ElementTree.Element, file: str, case: JUnitCase) -> None:
    attributes = {
        "classname": file,
        "name": _legal(case.name),
        "file": file,
        "line": str(case.line),
        "time": "0",
    }
    element = ElementTree.SubElement(suite, "testcase", attributes)
    for kind, found in (("failure", case.failure), ("error", case.error)):
        if found is not None:
            message, details = found
            ElementTree.SubElement(element, kind, {"message": _legal(message)}).text = _legal(details)


def _counts(cases: Sequence[JUnitCase]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": str(sum(case.error is not None for case in cases)),
        "skipped": "0",
        "time": "0",
    }


def _legal(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff") else "?" for c in text)
