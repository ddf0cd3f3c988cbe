"""How values and grades are written in messages."""

from __future__ import annotations

from collections.abc import Sequence

from kistdsl.language.literals import FINITE
from kistdsl.schema import ColumnSpec


def quantity(spec: ColumnSpec, value: float) -> str:
    """A property's value as an expert writes it: `1.25%` of the area, `31` gray levels."""
    if abs(value) >= FINITE:
        return "inf" if value > 0 else "-inf"
    if spec.unit == "fraction":
        return f"{100.0 * value:.4g}%"
    return f"{value:.6g}"


def grade(value: float, *others: float) -> str:
    """A grade with two digits, or as many as it takes to differ from the `others` that it differs from."""
    for digits in range(2, 17):
        text = f"{value:.{digits}f}"
        if all(text != f"{other:.{digits}f}" for other in others if other != value):
            return text
    return repr(value)


def enumeration(words: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def quoted(names: Sequence[str]) -> str:
    """Names in backquotes, as an enumeration."""
    return enumeration([f"`{name}`" for name in names])
