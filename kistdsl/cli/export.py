"""`kistdsl export RUN`: the network and its filter as one ONNX model."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from kistdsl.cli.console import Console, add_verbosity
from kistdsl.diagnostics import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder of `kistdsl train`")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="the .onnx file (default: RUN/model.onnx)"
    )
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    target = args.out or args.run / "model.onnx"
    if target.suffix != ".onnx":
        raise InputError(f"{target}: name a .onnx file")
    # By name: torch takes two seconds to load, and --help does not need it.
    difference: float = importlib.import_module("kistdsl.kist.onnx_export").export(args.run, target)
    Console.of(args).say(
        f"compared with torch: maps differ by at most {difference:.1e} of their highest value"
    )
    print(target)
    return 0
