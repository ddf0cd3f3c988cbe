"""Did you mean: the known name that a misspelt one is closest to."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 64
"""Letters of a word beyond which nobody misspelt it."""

SHOWN = 30
"""Most names that a message lists."""


def listed(names: Iterable[str]) -> str:
    """`a, b, c`, and how many more when there are too many to read."""
    words = list(dict.fromkeys(names))
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def shortened(name: str) -> str:
    """A name as a message shows it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name in `known` within a third of its letters of `word`, the closest one; None if none is.

    Letters swapped, left out, added or changed each count one; upper and lower case differ by nothing.
    """
    best: tuple[int, str] | None = None
    if len(word) > LONGEST:
        return None
    for name in known:
        limit = max(1, max(len(word), len(name)) // 3)
        distance = _distance(word.lower(), name.lower(), limit)
        if distance <= limit and (best is None or (distance, name) < best):
            best = (distance, name)
    return None if best is None else best[1]


def _distance(a: str, b: str, limit: int) -> int:
    """Optimal string alignment distance; anything over `limit` is only known to be over it."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        current = [i]
        for j, other in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Help text, or None when nothing is close."""
    name = nearest(word, known)
    return None if name is None else f"did you mean `{name}`?"
