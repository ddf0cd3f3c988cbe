"""Rules against rules: which one never grades above which other one.

Exact for zadeh norms. In sets of more than `PAIRWISE` rules of one class only rules whose clauses contain
all clauses of another one are compared; whatever else may hold there is "not proved". So is what is left
when `COMPARISONS` are spent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from kistdsl.language.dominance import NOISE, never_above
from kistdsl.language.extremes import best_of_group, worst_on_column
from kistdsl.language.literals import (
    AnyOf,
    Conjunction,
    Literal,
    NotProvedError,
    by_column,
    conjunctive,
    form_of,
    order,
)

if TYPE_CHECKING:
    from kistdsl.language.analysis import RuleFacts

PAIRWISE = 400
"""Most rules of one class that are compared each with each."""
JOINT = 6
"""Most rules of other classes that are looked at together."""
COMPARISONS = 100_000
"""Most comparisons of a conjunction with a clause in one file, for each of the two questions."""
WIDE = 6
"""Most clauses of a rule whose subsets are looked up in a large set."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule that another one of its class makes needless; `equal` when the two agree everywhere."""

    rule: int
    by: int
    equal: bool


class Candidate:
    """A rule that can fire, prepared for comparison."""

    def __init__(
        self, facts: RuleFacts, groups: tuple[Conjunction, ...], clauses: tuple[Conjunction, ...], best: float
    ) -> None:
        self.facts, self.groups, self.clauses, self.best = facts, groups, clauses, best
        self.index = facts.index

    @cached_property
    def heights(self) -> tuple[tuple[float, frozenset[str]], ...]:
        """Best value and properties of each conjunction."""
        return tuple((best_of_group(g).value, frozenset(f.column for f in g)) for g in self.groups)

    @cached_property
    def demands(self) -> frozenset[frozenset[str]]:
        """Properties of each clause that can be 0: a rule that leaves them open is not covered."""
        return frozenset(
            frozenset(columns)
            for columns in map(by_column, self.clauses)
            if all(worst_on_column(literals).value <= 0.0 for literals in columns.values())
        )

    @cached_property
    def point(self) -> dict[str, float]:
        """Values of the properties at which the rule has its best grade."""
        best = self.facts.best
        return {} if best is None else {name: extreme.witness for name, extreme in best.columns.items()}

    def may_cover(self, other: Candidate, floor: float = NOISE) -> bool:
        """A quick necessary condition for grading at least as high as `other` wherever that reaches floor."""
        if other.best > self.best + NOISE:
            return False
        reaching = [columns for height, columns in other.heights if height >= floor]
        if not all(demand & columns for demand in self.demands for columns in reaching):
            return False
        point, least = other.point, other.best - NOISE
        return all(any(_value(f, point) >= least for f in clause) for clause in self.clauses)


def _value(literal: Literal, point: dict[str, float]) -> float:
    """The literal at a point; where the point leaves its property open, a bound from above."""
    return _at(literal, point[literal.column]) if literal.column in point else 1.0


@lru_cache(maxsize=65536)
def _at(literal: Literal, value: float) -> float:
    return literal(value)


def candidates(rules: Sequence[RuleFacts]) -> list[Candidate]:
    """The rules that can fire, but not on every region; whose normal forms are small enough."""
    found = []
    for facts in rules:
        if facts.barred or facts.universal or facts.best is None:
            continue
        if facts.groups is not None and facts.clauses is not None:
            found.append(Candidate(facts, facts.groups, facts.clauses, facts.best.value))
    return found


def covered(rules: Sequence[RuleFacts]) -> tuple[Covered, ...]:
    """For each rule that another rule of its class makes needless, the first such rule.

    Of rules that agree everywhere the first one in the file stays.
    """
    found: list[Covered] = []
    budget = Budget(COMPARISONS)
    classes: dict[str, list[Candidate]] = {}
    for candidate in candidates(rules):
        classes.setdefault(candidate.facts.rule.target, []).append(candidate)
    for members in classes.values():
        pairs = _each_with_each(members) if len(members) <= PAIRWISE else _contained(members)
        found.extend(_first_covers(pairs, budget))
    return tuple(sorted(found, key=lambda c: c.rule))


class Budget:
    """How many more conjunctions may be compared with clauses; spent, the answers are "not proved"."""

    def __init__(self, left: int) -> None:
        self.left = left

    def grants(self, size: int) -> bool:
        """Whether a comparison of this size is still within the budget, which it is taken from."""
        self.left -= size
        return self.left >= 0


