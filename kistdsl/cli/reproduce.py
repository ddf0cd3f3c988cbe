"""`kistdsl reproduce`: the grid of methods, networks and seeds, as Tables II and III of the paper."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from kistdsl.cli.console import add_verbosity
from kistdsl.cli.train import add_assignments
from kistdsl.kist.names import PRESETS, RIVALS

METHODS = (*RIVALS, "memae", "kist")
CONTROLS = ("no-anomalous-term", "no-rules", "random-labels", "wrong-image")
"""Run unless others are named."""

CEILING = "true-masks"
"""A control that needs the ground truth of weakly labelled images: only when it is named."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="DIR", help="product lines, one column each"
    )
    parser.add_argument(
        "--rules", type=Path, nargs="*", default=[], metavar="FILE", help="their rules, in the same order"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="runs and tables; gone on with"
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="NAME")
    parser.add_argument("--models", nargs="+", default=["cae", "unet"], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="N")
    parser.add_argument(
        "--controls", nargs="*", choices=(*CONTROLS, CEILING), default=list(CONTROLS), metavar="NAME"
    )
    parser.add_argument(
        "--ablations",
        nargs="*",
        default=[],
        metavar="SETTING",
        help="put these settings back to the paper's, one at a time; `all` for every departure",
    )
    parser.add_argument(
        "--each-rule", action="store_true", help="KIST without each rule in turn: what every rule brings"
    )
    parser.add_argument("--preset", choices=PRESETS, default="fast")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default=None)
    parser.add_argument("--config", type=Path, metavar="TOML", help="settings from a file")
    add_assignments(parser)
    parser.add_argument("--dry-run", action="store_true", help="list the runs and which are finished")
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    # Threads that wait by spinning stand still for each other on a machine that does other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # By name: torch takes two seconds to load, and --help does not need it.
    result: int = importlib.import_module("kistdsl.cli.reproducing").run(args)
    return result
