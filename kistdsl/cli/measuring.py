"""The work of `kistdsl regions`."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Sequence

import numpy as np

from kistdsl.cli.console import Console
from kistdsl.cli.region_files import table_writer
from kistdsl.cli.region_inputs import Pair, candidate_maps, pairs
from kistdsl.diagnostics import InputError
from kistdsl.engine.pseudo_labels import ordered_map
from kistdsl.language.nearest import did_you_mean
from kistdsl.language.user_properties import installed, user_properties
from kistdsl.regions.table import Columns, measure_regions
from kistdsl.regions.workspace import Workspace


def run(args: argparse.Namespace) -> int:
    console = Console.of(args)
    names = _names(args.properties)
    known = pairs(args.images, args.residuals)
    maps = candidate_maps(args, known)
    own = user_properties()
    memory = threading.local()

    def one(pair: Pair) -> Columns | str:
        workspace = memory.__dict__.setdefault("workspace", Workspace(frozenset(names) - own.keys()))
        try:
            return measure_regions(workspace, pair.picture(), maps, names, own, args.min_area)
        except InputError as error:
            return str(error)

    failures, count = [], 0
    with table_writer(args.out) as write, console.progress("measure", len(known)) as progress:
        for pair, rows in zip(known, ordered_map(one, known, args.threads), strict=True):
            progress.advance()
            if isinstance(rows, str):
                failures.append(rows)
                continue
            n = len(rows["threshold"])
            write({"image": np.full(n, pair.stem, dtype=object), **rows})
            count += n
        if len(failures) == len(known):
            raise InputError("\n".join(failures))
    for failure in failures:
        console.warn(f"not measured: {failure}")
    print(f"{args.out}: {count} regions of {len(known) - len(failures)} images")
    return InputError.exit_code if failures else 0


def _names(text: str | None) -> Sequence[str]:
    """Properties to measure.

    Raises:
        InputError: an unknown one.
    """
    known = installed()
    if text is None:
        return list(known)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise InputError(f"unknown property {name!r}{f'; {hint}' if hint else ''}")
    return list(dict.fromkeys(names))
