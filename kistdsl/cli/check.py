"""`kistdsl check`: everything that is wrong or doubtful in rule files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from kistdsl.cli import reports
from kistdsl.cli.console import Console, add_verbosity
from kistdsl.diagnostics import Diagnostic, InputError
from kistdsl.diagnostics.render import summary
from kistdsl.language.check import check_loaded
from kistdsl.language.name_codes import UNKNOWN_PROPERTY
from kistdsl.language.sources import Loaded
from kistdsl.language.user_properties import installed
from kistdsl.schema import BUILTIN


def configure(parser: argparse.ArgumentParser) -> None:
    reports.add_files(parser, "rule files to check")
    parser.add_argument(
        "--output-format",
        choices=("full", *reports.FORMATS),
        default="full",
        help="full (source lines and carets), concise (a line each), or for other tools",
    )
    parser.add_argument("--error-on-warning", action="store_true", help="exit with 1 on warnings too")
    reports.add_colour(parser)
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    problems: list[Diagnostic] = []
    checked, unreadable = 0, 0
    for name in reports.expanded(args.files):
        try:
            loaded = reports.load(name, args.stdin_filename)
        except InputError as error:
            print(f"kistdsl: {error}", file=sys.stderr)
            unreadable += 1
            continue
        checked += 1
        problems.extend(_diagnostics(loaded))
    problems = list(_once(problems))
    reports.show(problems, args.output_format, args.color)
    if checked:
        console.say(f"{checked} file{'s' if checked != 1 else ''} checked: {summary(problems)}")
    if unreadable:
        return 2
    return int((args.error_on_warning and bool(problems)) or any(p.severity == "error" for p in problems))


def _diagnostics(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """Installed properties are looked up only where a file speaks of one that is not built in: it takes time."""
    found = check_loaded(loaded, BUILTIN).diagnostics
    if any(d.code == UNKNOWN_PROPERTY.code for d in found):
        return check_loaded(loaded, installed()).diagnostics
    return found


def _once(problems: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """Without repeats: a file may be named and included as well."""
    seen = set()
    for problem in problems:
        key = (problem.span.source.name, problem.span.start, problem.code, problem.message)
        if key not in seen:
            seen.add(key)
            yield problem
