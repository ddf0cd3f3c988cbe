"""What `kistdsl suggest` does once its options are known."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from kistdsl.atomic import atomic_path
from kistdsl.cli.console import Console
from kistdsl.cli.normal_regions import OF_THE_RESIDUAL, NormalRegions, choose, counted, measure_normal
from kistdsl.cli.suggestions import (
    Suggestion,
    changes,
    difference,
    firings,
    how_to_apply,
    percent,
    suggest,
    with_gammas,
)
from kistdsl.data.layouts import read_line
from kistdsl.diagnostics import InputError, RuleError
from kistdsl.language.check import check_file
from kistdsl.language.checked import Program
from kistdsl.language.user_properties import installed

RULES = "rules.kr"


def run(args: argparse.Namespace) -> int:
    """Print reasons and the diff; exit code 0."""
    console = Console.of(args)
    if not args.data.is_dir():
        raise InputError(f"{args.data}: no such folder")
    path = args.rules or _beside(args.data)
    result = check_file(path, installed())
    if result.program is None:
        raise RuleError([d for d in result.diagnostics if d.severity == "error"])
    if not result.program.rules:
        console.say(f"{path}: no rule in it, so there is nothing to propose")
        return 0
    normal = _measured(args, [column.name for column in result.program.columns], console)
    suggestions = suggest(result.program, normal, args.tail)
    head = f"{counted(normal.regions, 'region')} of {counted(normal.images, 'normal image')}"
    print(f"# {head} of {args.data}")
    for suggestion in suggestions:
        print(_reasoning(suggestion))
    found = changes(result, suggestions)
    print(_rules(result.program, normal, suggestions))
    if found and not args.write:
        print(how_to_apply(found))
    for change in found:
        print(difference(change), end="")
        if args.write:
            with atomic_path(change.path) as temporary:  # the line ends stay as they are
                temporary.write_text(change.after, encoding="utf-8", newline="")
            console.say(f"{change.path}: written")
    if not found:
        console.say(f"{path}: nothing to change")
    return 0


def _measured(args: argparse.Namespace, names: list[str], console: Console) -> NormalRegions:
    """Regions of the normal images, with the properties that can be measured on what is given."""
    known = [name for name in names if args.residuals or name not in OF_THE_RESIDUAL]
    if not known:
        raise InputError(f"{', '.join(names)}: read off a model's residual; give --residuals DIR")
    items = choose(read_line(args.data).train_good)
    with console.progress("measuring", 2 * len(items), "steps") as progress:
        return measure_normal(items, known, args.data, residuals=args.residuals, step=progress.advance)


def _beside(data: Path) -> Path:
    """`rules.kr` in the line's folder, or beside it (as `kistdsl init` makes it)."""
    for folder in (data, data.resolve().parent):
        if (folder / RULES).is_file():
            return folder / RULES
    raise InputError(f"{data}: no {RULES} in it or beside it; give --rules FILE")


def _reasoning(suggestion: Suggestion) -> str:
    return "\n".join(f"# {suggestion.column.name}: {reason}" for reason in suggestion.reasons)


def _rules(program: Program, normal: NormalRegions, suggestions: Sequence[Suggestion]) -> str:
    """How often each rule fires on normal regions, before and after."""
    before, after = firings(program, normal), firings(with_gammas(program, suggestions), normal)
    lines = []
    for rule in program.rules:
        if rule.name not in before:
            continue
        then = (
            f"; with these scales on {percent(after[rule.name])}"
            if after[rule.name] != before[rule.name]
            else ""
        )
        lines.append(f"# rule {rule.name}: fires on {percent(before[rule.name])} of the normal regions{then}")
    return "\n".join(lines)
