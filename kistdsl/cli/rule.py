"""`kistdsl rule K301`: what a diagnostic means, with a bad and a good example."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields

from kistdsl.cli import reports
from kistdsl.cli.console import add_verbosity
from kistdsl.diagnostics import InputError
from kistdsl.language.catalog import CATALOG, find_code
from kistdsl.language.codes import Code
from kistdsl.language.nearest import nearest


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", nargs="*", metavar="CODE", help="a code or a slug; none lists all")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print them")
    add_verbosity(parser)


def run(args: argparse.Namespace) -> int:
    chosen = [_find(word) for word in args.code] or list(CATALOG)
    if args.format == "json":
        objects = [{f.name: getattr(code, f.name) for f in fields(Code)} for code in chosen]
        reports.write(json.dumps(objects, indent=2, ensure_ascii=False) + "\n")
    elif args.code:
        reports.write("\n".join(_text(code) for code in chosen))
    else:
        reports.write("".join(f"{c.code}  {c.severity:<7}  {c.slug:<30} {c.title}\n" for c in chosen))
    return 0


def _find(word: str) -> Code:
    code = find_code(word)
    if code is None:
        close = nearest(word, [name for c in CATALOG for name in (c.code, c.slug)])
        hint = f"; did you mean {close}?" if close else "; `kistdsl rule` lists all"
        raise InputError(f"there is no diagnostic {word}{hint}")
    return code


def _text(code: Code) -> str:
    parts = [f"{code.code} {code.slug} ({code.severity})\n{code.title[0].upper()}{code.title[1:]}.\n"]
    parts.append(f"{code.explanation.strip()}\n")
    for title, example in (("Bad", code.bad), ("Good", code.good)):
        if example:
            lines = (
                example.replace("\ufeff", "<BOM>")
                .replace("\r\n", "<CR>\n")
                .replace("\r", "<CR>")
                .rstrip("\n")
            )
            parts.append(
                f"{title}:\n\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines.split("\n"))
            )
    return "\n".join(parts)
