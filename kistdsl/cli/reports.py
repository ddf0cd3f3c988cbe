"""How the verbs that read rule files find them and show what is wrong in them."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from kistdsl.diagnostics import Diagnostic, InputError
from kistdsl.diagnostics.render import COLOUR, PLAIN, Style, render
from kistdsl.language.catalog import CATALOG
from kistdsl.language.sources import Loaded, bounded, decode, load_file

FORMATS = ("concise", "json", "github", "sarif")
"""Formats for other tools; `kistdsl.diagnostics.export` writes them."""

STDIN = "-"
STDIN_NAME = "<stdin>"


def add_files(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=f"{help}; a folder stands for the .kr files in it, - for standard input",
    )
    parser.add_argument(
        "--stdin-filename",
        default=STDIN_NAME,
        metavar="NAME",
        help="what standard input is called in messages; its includes are looked up beside it",
    )


def add_colour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour in reports (default: on a terminal; NO_COLOR and FORCE_COLOR decide otherwise)",
    )


def style(choice: str, stream: TextIO | None = None) -> Style:
    """Colour on request or on a terminal that can show it; `stream` is standard output by default.

    NO_COLOR (whatever its value, unless empty) and FORCE_COLOR decide where nothing was asked for; NO_COLOR wins.
    """
    if choice != "auto":
        return COLOUR if choice == "always" else PLAIN
    if os.environ.get("NO_COLOR"):
        return PLAIN
    if os.environ.get("FORCE_COLOR"):
        return COLOUR
    return COLOUR if (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb" else PLAIN


def expanded(files: Sequence[str]) -> list[str]:
    """The files named, a folder replaced by the `.kr` files below it.

    Raises:
        InputError: a folder holds no rule file or cannot be read, or a name is empty; nothing was read yet.
    """
    return list(_expanded(files))


def _expanded(files: Sequence[str]) -> Iterator[str]:
    for name in files:
        if not name:  # an unset variable of the shell; as a path it would be this folder
            raise InputError("an empty file name was given")
        if name == STDIN or not Path(name).is_dir():
            yield name
            continue
        found = sorted(_below(name))
        if not found:
            raise InputError(f"{name}: no .kr file in this folder")
        yield from found


def _below(folder: str) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error

    for root, _, names in os.walk(folder, onerror=unreadable):
        yield from (str(Path(root, name)) for name in names if name.endswith(".kr"))


def load(name: str, stdin_name: str = STDIN_NAME) -> Loaded:
    """Read a file, or standard input for `-`.

    Raises:
        InputError: it cannot be read.
    """
    if name != STDIN:
        return load_file(name)
    return decode(bounded(sys.stdin.buffer, stdin_name), stdin_name)


def show(diagnostics: Sequence[Diagnostic], output_format: str, colour: str = "auto") -> None:
    """Write the reports to standard output."""
    if output_format == "full":
        chosen = style(colour)
        write("\n".join(render(d, chosen) for d in diagnostics))
    else:
        export = importlib.import_module("kistdsl.diagnostics.export")  # json and all: only on request
        write(export.FORMATS[output_format](diagnostics, CATALOG))


def write(text: str) -> None:
    """Print to standard output, on terminals that know only some letters too."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
