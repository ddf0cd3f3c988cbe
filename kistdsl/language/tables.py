"""The parser's tables, made from the grammar once and stored beside this file as JSON.

Building them takes several times as long as reading them. They are used only where they fit: made from
this very grammar by this very version of Lark; anywhere else the parser is built from the grammar, with
the same result. `python -m kistdsl.language.tables` writes them anew; a test says when that is due.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Transformer

from kistdsl.resources import resource

STORED = Path(__file__).with_name("tables.json")

_OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "contextual",
    "start": ["file", "case"],
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


def make_parser(transformer: Transformer[Any, Any]) -> Lark:
    """The parser of the language, which calls `transformer` at each reduction."""
    grammar = resource("grammars/kr.lark").read_text(encoding="utf-8")
    stored = _stored(grammar)
    if stored is None:
        return Lark(grammar, transformer=transformer, **_OPTIONS)
    parser: Lark = Lark._load_from_dict(*stored, transformer=transformer)  # type: ignore[no-untyped-call]
    return parser


def _stored(grammar: str) -> tuple[Any, Any] | None:
    try:
        tables = json.loads(STORED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if (tables["lark"], tables["grammar"]) != (lark.__version__, _digest(grammar)):
        return None
    return _integer_keys(tables["data"]), _integer_keys(tables["memo"])


def _digest(grammar: str) -> str:
    return hashlib.sha256(grammar.encode("utf-8")).hexdigest()


def _integer_keys(value: Any) -> Any:
    """JSON turns the integer keys of the tables into texts; this turns them back."""
    if isinstance(value, dict):
        return {int(k) if k.isdigit() else k: _integer_keys(v) for k, v in value.items()}
    return [_integer_keys(v) for v in value] if isinstance(value, list) else value


def made() -> str:
    """The text of the stored file for the present grammar and version of Lark."""
    grammar = resource("grammars/kr.lark").read_text(encoding="utf-8")
    data, memo = Lark(grammar, **_OPTIONS).memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
    tables = {"lark": lark.__version__, "grammar": _digest(grammar), "data": data, "memo": memo}
    return json.dumps(tables, sort_keys=True, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    STORED.write_text(made(), encoding="utf-8", newline="\n")
