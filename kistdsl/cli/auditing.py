"""The work of `kistdsl audit`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from kistdsl.atomic import write_text
from kistdsl.cli.audit_figures import Audit, RuleFigures, remarks
from kistdsl.cli.audit_images import chosen, of_run, seen, stored
from kistdsl.cli.audit_page import page, percent
from kistdsl.cli.console import Console
from kistdsl.data.layouts import read_line
from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import load


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    rules = load(args.rules)
    if not rules.rules:
        raise InputError(f"{args.rules}: no rules to audit")
    line = read_line(args.data)
    items = chosen(line, args.limit)
    source = stored(args, line) if args.run is None else of_run(args, line)
    audit = Audit(rules, source)
    failures: list[str] = []
    with console.progress("audit", len(items)) as progress:
        for image in seen(source, items, failures):
            if image is not None:
                audit.add(image)
            progress.advance()
    if len(failures) == len(items):
        raise InputError(f"no image could be looked at: {failures[0]}")
    named = str(args.residuals if args.run is None else args.run)
    html = page(audit, rules_name=str(args.rules), line_name=str(args.data), source=named, notes=failures)
    write_text(args.out, html)
    print(json.dumps(_figures(audit, failures), indent=1) if args.json else _summary(audit, str(args.out)))
    for failure in failures:
        console.warn(f"left out: {failure}")
    return InputError.exit_code if failures else 0


def _summary(audit: Audit, out: str) -> str:
    """The table of firings as plain text."""
    rules = [audit.everything, *audit.figures.values()]
    width = max(len(rule.name) for rule in rules)
    rows = [f"{'':{width}}  normal images  of their pixels  anomalous images  of their pixels"]
    for rule in rules:
        cells = [rule.name.ljust(width)]
        for anomalous, firing, columns in (
            (False, rule.normal, (13, 15)),
            (True, rule.anomalous, (16, 15)),
        ):
            cells.append(f"{firing.images} of {audit.images[anomalous]}".rjust(columns[0]))
            cells.append(percent(firing.pixels / max(audit.pixels[anomalous], 1)).rjust(columns[1]))
        rows.append("  ".join(cells))
    return "\n".join([*rows, *(f"- {remark}" for remark in remarks(audit)), out])


def _figures(audit: Audit, failures: list[str]) -> dict[str, Any]:
    return {
        "alpha": audit.alpha,
        "images": _by_kind(audit.images),
        "regions": _by_kind(audit.regions),
        "pixels": _by_kind(audit.pixels),
        "all": _rule(audit.everything),
        "rules": [_rule(figures) for figures in audit.figures.values()],
        "remarks": list(remarks(audit)),
        "left_out": failures,
    }


def _by_kind(counts: dict[bool, int]) -> dict[str, int]:
    return {"normal": counts[False], "anomalous": counts[True]}


def _rule(figures: RuleFigures) -> dict[str, Any]:
    return {
        "name": figures.name,
        "normal": asdict(figures.normal),
        "anomalous": asdict(figures.anomalous),
        "by_type": {
            kind: {"precision": overlap.precision, "recall": overlap.recall, **asdict(overlap)}
            for kind, overlap in sorted(figures.by_type.items())
        },
        "propositions": [
            {
                "text": own.text,
                "property": own.column,
                "true": own.true,
                "lets_fire": dict(zip(("normal", "anomalous"), own.lets, strict=True)),
                "alone_stops": dict(zip(("normal", "anomalous"), own.stops, strict=True)),
            }
            for own in figures.propositions
        ],
    }
