"""Rules taken apart: each rule by itself, each proposition by itself, and what would change a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.engine.rule_set import RuleSet
from kistdsl.language import checked
from kistdsl.language.analysis import operands, propositions

Values = NDArray[np.float64]

_Join = Callable[[Values, Values], Values]

_AND: dict[str, _Join] = {
    "zadeh": np.minimum,
    "product": np.multiply,
    "lukasiewicz": lambda a, b: np.maximum(a + b - 1.0, 0.0),
}
_OR: dict[str, _Join] = {
    "zadeh": np.maximum,
    "product": lambda a, b: a + b * (1.0 - a),
    "lukasiewicz": lambda a, b: np.minimum(a + b, 1.0),
}


def single_rules(rules: RuleSet, alpha: float | None = None) -> dict[str, RuleSet]:
    """Each rule as a rule set of its own, by name; their labels together are those of `rules` (eqs. 7, 10).

    Args:
        rules: of the product line.
        alpha: anomaly grade threshold in place of the file's; None keeps it.
    """
    program = rules.program if alpha is None else replace(rules.program, alpha=alpha)
    return {rule.name: RuleSet(_only(program, rule)) for rule in program.rules}


def _only(program: checked.Program, rule: checked.Rule) -> checked.Program:
    read = {proposition.column for proposition in propositions(rule.condition)}
    columns = tuple(column for column in program.columns if column.name in read)
    return replace(program, rules=(rule,), columns=columns, tests=())


@dataclass(frozen=True)
class RuleParts:
    """One rule and its propositions, evaluated apart on tables of regions (in NumPy).

    Attributes:
        program: the whole program.
        rule: the rule.
    """

    program: checked.Program
    rule: checked.Rule

    @cached_property
    def propositions(self) -> tuple[checked.Proposition, ...]:
        """The rule's propositions in the order written."""
        return tuple(propositions(self.rule.condition))

    @cached_property
    def under_not(self) -> tuple[bool, ...]:
        """Of each proposition, whether it stands under an odd number of NOTs: the rule wants it false."""
        return tuple(_under_not(self.rule.condition, False))

    @cached_property
    def _sets(self) -> tuple[RuleSet, ...]:
        return tuple(
            RuleSet(_only(self.program, replace(self.rule, condition=p, truth_value=1.0)))
            for p in self.propositions
        )

    def memberships(self, table: Mapping[str, NDArray[Any]]) -> list[Values]:
        """(N,) truth of each proposition, hedges and negation included."""
        return [single.grade(table, backend="numpy") for single in self._sets]

    def fires(self, truths: list[Values]) -> NDArray[np.bool_]:
        """(N,) whether the rule's grade reaches alpha when its propositions have these truths."""
        of = dict(zip(map(id, self.propositions), truths, strict=True))
        truth = _truth(self.rule.condition, of, self.program.norms)
        return np.asarray(self.rule.truth_value * truth >= self.program.alpha)

    def decisive(self, truths: list[Values]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """For each proposition, (N,) where it lets the rule fire, and where it alone keeps it from firing.

        It lets it fire where the rule fires, and would not if the proposition were false (or, under a
        NOT, true); it keeps it from firing the other way round.
        """
        fires = self.fires(truths)
        for i, values in enumerate(truths):
            given = [*truths]
            outcomes = []
            for value in (0.0, 1.0):
                given[i] = np.full_like(values, value)
                outcomes.append(self.fires(given))
            yield fires & ~(outcomes[0] & outcomes[1]), ~fires & (outcomes[0] | outcomes[1])


def _under_not(condition: checked.Condition, turned: bool) -> Iterator[bool]:
    if isinstance(condition, checked.Proposition):
        yield turned
        return
    for operand in operands(condition):
        yield from _under_not(operand, turned ^ isinstance(condition, checked.Not))


def _truth(condition: checked.Condition, of: Mapping[int, Values], norms: str) -> Values:
    """Truth of a condition from the truths of its propositions (by identity)."""
    if isinstance(condition, checked.Proposition):
        return of[id(condition)]
    if isinstance(condition, checked.Not):
        return 1.0 - _truth(condition.operand, of, norms)
    join = (_AND if isinstance(condition, checked.And) else _OR)[norms]
    return reduce(join, (_truth(operand, of, norms) for operand in condition.operands))
