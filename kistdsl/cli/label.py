"""`kistdsl label`: pseudo-labels from images, residuals and rules."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", type=Path, metavar="RULES", help="a .kr file")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="images")
    parser.add_argument(
        "--residuals", type=Path, required=True, metavar="DIR", help="residuals <stem>.npy, (H, W) numbers"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="receives <stem>_mask.png and regions.parquet"
    )
    # Not `from kistdsl.cli.region_inputs`: options must not wait for numba.
    importlib.import_module("kistdsl.cli.region_options").add_region_options(parser)
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    code: int = importlib.import_module("kistdsl.cli.labelling").run(args)
    return code
