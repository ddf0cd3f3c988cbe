"""`kistdsl debug ast|ir|kernel FILE`: what each stage of the compiler makes of a rule file."""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stage",
        choices=("ast", "ir", "kernel"),
        help="ast: the syntax tree; ir: the steps after each pass; kernel: the code",
    )
    parser.add_argument("file", metavar="FILE", help="rule file (.kr)")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64", help="arithmetic")
    parser.add_argument("--all-passes", action="store_true", help="ir: print the program after every pass")
    parser.add_argument(
        "--backend", choices=("numba", "numpy", "torch"), default="numba", help="kernel: whose"
    )
    parser.add_argument(
        "--kind", choices=("grade", "evaluate", "matrix", "decide"), default="grade", help="kernel: of what"
    )
    parser.add_argument(
        "--form",
        choices=("assembly", "optimised", "machine"),
        default="assembly",
        help="kernel: LLVM assembly as written, after LLVM's passes, or this processor's instructions",
    )


def run(args: argparse.Namespace) -> int:
    from kistdsl.cli import debugging

    print(debugging.text_of(args), end="")
    return 0
