"""The parser's tables: what Lark makes of the grammar, stored beside this file as JSON.

The grammar in `grammars/kr.lark` is the language; Lark proves that it is LALR(1) and works out the tables.
That takes longer than checking a rule file, and so does importing Lark, so the tables are made once and read
back. They are used only where they were made from this very grammar; anywhere else they are made anew, with the
same result. `python -m kistdsl.language.tables` writes them; a test says when that is due.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from kistdsl.resources import resource

STORED = Path(__file__).with_name("tables.json")

OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "contextual",
    "start": ["file", "case"],
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}
"""How Lark reads the grammar. The lexer is contextual for one word: HIGH is a keyword behind a property's name."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """One way to write a symbol: the last `size` values become one of `origin`.

    Attributes:
        method: the builder's method that makes the value.
        single: a lone child stands for the symbol itself, without a call.
        spliced: the symbol is a repetition; its children go in its parent's place of it.
        splices: one of the children may be such a repetition.
    """

    size: int
    origin: str
    method: str
    single: bool
    spliced: bool
    splices: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """An LALR(1) automaton.

    Attributes:
        actions: for each state, by terminal: the state behind a shift (>= 0), or -1 - index of a reduction.
        gotos: for each state, by reduced symbol: the next state.
        starts, ends: by start symbol, the state before anything is read and the one where all is.
    """

    actions: tuple[dict[str, int], ...]
    gotos: tuple[dict[str, int], ...]
    reductions: tuple[Reduction, ...]
    starts: dict[str, int]
    ends: dict[str, int]


def load() -> Tables:
    """The tables of the grammar: the stored ones where they fit."""
    grammar = resource("grammars/kr.lark").read_text(encoding="utf-8")
    stored = _stored(grammar) or made(grammar)
    return Tables(
        tuple(stored["actions"]),
        tuple(stored["gotos"]),
        tuple(Reduction(*row) for row in stored["reductions"]),
        stored["starts"],
        stored["ends"],
    )


def _stored(grammar: str) -> dict[str, Any] | None:
    try:
        tables: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return tables if tables.get("grammar") == grammar else None


def made(grammar: str) -> dict[str, Any]:
    """The tables of a grammar as JSON data, by Lark; the same grammar gives the same data."""
    lark = importlib.import_module("lark")  # only where the stored tables do not fit
    data, memo = lark.Lark(grammar, **OPTIONS).memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
    table = data["parser"]["parser"]
    rules = {k: _reduction(rule) for k, rule in memo.items() if rule["__type__"] == "Rule"}
    reductions = sorted(set(rules.values()))
    rows = {
        state: {table["tokens"][token]: action for token, action in row.items()}
        for state, row in table["states"].items()
    }
    number = _numbered(rows, table["start_states"])
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    for state in number:
        entries = {
            name: -1 - reductions.index(rules[to["@"]]) if reduces else number[to]
            for name, (reduces, to) in sorted(rows[state].items())
        }
        actions.append({name: to for name, to in entries.items() if name.isupper()})
        gotos.append({name: to for name, to in entries.items() if not name.isupper()})
    return {
        "grammar": grammar,
        "actions": actions,
        "gotos": gotos,
        "reductions": [list(reduction) for reduction in reductions],
        "starts": {symbol: number[state] for symbol, state in sorted(table["start_states"].items())},
        "ends": {symbol: number[state] for symbol, state in sorted(table["end_states"].items())},
    }


def _numbered(rows: dict[Any, dict[str, Any]], starts: dict[str, Any]) -> dict[Any, int]:
    """Each state's number, in the order in which they are reached: Lark's own order changes from run to run."""
    order = [starts[symbol] for symbol in sorted(starts)]
    for state in order:
        reached = (to for _, (reduces, to) in sorted(rows[state].items(), key=itemgetter(0)) if not reduces)
        order.extend(dict.fromkeys(to for to in reached if to not in order))
    return {state: i for i, state in enumerate(order)}


def _reduction(rule: dict[str, Any]) -> tuple[int, str, str, bool, bool, bool]:
    origin, children = rule["origin"]["name"], [symbol["name"] for symbol in rule["expansion"]]
    return (
        len(children),
        origin,
        rule["alias"] or origin,
        rule["options"]["expand1"] and not rule["alias"],
        origin.startswith("_"),
        any(name.startswith("_") for name in children),
    )


if __name__ == "__main__":
    data = made(resource("grammars/kr.lark").read_text(encoding="utf-8"))
    STORED.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")
