"""Writes `docs/cli.md` from the verbs' options.

    python docs/make_cli.py [--check]

With `--check` nothing is written; exit code 1 when the file is not what it would be.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from kistdsl.cli.main import VERBS

TARGET = Path(__file__).resolve().parent / "cli.md"

HEAD = """# Every verb and its options

Made by `docs/make_cli.py` from the verbs' options; do not edit.

Exit codes: 0 fine, 1 findings (errors in rule files, failing tests, files that `fmt --check` would change), 2 wrong usage or
input that cannot be used, 101 a bug in kistdsl, 130 stopped by Ctrl-C (`train` and `reproduce`: by SIGTERM too).
Messages go to standard error, results to standard output; colour only on a terminal (`NO_COLOR` and `FORCE_COLOR` are respected).
"""


def _form(action: argparse.Action) -> str:
    """`-o, --out OUT`, or the name of a positional argument."""
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    if action.choices is not None and not action.metavar:
        name = "{" + ",".join(map(str, action.choices)) + "}"
    forms: dict[object, str] = {"*": f"[{name} ...]", "+": f"{name} ...", "?": f"[{name}]", 0: ""}
    return " ".join(filter(None, [", ".join(action.option_strings), forms.get(action.nargs, name)]))


def _options(verb: str) -> str:
    """The table of a verb's arguments and options. Written here, for argparse's own layout varies with Python."""
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"kistdsl.cli.{verb}").configure(parser)
    rows = [
        f"| `{_form(action)}` | {(action.help or '').replace('%%', '%').replace('|', chr(92) + '|')} |"
        for action in parser._actions
    ]
    return "\n".join(["| argument | |", "|---|---|", *rows])


def page() -> str:
    """The whole file."""
    rows = [f"| [`{name}`](#{name}) | {text} |" for name, text in VERBS.items()]
    parts = [HEAD, "\n".join(["| verb | does |", "|---|---|", *rows, ""])]
    for name, text in VERBS.items():
        parts.append(f"## {name}\n\n{text[0].upper()}{text[1:]}.\n\n{_options(name)}\n")
    return "\n".join(parts)


def main() -> int:
    if "--check" in sys.argv[1:]:
        return int(not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != page())
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
