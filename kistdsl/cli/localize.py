"""`kistdsl localize`: anomaly maps, masks and overlays of images."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from kistdsl.cli.console import add_verbosity
from kistdsl.cli.thresholds import add_thresholds


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        type=Path,
        metavar="RUN",
        help="a run folder of `kistdsl train`, or a model of `kistdsl export`",
    )
    parser.add_argument(
        "images", type=Path, nargs="+", metavar="IMAGE_OR_DIR", help="image files, or folders of them"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="go on with images that appear in the folders, until Ctrl-C; those done before are left out",
    )
    parser.add_argument("--no-filter", action="store_true", help="the raw map, without the run's filter")
    add_thresholds(parser)
    parser.add_argument("--batch", type=_count, default=8, metavar="N", help="images at a time (default 8)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--backend",
        choices=("auto", "torch", "onnx"),
        default="auto",
        help="onnx: run RUN/model.onnx (see `kistdsl export`); auto: torch for a run folder where it is installed",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line and image on standard output"
    )
    add_verbosity(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    # Threads that wait by spinning stand still for each other on a machine that does other work too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # By name: numba and cv2 take a while to load, and --help does not need them.
    result: int = importlib.import_module("kistdsl.cli.localizing").run(args)
    return result
