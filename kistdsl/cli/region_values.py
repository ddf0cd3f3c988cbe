"""The region that `explain` is asked about: from `--set`, or a row of a table."""

from __future__ import annotations

import argparse
import math

from kistdsl.diagnostics import InputError
from kistdsl.engine.files import read_row
from kistdsl.engine.rule_set import RuleSet
from kistdsl.language.analysis import propositions
from kistdsl.language.nearest import did_you_mean
from kistdsl.language.spelling import number_value
from kistdsl.language.user_properties import installed


def region_values(rules: RuleSet, args: argparse.Namespace) -> dict[str, float]:
    """A number for each property that the rules use.

    Raises:
        InputError: a name is not a property, a value is no number or missing, the table has no such row.
    """
    if args.table is not None:
        if args.row is None:
            raise InputError("--table also needs --row N: which row of it, counted from 1")
        return _from_table(rules, args.table, args.row)
    if args.row is not None:
        raise InputError("--row belongs to --table")
    return _from_settings(rules, args.settings)


def _from_table(rules: RuleSet, table: str, number: int) -> dict[str, float]:
    values = read_row(table, number, rules.properties)
    missing = [name for name, value in values.items() if math.isnan(value)]
    if missing:
        readers = _readers(rules, set(missing))
        raise InputError(
            f"{table}: row {number} has no value for {', '.join(missing)}, which rule{'s' if len(readers) > 1 else ''} "
            f"{', '.join(readers)} read{'' if len(readers) > 1 else 's'}: its grade is not known"
        )
    for name, value in values.items():
        if math.isinf(value):
            raise InputError(f"{table}: row {number}, column {name!r}: {value} is not a finite number")
    return values


def _from_settings(rules: RuleSet, settings: list[str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        name = name.strip()
        if not sign or not name:
            raise InputError(f"--set {setting}: expected PROPERTY=VALUE, such as gray=31")
        _check_name(rules, name)
        if name in values:
            raise InputError(f"--set {setting}: {name} is given twice")
        values[name] = _number(name, text.strip())
    missing = [name for name in rules.properties if name not in values]
    if missing:
        readers = _readers(rules, set(missing))
        raise InputError(
            f"--set has no value for {', '.join(missing)}, which rule{'s' if len(readers) > 1 else ''} "
            f"{', '.join(readers)} read{'' if len(readers) > 1 else 's'}"
        )
    return values


def _check_name(rules: RuleSet, name: str) -> None:
    known = dict.fromkeys([*rules.properties, *installed()])
    if name not in known:
        hint = did_you_mean(name, known) or f"the rules use {', '.join(rules.properties)}"
        raise InputError(f"--set {name}: there is no such property; {hint.replace('`', '')}")


def _number(name: str, text: str) -> float:
    try:
        value = number_value(text)
    except ValueError:
        hint = f"; did you mean {text.replace(',', '.')}?" if text.count(",") == 1 else ""
        raise InputError(f"--set {name}={text}: {text!r} is not a number{hint}") from None
    if not math.isfinite(value):
        raise InputError(f"--set {name}={text}: expected a finite number")
    return value


def _readers(rules: RuleSet, names: set[str]) -> list[str]:
    """Names of the rules that read one of the properties."""
    return [rule.name for rule in rules.rules if any(p.column in names for p in propositions(rule.condition))]
