"""What `kistdsl evaluate` does once its options are known."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from kistdsl.cli.console import Console
from kistdsl.data.images import read_mask
from kistdsl.data.layouts import Item
from kistdsl.data.maps import pair_maps, read_map
from kistdsl.data.resizing import resize_area, resize_mask
from kistdsl.metrics.bootstrap import REPLICATES
from kistdsl.metrics.decisions import DecisionFigures
from kistdsl.metrics.evaluation import Evaluation, ScoredMap, evaluate_maps
from kistdsl.metrics.pixels import AUPRO_LIMIT
from kistdsl.metrics.tables import decision_text, figures_table

Size = tuple[int, int] | None


def run(args: argparse.Namespace) -> int:
    """Evaluate and print; exit code 0."""
    console = Console.of(args)
    if args.maps is None:
        evaluation, decision = _of_run(args, console)
        print(as_text(evaluation, as_json=args.json, decision=decision))
    else:
        print(as_text(_of_stored_maps(args, console), as_json=args.json))
    return 0


def as_text(evaluation: Evaluation, *, as_json: bool, decision: DecisionFigures | None = None) -> str:
    """What goes to standard output."""
    if as_json:
        found = evaluation.as_json() | ({"decision": decision.as_json()} if decision else {})
        return json.dumps(found, indent=2)
    return figures_table(evaluation) + (f"\n\n{decision_text(decision)}" if decision else "")


def excluded(options: list[str]) -> frozenset[str]:
    """`--exclude a --exclude b,c` as a set."""
    return frozenset(name.strip() for option in options for name in option.split(",") if name.strip())


def _of_run(args: argparse.Namespace, console: Console) -> tuple[Evaluation, DecisionFigures]:
    # By name: torch takes two seconds to load, and stored maps do not need it.
    kist = importlib.import_module("kistdsl.kist.evaluation")
    asked = importlib.import_module("kistdsl.kist.thresholds").Asked(
        args.threshold, args.sigmas, args.false_alarms, args.false_pixels
    )
    with importlib.import_module("kistdsl.cli.watcher").Watcher(console) as watcher:
        found: tuple[Evaluation, DecisionFigures] = kist.evaluate_run(
            args.run,
            args.data,
            exclude=excluded(args.exclude),
            use_filter=not args.no_filter,
            over_usual=args.over_usual,
            asked=asked,
            listener=watcher,
        )
    return found


def _of_stored_maps(args: argparse.Namespace, console: Console) -> Evaluation:
    items = pair_maps(args.maps, args.masks, args.normal_maps)
    with console.progress("evaluate", len(items), "maps") as progress:
        return evaluate_maps(
            _Stored(items, args.size, progress.advance),
            exclude=excluded(args.exclude),
            limit=AUPRO_LIMIT if args.limit is None else args.limit,
            replicates=REPLICATES if args.bootstrap is None else args.bootstrap,
        )


def _stored(item: Item, size: Size) -> ScoredMap:
    """A map as it is stored, its mask resized to it; or both resized to `size`."""
    scores = read_map(item.path)
    mask = None if item.mask is None else read_mask(item.mask).pixels
    if size is not None and scores.shape != size and not np.isnan(scores).any():
        scores = resize_area(scores, size)
    if mask is not None:
        mask = resize_mask(mask, (scores.shape[0], scores.shape[1]))
    return ScoredMap(str(item.path), scores, mask, item.defect, item.group)


class _Stored:
    """Stored maps, read one at a time; their number is known, and each is told when it is done."""

    def __init__(self, items: Sequence[Item], size: Size, done: Callable[[], None]) -> None:
        self._items, self._size, self._done = items, size, done

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[ScoredMap]:
        for item in self._items:
            yield _stored(item, self._size)
            self._done()
