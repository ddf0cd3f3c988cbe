"""What `kistdsl reproduce` does once its options are known."""

from __future__ import annotations

import argparse
import csv
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from kistdsl._version import __version__
from kistdsl.atomic import write_text
from kistdsl.cli.console import Console
from kistdsl.cli.training import checked_line, rules_of
from kistdsl.cli.watcher import Watcher, stoppable
from kistdsl.data.layouts import read_line
from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist.config import Settings, make_settings, parse_assignments, read_toml, settings_json
from kistdsl.kist.grid import DEPARTURES, PROPER, Cell, Plan, Product, read_metrics, run_cells
from kistdsl.kist.grid_tables import (
    Outcome,
    as_html,
    as_markdown,
    curve_table,
    distinct,
    outcomes,
    plain_outcome,
    tables,
)
from kistdsl.kist.models.registry import build
from kistdsl.kist.plain_maps import PLAIN, plain_metrics
from kistdsl.kist.run_folder import MACHINE_SETTINGS, RunFolder, read_json, write_json

_AGAIN = "the same command goes on from here"


def run(args: argparse.Namespace) -> int:
    """Run the grid and write its tables; exit code 0."""
    console = Console.of(args)
    if args.out.exists() and not args.out.is_dir():
        raise InputError(f"{args.out}: is a file; --out names a folder")
    folders = _named(args.data)
    rules = _rules(args, folders)
    plan = _plan(args, rules)
    cells = {name: plan.cells(name) for name in folders}
    if args.dry_run:
        for cell in (cell for own in cells.values() for cell in own):
            print(
                f"{'finished' if RunFolder(args.out / cell.folder).finished else 'to run  '}  {cell.folder}"
            )
        return 0
    total = sum(len(own) for own in cells.values())
    number = 0

    def started(cell: Cell, finished: bool) -> None:
        nonlocal number
        number += 1
        console.say(f"[{number}/{total}] {cell.folder}{': finished before' if finished else ''}")

    for name, data in folders.items():
        for seed in plan.seeds:  # a layout without a split of its own is split by the run's seed
            checked_line(data, seed, console)
            product = Product(name, read_line(data, seed=seed), *rules[name])
            own = [cell for cell in cells[name] if cell.seed == seed]
            with stoppable(console, _AGAIN) as stop, Watcher(console) as watcher:
                run_cells(product, own, args.out, started, watcher, stop)
            _plain(product, _settings(plan), args.out, seed)
            _write_tables(args.out, plan, cells)
    print((args.out / "tables.md").read_text(encoding="utf-8"))
    print(f"tables: {args.out / 'tables.md'}, {args.out / 'tables.html'}; runs: {args.out / 'runs'}")
    return 0


def _rules(args: argparse.Namespace, folders: dict[str, Path]) -> dict[str, tuple[RuleSet | None, str]]:
    """Rules and their text for each product line.

    Raises:
        InputError: not one file for each line, none where kist is to run, or a file with errors.
    """
    if args.rules and len(args.rules) != len(args.data):
        raise InputError(f"{len(args.data)} product lines but {len(args.rules)} rule files; one each")
    if "kist" in args.methods and not args.rules:
        raise InputError("reproduce: kist needs --rules FILE..., one for each product line")
    files = args.rules or [None] * len(folders)
    return {name: rules_of(path) for name, path in zip(folders, files, strict=True)}


def _plan(args: argparse.Namespace, rules: Mapping[str, tuple[RuleSet | None, str]]) -> Plan:
    ablations = list(DEPARTURES) if args.ablations == ["all"] else args.ablations
    unknown = [name for name in ablations if name not in Settings.model_fields]
    if unknown:
        raise InputError(
            f"--ablations: no setting {', '.join(unknown)}; known departures: {', '.join(DEPARTURES)}"
        )
    values: dict[str, Any] = (read_toml(args.config) if args.config else {}) | parse_assignments(
        args.assignments
    )
    if args.device:
        values["device"] = args.device
    left_out = {
        name: [rule.name for rule in found.program.rules]
        for name, (found, _) in rules.items()
        if args.each_rule and found is not None and len(found.program.rules) > 1
    }
    methods, models, seeds, controls = (
        list(dict.fromkeys(given)) for given in (args.methods, args.models, args.seeds, args.controls)
    )
    plan = Plan(methods, models, seeds, controls, ablations, left_out, values, args.preset)
    for model in models:  # a wrong setting or network is said before the data are read
        build(model, _settings(plan).model_copy(update={"model": model}), 1)
    return plan


def _settings(plan: Plan) -> Settings:
    return make_settings(plan.values, preset=plan.preset)


def _named(folders: list[Path]) -> dict[str, Path]:
    """Product lines by the name of their folder.

    Raises:
        InputError: two of one name.
    """
    named: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in named:
            raise InputError(f"{named[name]} and {folder} have one name; results are filed by it")
        named[name] = folder
    return named


def _plain_path(out: Path, product: str, seed: int) -> Path:
    return out / "runs" / product / f"map-{PLAIN}-seed{seed}.json"


def _plain(product: Product, settings: Settings, out: Path, seed: int) -> None:
    """The hand-made map on the test set of this split."""
    path = _plain_path(out, product.name, seed)
    made = {name: value for name, value in settings_json(settings).items() if name not in MACHINE_SETTINGS}
    if product.line.test and not (path.is_file() and read_json(path).get("settings") == made):
        write_json(path, {**plain_metrics(product.line, settings, PLAIN), "settings": made})


def _histories(out: Path, cells: list[Cell]) -> dict[str, list[list[dict[str, str]]]]:
    """history.csv of the finished runs of KIST proper, by network."""
    found: dict[str, list[list[dict[str, str]]]] = {}
    for cell in cells:
        folder = RunFolder(out / cell.folder)
        if cell.variant == PROPER and folder.finished:
            with folder.history.open(encoding="utf-8", newline="") as file:
                found.setdefault(cell.settings.model, []).append(list(csv.DictReader(file)))
    return found


def _write_tables(out: Path, plan: Plan, cells: dict[str, list[Cell]]) -> None:
    """tables.md and tables.html of what is finished, after each line."""
    found: list[Outcome] = []
    for name, own in cells.items():
        for cell in own:
            metrics = read_metrics(out, cell)
            if metrics:
                found += outcomes(name, cell.settings, cell.variant, metrics)
        for seed in plan.seeds:
            if _plain_path(out, name, seed).is_file():
                found += [plain_outcome(name, seed, PLAIN, read_json(_plain_path(out, name, seed)))]
    made = tables(distinct(outcome for outcome in found if outcome.model.get("figures")))
    curves = {name: _histories(out, own) for name, own in cells.items()}
    made += [curve_table(name, histories) for name, histories in curves.items() if histories]
    notes = [
        f"kistdsl {__version__}, torch {torch.__version__}, {platform.machine()}, preset {plan.preset}, "
        f"seeds {', '.join(map(str, plan.seeds))}; mean and (standard deviation) over seeds.",
    ]
    write_text(out / "tables.md", as_markdown(made, notes))
    write_text(out / "tables.html", as_html(made, notes))
