"""`kistdsl build --target json`: the checked program for other implementations.

The form is fixed by `rules.schema.json` beside this module. Numbers are float64 in their shortest exact
form; infinite ones, which JSON has not, are the strings "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import Any

from kistdsl._version import __version__
from kistdsl.language import checked

FORMAT = "kistdsl-rules"
VERSION = 1
"""Rises when a reader of the old form would misread the new one."""

Json = dict[str, Any]


def schema() -> Json:
    """The JSON schema (draft 2020-12) of what `to_json` writes."""
    loaded: Json = json.loads(files("kistdsl.backends").joinpath("rules.schema.json").read_text("utf-8"))
    return loaded


def to_json(program: checked.Program) -> str:
    """The program as JSON text, ending in a newline; equal programs give equal texts."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "generator": f"kistdsl {__version__}",
        "name": program.name,
        "product": program.product,
        "source_hash": program.source_hash,
        "alpha": program.alpha,
        "norms": program.norms,
        "classes": list(program.classes),
        "properties": [_property(column) for column in program.columns],
        "rules": [_rule(rule) for rule in program.rules],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"


def _property(column: checked.Column) -> Json:
    spec = column.spec
    return {
        "name": spec.name,
        "unit": spec.unit,
        "low": _number(spec.low),
        "high": _number(spec.high),
        "gamma": column.gamma,
        "description": spec.doc,
    }


def _rule(rule: checked.Rule) -> Json:
    return {
        "name": rule.name,
        "text": rule.text,
        "line": rule.line,
        "class": rule.target,
        "truth_value": rule.truth_value,
        "condition": _condition(rule.condition),
    }


def _condition(condition: checked.Condition) -> Json:
    if isinstance(condition, checked.Proposition):
        return {
            "property": condition.column,
            "divisor": condition.divisor,
            "term": condition.term.name,
            "function": condition.term.function.kind,
            "arguments": [_number(v) for v in condition.term.function.arguments],
            "hedges": list(condition.hedges),
            "negated": condition.negated,
        }
    if isinstance(condition, checked.Not):
        return {"not": _condition(condition.operand)}
    word = "and" if isinstance(condition, checked.And) else "or"
    return {word: [_condition(operand) for operand in condition.operands]}
