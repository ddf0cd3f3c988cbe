"""`kistdsl regions`: the region table of images and residuals."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="images")
    parser.add_argument(
        "--residuals", type=Path, required=True, metavar="DIR", help="residuals <stem>.npy, (H, W) numbers"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the table, .parquet or .csv"
    )
    parser.add_argument(
        "--properties",
        metavar="NAME,...",
        help="measure these only (default: every built-in one and all of your own)",
    )
    importlib.import_module("kistdsl.cli.region_options").add_region_options(parser)
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    code: int = importlib.import_module("kistdsl.cli.measuring").run(args)
    return code
