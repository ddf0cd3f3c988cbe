"""`kistdsl audit`: what each rule does on normal and on anomalous images."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import add_verbosity
from kistdsl.cli.region_options import add_region_options, pixel_count
from kistdsl.diagnostics import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", type=Path, metavar="RULES", help="a .kr file")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the product line")
    parser.add_argument("--run", type=Path, metavar="RUN", help="a run folder: residuals of its model")
    parser.add_argument(
        "--residuals",
        type=Path,
        metavar="DIR",
        help="stored residuals: <path in the line>.npy or <stem>.npy, each at its image's size",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("audit.html"),
        metavar="FILE",
        help="the page (default audit.html)",
    )
    parser.add_argument(
        "--limit",
        type=pixel_count,
        default=100,
        metavar="N",
        help="at most N normal images, and N of each defect type, evenly chosen (default 100)",
    )
    parser.add_argument(
        "--json", action="store_true", help="the figures as one JSON object on standard output"
    )
    add_region_options(parser)
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    if (args.run is None) == (args.residuals is None):
        raise InputError("audit: give either --run RUN or --residuals DIR")
    code: int = importlib.import_module("kistdsl.cli.auditing").run(args)
    return code
