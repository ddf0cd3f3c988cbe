"""What `kistdsl train` does once its options are known."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from kistdsl.cli.console import Console
from kistdsl.cli.watcher import Watcher, stoppable
from kistdsl.data.checks import check_line, images_of, require_sound
from kistdsl.data.demo import make_demo_line
from kistdsl.data.layouts import Line, read_line
from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import RuleSet, load
from kistdsl.engine.rule_set import compile as compile_rules
from kistdsl.kist import events
from kistdsl.kist.config import Settings, make_settings, parse_assignments, read_toml
from kistdsl.kist.results_table import results_table
from kistdsl.kist.run_folder import RunFolder, flattened_rules, read_config
from kistdsl.kist.self_training import Request, train
from kistdsl.report.build import build_report
from kistdsl.resources import resource

DEMO_LINE = "line"
"""Folder of the demo line inside its run folder."""


def run(args: argparse.Namespace) -> int:
    """Train, print the table and where everything lies; exit code 0."""
    console = _console(args)
    request = _resumed(args, console) if args.resume else _asked(args, console)
    advice = f"go on with: kistdsl train --resume --out {request.out}"
    with stoppable(console, advice) as stop, Watcher(console) as watcher:
        result = train(request, _json_lines if args.json else watcher, stop)
    if result.writes:
        report = build_report(result.folder.root)
        if args.json:
            _tell({"event": "finished", "run": str(result.folder.root), "report": str(report)})
        else:
            print(results_table(result))
            print(f"\nrun folder: {result.folder.root}\nreport:     {report}")
    return 0


def _json_lines(event: events.Event) -> None:
    """Each event as a JSON line on standard output; warnings too, and nothing else."""
    _tell(events.as_json(event))


def _tell(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def _console(args: argparse.Namespace) -> Console:
    """The console; of several processes (torchrun) only the first one talks.

    Raises:
        InputError: several processes, and nothing that they could agree on.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and (args.out is None or not (args.data or args.resume)):
        raise InputError("train with several processes: name --data DIR and --out RUN")
    return Console(quiet=args.quiet or _follows(), verbose=args.verbose)


def _follows() -> bool:
    """Whether this is another process than the one that writes."""
    return os.environ.get("RANK", "0") != "0"


def settings_of(args: argparse.Namespace, *, preset: str | None) -> Settings:
    """Settings: preset, then the TOML file, then the options, then --set.

    Raises:
        InputError: an unknown name or an unfit value.
    """
    values: dict[str, Any] = read_toml(args.config) if args.config else {}
    preset = values.pop("preset", None) if args.preset is None and "preset" in values else preset
    options = {name: getattr(args, name) for name in ("model", "method", "seed", "device")}
    values |= {name: value for name, value in options.items() if value is not None}
    return make_settings(values | parse_assignments(args.assignments), preset=preset)


# ---- what is asked for


def _asked(args: argparse.Namespace, console: Console) -> Request:
    demo = args.data is None
    preset = args.preset or ("demo" if demo else "fast")
    settings = settings_of(args, preset=preset)
    out = args.out or _free_folder(Path("runs") / ("demo" if demo else args.data.resolve().name))
    _require_new(out)
    rules_path = args.rules or (resource("rules/demo.kr") if demo else None)
    rules, text = rules_of(rules_path)
    if demo:
        console.say("demo line: generated images, not photographs")
        line = make_demo_line(_demo_folder(out))
    else:
        line = checked_line(args.data, settings.seed, console)
    return Request(line, rules, text, settings, out, preset)


def rules_of(path: Path | None) -> tuple[RuleSet | None, str]:
    """Rules and their text with included files in place, as the run folder keeps them.

    Raises:
        InputError: a file cannot be read.
        RuleError: the rules have no meaning.
    """
    if path is None:
        return None, ""
    rules, text = load(path), flattened_rules(path)
    whole = text == path.read_text(encoding="utf-8")
    return (rules if whole else compile_rules(text, name=str(path))), text


def _require_new(out: Path) -> None:
    """Said before the data are read; the folder itself is made after.

    Raises:
        InputError: `out` exists and holds something.
    """
    if RunFolder(out).taken and not _follows():
        raise InputError(f"{out}: exists already; give another --out, or --resume to go on")


def _free_folder(wanted: Path) -> Path:
    """`wanted`, or the first of wanted-2, wanted-3, ... that does not exist."""
    number, folder = 1, wanted
    while folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def _demo_folder(out: Path) -> Path:
    """Beside the run folder, so that it stays when the run is removed and serves the next one."""
    return out.parent / "demo-line"


def checked_line(data: Path, seed: int, console: Console) -> Line:
    """A product line whose every file was looked at.

    Raises:
        InputError: all problems of the data, in one message.
    """
    line = read_line(data, seed=seed)
    with console.progress("checking the data", images_of(line)) as progress:
        report = check_line(line, step=progress.advance)
    for note in report.notes:
        console.say(f"note: {note}")
    require_sound(report, data)
    return line


# ---- what is gone on with


def _resumed(args: argparse.Namespace, console: Console) -> Request:
    if args.out is None:
        raise InputError("train --resume: name the run folder with --out RUN")
    folder = RunFolder(args.out)
    if not folder.config.is_file():
        raise InputError(f"{folder.root}: no config.json; there is no run to resume")
    config = read_config(folder)
    stored = config["settings"]
    given = settings_of(args, preset=args.preset).model_dump(exclude_unset=True) if _says_more(args) else {}
    settings = make_settings({**stored, **given})
    data = args.data or Path(config["data"])
    rules: RuleSet | None = load(folder.rules) if folder.rules.is_file() else None
    text = folder.rules.read_text(encoding="utf-8") if rules else ""
    line = checked_line(data, settings.seed, console)
    return Request(line, rules, text, settings, folder.root, config["preset"], resume=True)


def _says_more(args: argparse.Namespace) -> bool:
    return bool(
        args.preset or args.model or args.method or args.device or args.config or args.assignments
    ) or (args.seed is not None)
