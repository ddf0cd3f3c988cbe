"""The work of `kistdsl label`: reads, labels and writes image by image, so that memory stays bounded."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.console import Console
from kistdsl.cli.region_files import table_writer
from kistdsl.cli.region_inputs import Pair, candidate_maps, pairs
from kistdsl.data.images import write_png
from kistdsl.diagnostics import InputError
from kistdsl.engine.pseudo_labels import PseudoLabeller, ordered_map
from kistdsl.engine.rule_set import load
from kistdsl.regions.table import Columns

Outcome = tuple[Pair, NDArray[np.bool_], Columns] | tuple[Pair, str]
"""An image's mask and regions, or why it has none."""


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    rules = load(args.rules)
    known = pairs(args.images, args.residuals)
    maps = candidate_maps(args, known)
    for source in maps:
        console.detail(f"thresholds of {source.name}: {', '.join(f'{t:.6g}' for t in source.levels)}")
    labeller = PseudoLabeller(rules, maps, min_area=args.min_area)
    args.out.mkdir(parents=True, exist_ok=True)
    failures, counts = [], np.zeros(4, np.int64)
    with (
        table_writer(args.out / "regions.parquet") as write,
        console.progress("label", len(known)) as progress,
    ):
        for outcome in _outcomes(labeller, known, args.threads):
            progress.advance()
            if len(outcome) == 2:
                failures.append(outcome[1])
                continue
            pair, mask, rows = outcome
            write_png(args.out / f"{pair.stem}_mask.png", mask)
            write(_with_image(pair, rows))
            counts += np.array([1, mask.any(), rows["anomalous"].size, rows["anomalous"].sum()])
        if len(failures) == len(known):
            raise InputError("\n".join(failures))
    for failure in failures:
        console.warn(f"not labelled: {failure}")
    images, labelled, regions, anomalous = counts.tolist()
    print(
        f"{args.out}: {images} images, {labelled} with a label; "
        f"{anomalous} of {regions} regions reach alpha {rules.alpha:g}"
    )
    return InputError.exit_code if failures else 0


def _outcomes(labeller: PseudoLabeller, known: list[Pair], threads: int) -> Iterator[Outcome]:
    def one(pair: Pair) -> Outcome:
        try:
            picture = pair.picture()
            return pair, labeller.mask(picture), labeller.regions(picture)
        except InputError as error:
            return pair, str(error)

    return ordered_map(one, known, threads)


def _with_image(pair: Pair, rows: Columns) -> dict[str, NDArray[Any]]:
    """Rows in the order of the file: image, threshold, properties, place, decision."""
    decision = ("grade", "class", "rule", "anomalous")
    image = np.full(len(rows["grade"]), pair.stem, dtype=object)
    columns: dict[str, NDArray[Any]] = {"image": image, "threshold": rows["threshold"]}
    columns.update({name: column for name, column in rows.items() if name not in (*decision, "map")})
    return {**columns, "map": rows["map"], **{name: rows[name] for name in decision}}
