"""What the checks want to know about a program, found once: rules, their best grades, how terms are used.

Everything here is exact for zadeh norms. Under other norms the answer to a question about grades is None,
"not proved", and the checks stay silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from kistdsl.language import checked
from kistdsl.language.dominance import NOISE
from kistdsl.language.extremes import Best, Extreme, best, best_on_column, worst, worst_on_column
from kistdsl.language.literals import (
    AnyOf,
    Conjunction,
    Form,
    NotProvedError,
    Ranges,
    by_column,
    conjunctive,
    disjunctive,
    form_of,
    literal_of,
    ranges_of,
)
from kistdsl.language.relations import Covered, Shadowed, covered, shadowed

_Answer = TypeVar("_Answer")


def propositions(condition: checked.Condition) -> Iterator[checked.Proposition]:
    """The propositions of a condition, in the order written."""
    todo = [condition]
    while todo:
        node = todo.pop()
        if isinstance(node, checked.Proposition):
            yield node
        else:
            todo.extend(reversed(operands(node)))


def operands(node: checked.Condition) -> tuple[checked.Condition, ...]:
    """The parts of a condition; none of a proposition."""
    if isinstance(node, checked.Proposition):
        return ()
    return (node.operand,) if isinstance(node, checked.Not) else node.operands


def plain(proposition: checked.Proposition) -> checked.Proposition:
    """The proposition without its hedges and negation: what the term itself says."""
    return checked.Proposition(
        proposition.column, proposition.divisor, proposition.term, (), False, proposition.span
    )


@dataclass(frozen=True, slots=True)
class Use:
    """A term as one property reads it."""

    proposition: checked.Proposition
    highest: Extreme
    lowest: Extreme

    @property
    def term(self) -> checked.Term:
        return self.proposition.term

    @property
    def column(self) -> str:
        return self.proposition.column


class RuleFacts:
    """One rule and what is known of its grade. Grades include the truth value (eq. 4)."""

    def __init__(self, rule: checked.Rule, index: int, program: checked.Program, ranges: Ranges) -> None:
        self.rule, self.index = rule, index
        self._alpha, self._exact, self.ranges = program.alpha, program.norms == "zadeh", ranges

    @cached_property
    def form(self) -> Form:
        """The grade as an AND/OR tree of literals."""
        return form_of(self.rule.condition, self.ranges, self.rule.truth_value)

    @cached_property
    def groups(self) -> tuple[Conjunction, ...] | None:
        """The grade as a maximum of conjunctions; None when not proved."""
        return self._proved(lambda: disjunctive(self.form))

    @cached_property
    def clauses(self) -> tuple[Conjunction, ...] | None:
        """The grade as a minimum of disjunctions; None when not proved."""
        return self._proved(lambda: conjunctive(self.form))

    @cached_property
    def best(self) -> Best | None:
        """The highest grade over all regions; None when not proved."""
        return self._proved(lambda: best(self.form))

    @cached_property
    def lowest(self) -> float | None:
        """The lowest grade over all regions; None when not proved."""
        return self._proved(lambda: worst(self.form))

    @property
    def trusted(self) -> bool:
        """Whether the truth value lets the rule reach alpha at all (under every family of norms)."""
        return self.rule.truth_value >= self._alpha

    @property
    def barred(self) -> bool:
        """Proved: no region brings this rule to alpha."""
        return not self.trusted or (self.best is not None and self.best.value < self._alpha)

    @property
    def universal(self) -> bool:
        """Proved: every region brings this rule to alpha."""
        return self.lowest is not None and self.lowest >= self._alpha

    def _proved(self, question: Callable[[], _Answer]) -> _Answer | None:
        if not self._exact:
            return None
        try:
            return question()
        except NotProvedError:
            return None


class Analysis:
    """A program's facts, each worked out when it is first asked for."""

    def __init__(self, program: checked.Program) -> None:
        self.program = program
        self.alpha = program.alpha
        self.exact = program.norms == "zadeh"
        self.ranges = ranges_of(program)
        self.columns = {c.name: c for c in (*program.declared, *program.columns)}
        self.rules = tuple(RuleFacts(rule, i, program, self.ranges) for i, rule in enumerate(program.rules))
        self._lowest: dict[tuple[int, ...], float | None] = {}

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every term as every property reads it in the rules, and every property's own terms."""
        found: dict[tuple[str, str], Use] = {}
        for facts in self.rules:
            for proposition in propositions(facts.rule.condition):
                key = (proposition.column, proposition.term.name)
                if key not in found:
                    found[key] = self._use(plain(proposition))
        for term in self.program.terms:
            if term.column in self.columns and term.span is not None:
                key = (term.column, term.name)
                if key not in found:
                    found[key] = self._use(checked.Proposition(term.column, 1.0, term, (), False, term.span))
        return tuple(found.values())

    def _use(self, proposition: checked.Proposition) -> Use:
        literal = literal_of(proposition, self.ranges)
        return Use(proposition, best_on_column((literal,)), worst_on_column((literal,)))

    def lowest(self, rules: tuple[int, ...]) -> float | None:
        """The lowest grade over all regions of the best of some rules; None when not proved.

        No rule alone need be high everywhere: where one falls, another may rise.
        """
        if not rules:
            return 0.0
        if rules not in self._lowest:
            self._lowest[rules] = self._lowest_of([self.rules[i] for i in rules])
        return self._lowest[rules]

    def _lowest_of(self, rules: list[RuleFacts]) -> float | None:
        if not self.exact:
            return None
        try:
            return worst(AnyOf(tuple(facts.form for facts in rules)))
        except NotProvedError:
            return None

    @cached_property
    def weak(self) -> dict[tuple[str, str], Use]:
        """Uses whose membership stays below 1 over the whole range, by (property, term)."""
        return {(u.column, u.term.name): u for u in self.uses if self._is_weak(u)}

    def _is_weak(self, use: Use) -> bool:
        # A sigmoid or a bell comes near 1 without reaching it: that is its nature.
        # The top of a triangle may lie between two values of the property: no value is lost by that.
        enough = self.alpha if use.term.function.kind in ("sigmf", "gbellmf") else 1.0 - NOISE
        return use.highest.value < enough

    @cached_property
    def constant(self) -> dict[tuple[str, str], Use]:
        """Uses whose membership is 1 over the whole range, by (property, term)."""
        return {(u.column, u.term.name): u for u in self.uses if u.lowest.value == 1.0}

    @cached_property
    def covered(self) -> tuple[Covered, ...]:
        """Rules that another rule of their class makes needless."""
        return covered(self.rules)

    @cached_property
    def shadowed(self) -> tuple[Shadowed, ...]:
        """Rules that fire only where other classes win."""
        return shadowed(self.rules, self.alpha, frozenset(c.rule for c in self.covered))

    def starved(self, facts: RuleFacts) -> checked.Proposition | None:
        """The one clause that alone keeps a rule from alpha, if there is one."""
        if not facts.barred or not facts.trusted or facts.best is None or facts.best.column is None:
            return None
        literals = by_column(facts.best.group)[facts.best.column]
        alone = [f for f in literals if best_on_column((f,)).value < self.alpha]
        return alone[0].source if alone else None

    def starving(self, clause: checked.Proposition) -> bool:
        """Whether a clause falls short because its term itself never fully holds."""
        return not clause.negated and (clause.column, clause.term.name) in self.weak

    @cached_property
    def starved_rules(self) -> dict[tuple[str, str], list[tuple[str, checked.Proposition]]]:
        """Rules that a weak term bars, with the clause, by (property, term)."""
        found: dict[tuple[str, str], list[tuple[str, checked.Proposition]]] = {}
        for facts in self.rules:
            clause = self.starved(facts)
            if clause is not None and self.starving(clause):
                found.setdefault((clause.column, clause.term.name), []).append((facts.rule.name, clause))
        return found
