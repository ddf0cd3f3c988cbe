"""Why one region gets its grade: rule by rule, clause by clause, and what would change the decision.

All grades, truths and memberships are the evaluator's own, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kistdsl.diagnostics import InputError
from kistdsl.language import checked
from kistdsl.language.analysis import propositions
from kistdsl.language.grading import RuleGrade, membership, rule_grades
from kistdsl.language.intervals import (
    Intervals,
    complement,
    deciding_proposition,
    deciding_values,
    firing_values,
    level_set,
    nearest,
    needed_truth,
)
from kistdsl.language.literals import literal_of, ranges_of
from kistdsl.language.nearest import did_you_mean

if TYPE_CHECKING:
    from kistdsl.engine.rule_set import RuleSet


@dataclass(frozen=True, slots=True)
class PropositionExplanation:
    """One clause: `text` as written, the property's value, and how true the clause is, in [0, 1]."""

    text: str
    property: str
    value: float
    term: str
    hedges: tuple[str, ...]
    negated: bool
    membership: float


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule: grade = tv * truth (eq. 4).

    Attributes:
        name, text: the rule's name (or `L<line>`) and its description, if it has one.
        target: the class it concludes.
        grade, truth, tv: in [0, 1].
        fires: grade >= alpha.
        propositions: its clauses in the order written.
        weakest: index of the clause that the truth hangs on: AND's weakest, OR's strongest.
        capped_by: "clause" where that clause keeps the grade from tv, "truth value" where tv does,
            "nothing" where the grade is 1.
    """

    name: str
    text: str | None
    target: str
    grade: float
    truth: float
    tv: float
    fires: bool
    propositions: tuple[PropositionExplanation, ...]
    weakest: int
    capped_by: str


@dataclass(frozen=True, slots=True)
class Change:
    """The nearest value of one property that flips a decision, all other properties as they are.

    Attributes:
        property: which one.
        value: the property's value now.
        to: the nearest float64 at which the decision is the other one.
        distance: |to - value| / gamma, to compare properties.
        grade: the grade there.
    """

    property: str
    value: float
    to: float
    distance: float
    grade: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a region gets its grade.

    Attributes:
        values: the properties that the rules use, by name, in their own units.
        grade: max over the rules (eq. 7); 0 where there is no rule.
        target: class of the winning rule; None where there is no rule.
        rule: name of the winning rule, the first one on a tie; None where there is no rule.
        anomalous: grade >= alpha (eq. 10).
        alpha: the threshold.
        rules: every rule, in file order.
        changes: single-property changes that flip `anomalous`, the nearest first (distance in units of each
            property's gamma); empty where no property can do it alone.
        unproved: properties for which the nearest change is not known (norms other than zadeh).
    """

    values: Mapping[str, float]
    grade: float
    target: str | None
    rule: str | None
    anomalous: bool
    alpha: float
    rules: tuple[RuleExplanation, ...]
    changes: tuple[Change, ...]
    unproved: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """What `kistdsl explain --format json` prints: numbers, strings, lists and objects only."""
        return {
            "grade": self.grade,
            "class": self.target,
            "rule": self.rule,
            "anomalous": self.anomalous,
            "alpha": self.alpha,
            "values": dict(self.values),
            "rules": [_rule_dict(rule) for rule in self.rules],
            "changes": [_change_dict(change) for change in self.changes],
            "unproved": list(self.unproved),
        }


def _rule_dict(rule: RuleExplanation) -> dict[str, Any]:
    return {
        "name": rule.name,
        "text": rule.text,
        "class": rule.target,
        "grade": rule.grade,
        "truth": rule.truth,
        "tv": rule.tv,
        "fires": rule.fires,
        "capped_by": rule.capped_by,
        "weakest": rule.propositions[rule.weakest].text,
        "propositions": [
            {
                "text": p.text,
                "property": p.property,
                "value": p.value,
                "term": p.term,
                "hedges": list(p.hedges),
                "negated": p.negated,
                "membership": p.membership,
            }
            for p in rule.propositions
        ],
    }


def _change_dict(change: Change) -> dict[str, Any]:
    return {
        "property": change.property,
        "value": change.value,
        "to": change.to,
        "distance": change.distance,
        "grade": change.grade,
    }


def explain(rules: RuleSet, row: Mapping[str, float]) -> Explanation:
    """Explain one region.

    Args:
        rules: compiled rules.
        row: a number for each property that the rules use, in its own unit; others are passed over.

    Raises:
        InputError: a property is missing, NaN or infinite, or no number; the message names it.
    """
    program = rules.program
    values = _values(program, row)
    grades = tuple(rule_grades(program, values))
    winner = max(grades, key=lambda g: g.grade.low, default=None)  # the first one on a tie
    grade = winner.grade.low if winner is not None else 0.0
    anomalous = winner is not None and grade >= program.alpha
    changes, unproved = _changes(program, values, anomalous)
    return Explanation(
        values=values,
        grade=grade,
        target=winner.rule.target if winner is not None else None,
        rule=winner.rule.name if winner is not None else None,
        anomalous=anomalous,
        alpha=program.alpha,
        rules=tuple(_rule(g, program, values) for g in grades),
        changes=changes,
        unproved=unproved,
    )


def _values(program: checked.Program, row: Mapping[str, float]) -> dict[str, float]:
    values: dict[str, float] = {}
    for column in program.columns:
        name = column.name
        if name not in row:
            readers = [
                r.name for r in program.rules if any(p.column == name for p in propositions(r.condition))
            ]
            raise InputError(
                f"no value for property {name!r}, which {'rule' if len(readers) == 1 else 'rules'} "
                f"{', '.join(readers[:5])}{' and others' if len(readers) > 5 else ''} read"
            )
        values[name] = _number(name, row[name])
    return values


