"""The texts that `kistdsl debug` prints."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from kistdsl.backends.registry import backend
from kistdsl.diagnostics import InputError, Span
from kistdsl.engine.rule_set import load
from kistdsl.ir.lower import lower
from kistdsl.ir.passes import PASSES
from kistdsl.ir.printer import to_text
from kistdsl.ir.verify import verify
from kistdsl.language.parser import parse
from kistdsl.language.sources import load_file


def text_of(args: argparse.Namespace) -> str:
    """The stage that was asked for, ending in a newline."""
    if args.stage == "ast":
        return "\n".join(_tree(parse(load_file(args.file).source).tree, "")) + "\n"
    rules = load(args.file)
    if args.stage == "ir":
        return _passes(args) if args.all_passes else to_text(rules.lowered(args.dtype))
    if not rules.rules:
        raise InputError(f"{args.file}: no rule, so there is no kernel")
    return backend(args.backend).source(rules.lowered(args.dtype), args.kind, args.form)


def _passes(args: argparse.Namespace) -> str:
    program = verify(lower(load(args.file).program, args.dtype), "lowering")
    parts = [f"; lowered\n{to_text(program)}"]
    for name, run in PASSES:
        program = verify(run(program), name)
        parts.append(f"; after {name}\n{to_text(program)}")
    return "\n".join(parts)


def _tree(node: object, indent: str, label: str = "") -> Iterator[str]:
    """One line a node: its type, its plain fields, then its children two spaces in."""
    plain: list[str] = []
    children: list[tuple[str, object]] = []
    for name, value in _fields(node):
        values = value if isinstance(value, tuple) else (value,)
        if any(is_dataclass(v) for v in values):
            children += [(name, v) for v in values]
        else:
            plain.append(f"{name}={value!r}")
    yield " ".join([f"{indent}{label}{type(node).__name__}", *plain])
    for name, child in children:
        yield from _tree(child, indent + "  ", f"{name}: ")


def _fields(node: object) -> Iterator[tuple[str, object]]:
    for field in fields(node) if is_dataclass(node) else ():
        value = getattr(node, field.name)
        if not isinstance(value, Span) and value not in (None, ()):
            yield field.name, value
