"""Conditions with parts left out: what the checks of single clauses compare."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kistdsl.language import checked
from kistdsl.language.analysis import operands

Path: TypeAlias = tuple[int, ...]
"""Where a part of a condition is: the operand to take at each level."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition.

    Attributes:
        path: where it is.
        node: the part.
        parent: the AND or OR that it is an operand of; None where it is the whole condition or under NOT.
        weakest: whether the parent takes the smallest of its operands, negations around it considered;
            leaving an operand out then raises the condition's truth, else lowers it.
    """

    path: Path
    node: checked.Condition
    parent: checked.And | checked.Or | None
    weakest: bool


def parts(condition: checked.Condition) -> Iterator[Part]:
    """All parts, level by level, on each level in the order written."""
    level = [(Part((), condition, None, False), True)]
    while level:
        following = []
        for part, positive in level:
            yield part
            node = part.node
            if isinstance(node, checked.Not):
                following.append((Part((*part.path, 0), node.operand, None, False), not positive))
            elif isinstance(node, checked.And | checked.Or):
                weakest = isinstance(node, checked.And) == positive
                following.extend(
                    (Part((*part.path, i), operand, node, weakest), positive)
                    for i, operand in enumerate(operands(node))
                )
        level = following


def within(path: Path, outer: Collection[Path]) -> bool:
    """Whether a path is one of `outer` or lies inside one."""
    return any(path[:n] in outer for n in range(len(path) + 1))


def pruned(condition: checked.Condition, removed: Collection[Path], path: Path = ()) -> checked.Condition:
    """The condition without the parts at `removed`; an AND or OR keeps at least one operand."""
    if isinstance(condition, checked.Proposition):
        return condition
    if isinstance(condition, checked.Not):
        return checked.Not(pruned(condition.operand, removed, (*path, 0)), condition.span)
    kept = tuple(
        pruned(operand, removed, (*path, i))
        for i, operand in enumerate(condition.operands)
        if (*path, i) not in removed
    )
    return type(condition)(kept or condition.operands[:1], condition.span)


def siblings(part: Part) -> list[Path]:
    """Paths of the other operands of the part's parent."""
    if part.parent is None:
        return []
    above = part.path[:-1]
    return [(*above, i) for i in range(len(part.parent.operands)) if i != part.path[-1]]
