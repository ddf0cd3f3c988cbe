"""What it takes to repeat the run."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from kistdsl.report.contents import Contents
from kistdsl.report.html import section, table


def settings(contents: Contents) -> str:
    """Versions and data, then every setting."""
    facts = {name: value for name, value in contents.config.items() if name != "settings"}
    first = table("Versions and data.", ["what", "value"], _rows(facts))
    every = table("Every setting, as config.json holds it.", ["setting", "value"], _rows(contents.settings))
    return section(
        "settings", "To repeat this run", first, f"<details><summary>Settings</summary>{every}</details>"
    )


def _rows(values: Mapping[str, object]) -> list[list[str]]:
    return [[escape(name), f"<code>{escape(_said(value))}</code>"] for name, value in values.items()]


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
