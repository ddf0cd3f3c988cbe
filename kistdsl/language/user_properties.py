"""Region properties of a user's own: one declaration, known to check, grade and label.

```python
import kistdsl

@kistdsl.property(name="hot", unit="fraction", range=(0, 1), gamma=1, doc="share of overexposed pixels")
def hot(region):
    return (region.gray >= 250).mean()
```
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

from kistdsl.diagnostics import InputError, KistError
from kistdsl.language.tokens import KEYWORDS
from kistdsl.schema import BUILTIN, ColumnSpec, Schema

ENTRY_POINTS = "kistdsl.properties"
"""Entry point group: `name = "module:function"` where the function is declared with `property`."""

Measure: TypeAlias = Callable[[Any], float]
"""A user's own property: takes a `kistdsl.regions.region.Region`, gives one number."""


@dataclass(frozen=True, slots=True)
class UserProperty:
    """A user's own property: its declaration and the function that measures it."""

    column: ColumnSpec
    measure: Measure

    def __call__(self, region: Any) -> float:
        return float(self.measure(region))


_DECLARED: dict[str, UserProperty] = {}


def property(
    *, name: str, unit: str, range: tuple[float, float], gamma: float, doc: str, formula: str = ""
) -> Callable[[Measure], UserProperty]:
    """Declare a region property of one's own: from then on rules, checks and tables know it.

    Use it as a decorator on a function that takes a `Region` (its pixels, gray, residual and image)
    and returns one number. Every image and region is measured through it, in Python, so it is slower
    than the built-in ones. Distribute it by an entry point of the group `kistdsl.properties`.

    Args:
        name: the word used in rules.
        unit: how a value is read.
        range: smallest and largest possible value; infinite ends allowed.
        gamma: default scale factor, v' = v / gamma.
        doc: one sentence for an expert.
        formula: how it is computed.

    Raises:
        InputError: the declaration is not sound, or the name is a built-in property's.
    """

    def declare(measure: Measure) -> UserProperty:
        try:
            column = ColumnSpec(name, unit, float(range[0]), float(range[1]), float(gamma), doc, formula)
        except (ValueError, TypeError) as error:
            raise InputError(str(error)) from error
        if name in BUILTIN:
            raise InputError(f"property {name!r} is built in; choose another name")
        if name.lower() in KEYWORDS:
            raise InputError(f"property {name!r} is a keyword of the rule language; choose another name")
        _DECLARED[name] = UserProperty(column, measure)
        return _DECLARED[name]

    return declare


@cache
def _load_entry_points() -> None:
    """Import what installed packages declare; each file is imported once a process."""
    metadata = importlib.import_module("importlib.metadata")  # 40 ms: only where properties are asked for
    for point in metadata.entry_points(group=ENTRY_POINTS):
        try:
            point.load()
        except KistError:
            raise
        except Exception as error:
            raise InputError(f"property {point.name!r} ({point.value}) cannot be loaded: {error}") from error


def user_properties() -> Mapping[str, UserProperty]:
    """The properties declared with `property` in this process and by installed packages, by name."""
    _load_entry_points()
    return MappingProxyType(_DECLARED)


def installed() -> Schema:
    """The built-in properties and every user's own that is known: what rules may speak of."""
    own = user_properties()
    return BUILTIN.extended(p.column for p in own.values()) if own else BUILTIN
