"""`kistdsl suggest`: scale factors that fit a line's normal images, as a diff to its rule file."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Propose a scale factor (gamma) for each property that rules read, from its distribution over the regions "
        "of normal images: a term that marks a defect should be rare there. Prints the reasons as comments, the "
        "command that writes the proposals, and a diff that `git apply` and `patch -p1` take."
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the product line")
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="its rules (default: rules.kr in or beside DIR)"
    )
    parser.add_argument(
        "--residuals",
        type=Path,
        metavar="DIR",
        help="residuals <stem>.npy of the normal training images (default: regions of the images themselves)",
    )
    parser.add_argument(
        "--tail",
        type=_share,
        default=0.05,
        metavar="P",
        help="share of normal regions beyond the place where a term holds fully (default 5%%)",
    )
    parser.add_argument("--write", action="store_true", help="write the proposals into the rule file")
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    result: int = importlib.import_module("kistdsl.cli.suggesting").run(args)
    return result


def _share(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 0.5:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0 and below one half; write 1% or 0.01")
    return value
