"""What `kistdsl suggest` does once its options are known."""

from __future__ import annotations

import argparse
from pathlib import Path

from kistdsl.atomic import write_text
from kistdsl.cli.console import Console
from kistdsl.cli.normal_regions import choose, measure_normal
from kistdsl.cli.suggestions import Suggestion, difference, rewritten, suggest
from kistdsl.data.layouts import read_line
from kistdsl.diagnostics import InputError, RuleError
from kistdsl.language.check import check_file
from kistdsl.language.user_properties import installed

RULES = "rules.kr"


def run(args: argparse.Namespace) -> int:
    """Print reasons and the diff; exit code 0."""
    console = Console.of(args)
    path = args.rules or _beside(args.data)
    result = check_file(path, installed())
    if result.program is None:
        raise RuleError([d for d in result.diagnostics if d.severity == "error"])
    items = choose(read_line(args.data).train_good)
    with console.progress("measuring", 2 * len(items), "steps") as progress:
        names = [column.name for column in result.program.columns]
        normal = measure_normal(items, names, args.data, residuals=args.residuals, step=progress.advance)
    suggestions = suggest(result.program, normal, args.tail)
    before = result.tree.span.source.text
    after = rewritten(before, result, suggestions)
    print(f"# {normal.regions} regions of {normal.images} normal images of {args.data}")
    for suggestion in suggestions:
        print(_reasoning(suggestion))
    if after == before:
        console.say(f"{path}: nothing to change")
        return 0
    print(difference(path.as_posix().lstrip("/"), before, after), end="")
    if args.write:
        write_text(path, after)
        console.say(f"{path}: written")
    return 0


def _beside(data: Path) -> Path:
    """`rules.kr` in the line's folder, or beside it (as `kistdsl init` makes it)."""
    for folder in (data, data.resolve().parent):
        if (folder / RULES).is_file():
            return folder / RULES
    raise InputError(f"{data}: no {RULES} in it or beside it; give --rules FILE")


def _reasoning(suggestion: Suggestion) -> str:
    return "\n".join(f"# {suggestion.column.name}: {reason}" for reason in suggestion.reasons)