def _first_covers(pairs: Iterator[tuple[Candidate, Candidate]], budget: Budget) -> Iterator[Covered]:
    told: set[int] = set()
    for a, b in pairs:
        if a.index in told or not budget.grants(len(a.groups) * len(b.clauses)) or not _covers(b, a):
            continue
        equal = a.may_cover(b) and budget.grants(len(b.groups) * len(a.clauses)) and _covers(a, b)
        if equal and a.index < b.index:
            continue
        told.add(a.index)
        yield Covered(a.index, b.index, equal)


def _covers(b: Candidate, a: Candidate) -> bool:
    try:
        return never_above(a.groups, b.clauses)
    except NotProvedError:
        return False


def _each_with_each(members: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
    for a in members:
        for b in members:
            if a is not b and b.may_cover(a):
                yield a, b


def _contained(members: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
    """Pairs (a, b) of plain conjunctions where b's clauses are among a's."""
    known: dict[frozenset[Literal], list[Candidate]] = {}
    for b in members:
        if len(b.groups) == 1:
            known.setdefault(_unscaled(b.groups[0]), []).append(b)
    for a in members:
        if len(a.groups) != 1 or len(a.groups[0]) > WIDE:
            continue
        literals = sorted(_unscaled(a.groups[0]), key=order)
        for size in range(1, len(literals) + 1):
            for subset in combinations(literals, size):
                for b in known.get(frozenset(subset), ()):
                    if b is not a and a.best <= b.best + NOISE:
                        yield a, b


def _unscaled(group: Conjunction) -> frozenset[Literal]:
    return frozenset(_at_full_trust(literal) for literal in group)


@lru_cache(maxsize=8192)
def _at_full_trust(literal: Literal) -> Literal:
    return replace(literal, scale=1.0)


# --- classes against classes -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A rule that can fire, but whose class never wins: rules `by` of other classes grade higher there."""

    rule: int
    by: tuple[int, ...]


def shadowed(rules: Sequence[RuleFacts], alpha: float, needless: frozenset[int]) -> tuple[Shadowed, ...]:
    """Rules whose class is never the region's, wherever they fire; `needless` ones are left out."""
    able = candidates(rules)
    if len({c.facts.rule.target for c in able}) < 2 or len(able) > PAIRWISE:
        return ()
    found = []
    budget = Budget(COMPARISONS)
    for a in able:
        if a.index in needless:
            continue
        others = [b for b in able if b.facts.rule.target != a.facts.rule.target and b.index not in needless]
        by = _shadows(a, others, alpha, budget)
        if by:
            found.append(Shadowed(a.index, by))
    return tuple(found)


def _shadows(a: Candidate, others: Sequence[Candidate], alpha: float, budget: Budget) -> tuple[int, ...]:
    """The rule, or else the rules together, that win wherever `a` fires; empty when there are none."""
    for b in others:
        if not b.may_cover(a, alpha) or not budget.grants(len(a.groups) * len(b.clauses)):
            continue
        if _outdo(a, [b], alpha):
            return (b.index,)
    joint = math.prod(len(b.clauses) for b in others) if 2 <= len(others) <= JOINT else 0
    if joint and budget.grants(len(a.groups) * joint) and _outdo(a, others, alpha):
        return tuple(b.index for b in _fewest(a, list(others), alpha))
    return ()


def _fewest(a: Candidate, others: list[Candidate], alpha: float) -> list[Candidate]:
    """Of rules that win together, as many as it takes."""
    for b in list(others):
        rest = [other for other in others if other is not b]
        if rest and _outdo(a, rest, alpha):
            others = rest
    return others


def _outdo(a: Candidate, others: Sequence[Candidate], alpha: float) -> bool:
    """Whether the largest grade of `others` wins wherever a reaches alpha; the earlier rule wins a tie."""
    forms = []
    for b in others:
        # A later rule must be higher by more than rounding; an earlier one need only be as high.
        offset = 0.0 if b.index < a.index else -2.0 * NOISE
        rule = b.facts.rule
        forms.append(form_of(rule.condition, b.facts.ranges, rule.truth_value, offset))
    try:
        return never_above(a.groups, conjunctive(AnyOf(tuple(forms))), alpha)
    except NotProvedError:
        return False
