"""`kistdsl init`: a new product line, from a few questions or options."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Start a new product line: folders for its images, a commented rule file with terms read off its normal "
        "images, settings, and a README. Asks for what is not given, where somebody can answer."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    parser.add_argument("--name", metavar="TEXT", help="name of the product (default: the folder's)")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="normal images, to be copied into the line"
    )
    parser.add_argument("--no-questions", action="store_true", help="never ask")
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    result: int = importlib.import_module("kistdsl.cli.starting").run(args)
    return result
