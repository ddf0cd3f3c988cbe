"""`kistdsl lsp`: the language server, over standard input and output."""

from __future__ import annotations

import argparse
import importlib
import importlib.util

from kistdsl.cli.console import add_verbosity
from kistdsl.diagnostics import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stdio", action="store_true", help="accepted for editors that pass it; the only way"
    )
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    if importlib.util.find_spec("pygls") is None:
        raise InputError("the language server needs pygls: pip install 'kistdsl[lsp]'")
    importlib.import_module("kistdsl.lsp.server").serve()
    return 0
