"""What `kistdsl evaluate` does once its options are known."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from kistdsl.cli.console import Console
from kistdsl.data.images import read_mask
from kistdsl.data.layouts import Item, read_line
from kistdsl.data.maps import pair_maps, read_map
from kistdsl.data.resizing import resize_area, resize_mask
from kistdsl.metrics.evaluation import Evaluation, ScoredMap, evaluate_maps
from kistdsl.metrics.tables import figures_table

Size = tuple[int, int] | None


def run(args: argparse.Namespace) -> int:
    """Evaluate and print; exit code 0."""
    console = Console.of(args)
    maps, total = _maps_of_run(args) if args.maps is None else _stored_maps(args)
    with console.progress("evaluate", total, "maps") as progress:
        evaluation = evaluate_maps(
            _Counted(maps, total, progress.advance),
            exclude=excluded(args.exclude),
            limit=args.limit,
            replicates=args.bootstrap,
            seed=args.seed,
        )
    print(as_text(evaluation, as_json=args.json))
    return 0


def as_text(evaluation: Evaluation, *, as_json: bool) -> str:
    """What goes to standard output."""
    return json.dumps(evaluation.as_json(), indent=2) if as_json else figures_table(evaluation)


def excluded(options: list[str]) -> frozenset[str]:
    """`--exclude a --exclude b,c` as a set."""
    return frozenset(name.strip() for option in options for name in option.split(",") if name.strip())


def _stored_maps(args: argparse.Namespace) -> tuple[Iterator[ScoredMap], int]:
    items = pair_maps(args.maps, args.masks, args.normal_maps)
    return (_stored(item, args.size) for item in items), len(items)


def _stored(item: Item, size: Size) -> ScoredMap:
    """A map as it is stored, its mask resized to it; or both resized to `size`."""
    scores = read_map(item.path)
    mask = None if item.mask is None else read_mask(item.mask).pixels
    if size is not None and scores.shape != size and not np.isnan(scores).any():
        scores = resize_area(scores, size)
    if mask is not None:
        mask = resize_mask(mask, (scores.shape[0], scores.shape[1]))
    return ScoredMap(str(item.path), scores, mask, item.defect, item.group)


def _maps_of_run(args: argparse.Namespace) -> tuple[Iterable[ScoredMap], int]:
    line = read_line(args.data)
    scored = importlib.import_module("kistdsl.kist.evaluation").scored_maps
    maps = scored(args.run, line, size=args.size, guided_filter=not args.no_filter, device=args.device)
    return maps, len(line.test)


class _Counted:
    """The maps, with their number known and a step told for each."""

    def __init__(self, maps: Iterable[ScoredMap], total: int, step: Callable[[], None]) -> None:
        self._maps, self._total, self._step = maps, total, step

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[ScoredMap]:
        for scored in self._maps:
            yield scored
            self._step()
