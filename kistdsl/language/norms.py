"""The families of operators: what AND and OR compute, in the words and in the steps of one table.

The steps are those that every evaluator takes, in this order and rounding after each: the interpreter calls
them, and `kistdsl.ir.lower` names the nodes that take them elsewhere. NOT a is 1 - a in all families.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Join: TypeAlias = Callable[[Any, Any], Any]
"""Two truths in [0, 1], float64 or float32, to one of the same type; NaN if either is NaN."""


@dataclass(frozen=True, slots=True)
class Norms:
    """One family.

    Attributes:
        both, either: AND and OR (equations 1 and 2 for `zadeh`; the others are not in the paper).
        both_text, either_text: the same as a reader knows them.
    """

    both: Join
    either: Join
    both_text: str
    either_text: str


def _smaller(a: Any, b: Any) -> Any:
    return a if (a < b or a != a) else b


def _larger(a: Any, b: Any) -> Any:
    return a if (a > b or a != a) else b


def _bounded_difference(a: Any, b: Any) -> Any:
    t = (a + b) - 1.0
    return 0.0 if t <= 0.0 else t


def _bounded_sum(a: Any, b: Any) -> Any:
    t = a + b
    return 1.0 if t >= 1.0 else t


FAMILIES: Mapping[str, Norms] = {
    "zadeh": Norms(_smaller, _larger, "min(a, b)", "max(a, b)"),
    "product": Norms(lambda a, b: a * b, lambda a, b: a + b * (1.0 - a), "a b", "a + b - a b"),
    "lukasiewicz": Norms(_bounded_difference, _bounded_sum, "max(0, a + b - 1)", "min(1, a + b)"),
}
"""Every family by its name, the default one first."""

DEFAULT = next(iter(FAMILIES))


def described() -> str:
    """All families in one sentence."""
    return "; ".join(
        f"`{name}`: a AND b is {n.both_text}, a OR b is {n.either_text}" for name, n in FAMILIES.items()
    )