def _number(name: str, given: Any) -> float:
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise InputError(f"property {name!r} is {given!r}, not a number") from None
    except OverflowError:
        raise InputError(f"property {name!r} is a number that float64 cannot hold") from None
    if math.isnan(value):
        raise InputError(f"the value of property {name!r} is missing (NaN), so the grade is not known")
    if math.isinf(value):
        raise InputError(f"property {name!r} is {value}, not a finite number")
    return value


def _rule(grade: RuleGrade, program: checked.Program, values: Mapping[str, float]) -> RuleExplanation:
    rule = grade.rule
    clauses = list(propositions(rule.condition))
    decides = deciding_proposition(rule.condition, values, program.norms)
    truth, final = grade.truth.low, grade.grade.low
    capped_by = "clause" if truth < 1.0 else "truth value" if final < 1.0 else "nothing"
    return RuleExplanation(
        name=rule.name,
        text=rule.text,
        target=rule.target,
        grade=final,
        truth=truth,
        tv=rule.truth_value,
        fires=final >= program.alpha,
        propositions=tuple(_proposition(p, values[p.column]) for p in clauses),
        weakest=next(i for i, p in enumerate(clauses) if p is decides),
        capped_by=capped_by,
    )


def _proposition(p: checked.Proposition, value: float) -> PropositionExplanation:
    words = [p.column, "is", *(["NOT"] if p.negated else []), *p.hedges, p.term.name]
    return PropositionExplanation(
        " ".join(words), p.column, value, p.term.name, p.hedges, p.negated, membership(p, value)
    )


# --- what would change the decision ----------------------------------------------------------


def _changes(
    program: checked.Program, values: Mapping[str, float], anomalous: bool
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    found, unproved = [], []
    for column in program.columns:
        intervals = deciding_values(program, values, column.name)
        if intervals is None:
            unproved.append(column.name)
            continue
        change = _nearest_change(program, values, column, intervals, anomalous)
        if change is not None:
            found.append(change)
    return tuple(sorted(found, key=lambda c: c.distance)), tuple(unproved)


def _nearest_change(
    program: checked.Program,
    values: Mapping[str, float],
    column: checked.Column,
    fires: Intervals,
    anomalous: bool,
) -> Change | None:
    low, high = ranges_of(program)[column.name]
    value = values[column.name]
    to = nearest(complement(fires, low, high) if anomalous else fires, value)
    if to is None:
        return None
    grades = rule_grades(program, {**values, column.name: to})
    grade = max((g.grade.low for g in grades), default=0.0)
    return Change(column.name, value, to, abs(to - value) / column.gamma, grade)


@dataclass(frozen=True, slots=True)
class Need:
    """A clause that falls short of the truth its rule needs, and the nearest value at which it does not."""

    proposition: PropositionExplanation
    to: float | None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why one rule does not decide.

    Attributes:
        rule: the rule, as it stands.
        winner: name of the rule that decides.
        changes: single-property changes that bring the rule to alpha, the nearest first; empty where it
            fires already, or where no property can do it alone.
        needed: with no single change, the clauses below the truth the rule needs, in the order written.
        needed_truth: the truth at which the rule fires; None where its truth value is below alpha.
    """

    rule: RuleExplanation
    winner: str | None
    changes: tuple[Change, ...]
    needed: tuple[Need, ...]
    needed_truth: float | None

    def to_dict(self) -> dict[str, Any]:
        """What `kistdsl explain --why-not RULE --format json` prints."""
        return {
            "rule": _rule_dict(self.rule),
            "winner": self.winner,
            "changes": [_change_dict(change) for change in self.changes],
            "needed": [{"text": n.proposition.text, "to": n.to} for n in self.needed],
            "needed_truth": self.needed_truth,
        }


def why_not(rules: RuleSet, row: Mapping[str, float], name: str) -> WhyNot:
    """Why the rule called `name` does not decide, and what would let it fire.

    Raises:
        InputError: no such rule, or a value is missing or no number.
    """
    program = rules.program
    found = explain(rules, row)
    index = next((i for i, rule in enumerate(found.rules) if rule.name == name), None)
    if index is None:
        names = [rule.name for rule in found.rules]
        hint = did_you_mean(name, names) or f"there are {', '.join(names) or 'none'}"
        raise InputError(f"no rule is called {name!r}; {hint}")
    rule = program.rules[index]
    shown = found.rules[index]
    changes = [] if shown.fires else _towards(program, rule, found.values)
    level = needed_truth(rule.truth_value, program.alpha)
    return WhyNot(
        shown,
        found.rule,
        tuple(sorted(changes, key=lambda c: c.distance)),
        () if changes or shown.fires or level is None else tuple(_needs(program, rule, found.values, level)),
        level,
    )


def _towards(program: checked.Program, rule: checked.Rule, values: Mapping[str, float]) -> list[Change]:
    changes = []
    read = {p.column for p in propositions(rule.condition)}
    for column in program.columns:
        if column.name not in read:
            continue
        intervals = firing_values(program, rule, values, column.name)
        to = nearest(intervals or (), values[column.name])
        if to is not None:
            after = next(
                g for g in rule_grades(program, {**values, column.name: to}) if g.rule is rule
            ).grade.low
            value = values[column.name]
            changes.append(Change(column.name, value, to, abs(to - value) / column.gamma, after))
    return changes


def _needs(
    program: checked.Program, rule: checked.Rule, values: Mapping[str, float], level: float
) -> Iterator[Need]:
    ranges = ranges_of(program)
    for clause in propositions(rule.condition):
        literal, value = literal_of(clause, ranges), values[clause.column]
        if literal(value) < level:
            yield Need(_proposition(clause, value), nearest(level_set(literal, (literal,), level), value))
