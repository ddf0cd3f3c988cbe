"""Writes what `kistdsl build` makes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from kistdsl.atomic import atomic_path, write_text
from kistdsl.cli.console import Console
from kistdsl.diagnostics import InputError
from kistdsl.language import checked


def build(args: argparse.Namespace) -> int:
    """Compile, write, and say what was written."""
    from kistdsl.engine.rule_set import load

    program = load(args.rules).program
    written = _TARGETS[args.target](program, Path(args.rules), Path(args.out))
    count = len(program.rules)
    where = ", ".join(str(path) for path in written)
    Console.of(args).say(f"{count} rule{'s' * (count != 1)}, alpha {program.alpha:g} -> {where}")
    return 0


def _file(out: Path) -> Path:
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name the file to write")
    return out


def _json(program: checked.Program, rules: Path, out: Path) -> tuple[Path, ...]:
    from kistdsl.backends.json_export import to_json

    write_text(_file(out), to_json(program))
    return (out,)


def _c(program: checked.Program, rules: Path, out: Path) -> tuple[Path, ...]:
    from kistdsl.backends.c_export import to_c

    source = out / f"{rules.stem}.c" if out.is_dir() else out
    if source.suffix != ".c":
        raise InputError(f"{out}: for C name a .c file (the .h goes beside it) or a folder that exists")
    header = source.with_suffix(".h")
    for path in (source, header):
        _file(path)
    code = to_c(program, source.stem)
    with ExitStack() as both:  # neither name appears before both texts are written
        for path, text in ((header, code.header), (source, code.source)):
            both.enter_context(atomic_path(path)).write_text(
                text, encoding="utf-8", errors="replace", newline="\n"
            )
    return source, header


def _onnx(program: checked.Program, rules: Path, out: Path) -> tuple[Path, ...]:
    try:
        from kistdsl.backends.onnx_export import to_onnx
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "kistdsl":
            raise
        raise InputError(f"--target onnx needs the package {error.name}: pip install kistdsl[onnx]") from None
    model = to_onnx(program)
    with atomic_path(_file(out)) as path:
        path.write_bytes(model)
    return (out,)


_TARGETS: Mapping[str, Callable[[checked.Program, Path, Path], tuple[Path, ...]]] = {
    "json": _json,
    "c": _c,
    "onnx": _onnx,
}
"""Each writes its files and returns their paths."""
