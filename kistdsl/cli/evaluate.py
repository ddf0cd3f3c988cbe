"""`kistdsl evaluate`: AUROC and AUPRO of a run on a line, or of stored maps and masks."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path

from kistdsl.cli.console import add_verbosity
from kistdsl.cli.thresholds import NAMES, add_thresholds
from kistdsl.diagnostics import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", type=Path, metavar="RUN", help="a run folder of `kistdsl train`")
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="TYPE",
        help="leave this defect type out; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    of_run = parser.add_argument_group("a run")
    of_run.add_argument("--data", type=Path, metavar="DIR", help="the product line whose test set is used")
    of_run.add_argument("--no-filter", action="store_true", help="the raw maps, without the run's filter")
    of_run.add_argument(
        "--over-usual",
        action="store_true",
        help="maps over what is usual at each place of normal images, as the thresholds read them",
    )
    add_thresholds(parser)
    stored = parser.add_argument_group("stored maps, in place of RUN")
    stored.add_argument("--maps", type=Path, metavar="DIR", help="anomaly maps <stem>.npy")
    stored.add_argument("--masks", type=Path, metavar="DIR", help="masks <stem>_mask.png or <stem>.png")
    stored.add_argument("--normal-maps", type=Path, metavar="DIR", help="anomaly maps of normal images")
    stored.add_argument(
        "--size", type=_size, metavar="N|WxH", help="compare at this size (default: each map's own)"
    )
    stored.add_argument(
        "--limit", type=float, metavar="L", help="false-positive rate that AUPRO goes to (default 0.3)"
    )
    stored.add_argument(
        "--bootstrap", type=_count, metavar="B", help="draws for the 95%% intervals (default 1000; 0: none)"
    )
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    _require_one_form(args)
    result: int = importlib.import_module("kistdsl.cli.evaluation").run(args)
    return result


def _require_one_form(args: argparse.Namespace) -> None:
    """Either RUN and --data, or --maps and --masks."""
    if args.run is None and args.maps is None:
        raise InputError("evaluate: give a RUN and --data DIR, or --maps DIR and --masks DIR")
    if args.run is not None and args.maps is not None:
        raise InputError("evaluate: give either a RUN or --maps, not both")
    if args.run is not None and args.data is None:
        raise InputError("evaluate: RUN needs --data DIR, the product line to test on")
    if args.maps is not None and args.masks is None:
        raise InputError("evaluate: --maps needs --masks DIR")
    other = _STORED_ONLY if args.run is not None else _RUN_ONLY
    given = [f"--{name.replace('_', '-')}" for name in other if getattr(args, name) not in (None, False)]
    if given:
        raise InputError(f"evaluate: {', '.join(given)} cannot go with {'a RUN' if args.run else '--maps'}")


_RUN_ONLY = ("data", "no_filter", "over_usual", *NAMES)
_STORED_ONLY = ("masks", "normal_maps", "size", "limit", "bootstrap")


def _size(text: str) -> tuple[int, int]:
    """`256` or `320x240` (width x height) as (height, width)."""
    match = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 256 or 320x240 (width x height)")
    width = int(match[1])
    return int(match[2] or width), width


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)
