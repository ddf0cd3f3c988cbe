"""`kistdsl build RULES --target onnx|c|json -o OUT`: the rule set for embedding elsewhere."""

from __future__ import annotations

import argparse

from kistdsl.cli.console import add_verbosity


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", help="rule file (.kr)")
    parser.add_argument(
        "--target",
        choices=("onnx", "c", "json"),
        required=True,
        help="c: a C99 header and source without dependencies; onnx: a model for onnxruntime; json: the checked "
        "program for other implementations",
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        required=True,
        help="file to write; c: the .c file (its .h goes beside), or a folder for <RULES>.c and <RULES>.h",
    )
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    from kistdsl.cli import building

    return building.build(args)
