"""`kistdsl train`: a baseline and KIST on a product line; with no option, on the demo line."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from kistdsl.cli.console import add_verbosity
from kistdsl.kist.names import METHODS, PRESETS


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the product line (default: a generated demo line)"
    )
    parser.add_argument(
        "--rules",
        type=Path,
        metavar="FILE",
        help="its rules (demo line: the shipped ones); without: baseline only",
    )
    parser.add_argument("--out", type=Path, metavar="RUN", help="run folder (default: runs/<line>, numbered)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--json",
        action="store_true",
        help="events as JSON lines on standard output, in place of progress and table",
    )
    add_settings(parser)
    add_verbosity(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Options that fill `kistdsl.kist.config.Settings`; later ones win: preset, TOML file, options, --set."""
    group = parser.add_argument_group("settings")
    group.add_argument("--preset", choices=PRESETS, help="demo (minutes), fast (CPU), paper (GPU)")
    group.add_argument("--model", metavar="NAME", help="cae, unet, memae, or module:Class of your own")
    group.add_argument("--method", choices=METHODS, help="kist, or a rival from normal images alone")
    group.add_argument(
        "--seed", type=int, metavar="N", help="same seed, same machine: same figures (default 0)"
    )
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), help="default: cuda where there is one")
    group.add_argument("--config", type=Path, metavar="TOML", help="settings from a file")
    add_assignments(group)


def add_assignments(parser: argparse._ActionsContainer) -> None:
    """`--set a=1 b=2 --set c=3`: all of them, the last one of a name wins."""
    parser.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        dest="assignments",
        metavar="name=value",
        help="any settings (see docs/kist.md); may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    # Threads that wait by spinning stand still for each other on a machine that does other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # By name: torch takes two seconds to load, and --help does not need it.
    result: int = importlib.import_module("kistdsl.cli.training").run(args)
    return result
