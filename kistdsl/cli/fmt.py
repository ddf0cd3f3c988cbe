"""`kistdsl fmt`: rule files in the one canonical layout."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from dataclasses import dataclass

from kistdsl.atomic import write_text
from kistdsl.cli import reports
from kistdsl.cli.console import Console, add_verbosity
from kistdsl.diagnostics import Diagnostic, InputError, Source
from kistdsl.diagnostics.render import render, summary
from kistdsl.language.layout import Formatted, formatted


def configure(parser: argparse.ArgumentParser) -> None:
    reports.add_files(parser, "rule files to rewrite in place")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if a file would change"
    )
    mode.add_argument(
        "--diff", action="store_true", help="change nothing; print what would change, exit with 1"
    )
    reports.add_colour(parser)
    add_verbosity(parser)


@dataclass(slots=True)
class _Counts:
    changed: int = 0
    unchanged: int = 0
    faulty: int = 0
    unreadable: int = 0


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    counts = _Counts()
    for name in reports.expanded(args.files):
        try:
            loaded = reports.load(name, args.stdin_filename)
        except InputError as error:
            print(f"kistdsl: {error}", file=sys.stderr)
            counts.unreadable += 1
            continue
        result = formatted(loaded)
        if result.problems:
            _refuse(result.problems, args.color)
            counts.faulty += 1
        else:
            _one(name, loaded.source, result, args, console, counts)
    _say(console, args, counts)
    if counts.unreadable:
        return 2
    return int(bool(counts.faulty or ((args.check or args.diff) and counts.changed)))


def _refuse(problems: tuple[Diagnostic, ...], colour: str) -> None:
    """A file that cannot be read is left as it is."""
    chosen = reports.style(colour, sys.stderr)
    sys.stderr.write("\n".join(render(p, chosen) for p in problems))
    name = problems[0].span.source.name
    print(f"kistdsl: {name}: left as it is, {summary(problems)}", file=sys.stderr)


def _one(
    name: str, source: Source, result: Formatted, args: argparse.Namespace, console: Console, counts: _Counts
) -> None:
    changed = result.changed
    counts.changed += changed
    counts.unchanged += not changed
    if args.diff:
        reports.write(_diff(source.name, source.text, result.text))
    elif name == reports.STDIN:
        if not args.check:
            reports.write(result.text)
    elif changed and not args.check:
        write_text(name, result.text)
        console.detail(f"{name}: rewritten")
    if changed and args.check:
        reports.write(f"{source.name}: would be rewritten\n")


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(_lines(before), _lines(after), name, f"{name} (formatted)")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Lines as `patch` counts them: Python's own end at a form feed and other characters too."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _say(console: Console, args: argparse.Namespace, counts: _Counts) -> None:
    done = "would be rewritten" if args.check or args.diff else "rewritten"
    said = [(counts.changed, done), (counts.unchanged, "left unchanged"), (counts.faulty, "with errors")]
    parts = [f"{n} file{'s' if n != 1 else ''} {what}" for n, what in said if n]
    if parts:
        console.say(", ".join(parts))
