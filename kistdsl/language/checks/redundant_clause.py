"""K307: a clause that the others imply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.checks.dead_branch import dead_branches
from kistdsl.language.checks.duplicate_clause import duplicates
from kistdsl.language.checks.fixes import without_operand
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.dominance import never_above
from kistdsl.language.extremes import worst_on_column
from kistdsl.language.literals import NotProvedError, form_of, literal_of
from kistdsl.language.pruning import Part, Path, parts, pruned, siblings, within

MOST_PARTS = 60
"""Conditions with more parts than this are not searched: the answer is "not proved"."""


@dataclass(frozen=True, slots=True)
class Redundant:
    """Parts of a condition without effect.

    Attributes:
        found: those to report; leaving out these and the silent ones changes no grade.
        silent: those that another check reports (written twice, or a term that always holds).
        skipped: those that are not judged: inside branches that another check reports.
    """

    found: tuple[Part, ...]
    silent: frozenset[Path]
    skipped: frozenset[Path]


NOTHING = Redundant((), frozenset(), frozenset())


def redundant(analysis: Analysis, facts: RuleFacts) -> Redundant:
    """Parts that can be left out, all of them together, without changing any grade.

    Later clauses are tried before earlier ones, larger parts before the parts in them.
    """
    condition = facts.rule.condition
    if facts.barred or facts.best is None or _plainly_needed(analysis, condition):
        return NOTHING
    candidates = [part for part in parts(condition) if part.parent is not None]
    if not 1 < len(candidates) <= MOST_PARTS:
        return NOTHING
    skipped = frozenset(part.path for part, _ in dead_branches(analysis, facts))
    removed: set[Path] = set()
    told = _told_elsewhere(analysis, condition, candidates)
    found = []
    candidates.sort(key=lambda p: (p.path not in told, len(p.path), [-i for i in p.path]))
    again = True
    while again:  # leaving one out may leave another without effect
        again = False
        for part in candidates:
            if within(part.path, skipped) or within(part.path, removed):
                continue
            alone = all(path in removed for path in siblings(part))
            if alone or not _can_go(analysis, condition, removed, part):
                continue
            again = True
            removed.add(part.path)
            if part.path not in told and not _beside_constant(analysis, part):
                found.append(part)
    silent = removed - {part.path for part in found}
    return Redundant(tuple(_outermost(found)), frozenset(silent), skipped)


def _outermost(found: list[Part]) -> list[Part]:
    """Without the parts inside another one that was found later."""
    paths = {part.path for part in found}
    return [part for part in found if not within(part.path[:-1], paths)]


def _told_elsewhere(
    analysis: Analysis, condition: checked.Condition, candidates: list[Part]
) -> frozenset[Path]:
    told = {part.path for part, _ in duplicates(condition)}
    return frozenset(told | {part.path for part in candidates if _constant(analysis, part.node)})


def _constant(analysis: Analysis, node: checked.Condition) -> bool:
    """Whether a part always holds because of its term, which is reported for that.

    Either the term covers the whole range, or the part negates a term that lies outside it.
    """
    negated = False
    while isinstance(node, checked.Not):
        node, negated = node.operand, not negated
    if not isinstance(node, checked.Proposition):
        return False
    key = (node.column, node.term.name)
    if node.negated != negated:
        return key in analysis.weak and analysis.weak[key].highest.value == 0.0
    return key in analysis.constant


def _beside_constant(analysis: Analysis, part: Part) -> bool:
    """Whether a term that always holds, in the same AND or OR, is what makes the part needless."""
    return part.parent is not None and any(_constant(analysis, other) for other in part.parent.operands)


def _plainly_needed(analysis: Analysis, condition: checked.Condition) -> bool:
    """Quick answer for the usual rule: each clause of an AND speaks of another property and can be 0."""
    if isinstance(condition, checked.Proposition):
        return True
    if not isinstance(condition, checked.And):
        return False
    clauses = [p for p in condition.operands if isinstance(p, checked.Proposition)]
    if len(clauses) < len(condition.operands) or len({p.column for p in clauses}) < len(clauses):
        return False
    return all(worst_on_column((literal_of(p, analysis.ranges),)).value == 0.0 for p in clauses)


def _can_go(analysis: Analysis, condition: checked.Condition, removed: set[Path], part: Part) -> bool:
    whole = form_of(pruned(condition, removed), analysis.ranges)
    rest = form_of(pruned(condition, {*removed, part.path}), analysis.ranges)
    try:
        return never_above(rest, whole) if part.weakest else never_above(whole, rest)
    except NotProvedError:
        return False


def _cause(analysis: Analysis, part: Part) -> checked.Condition | None:
    """The one other clause that makes this one redundant, if one does."""
    if part.parent is None:
        return None
    own = form_of(part.node, analysis.ranges)
    for other in part.parent.operands:
        if other is part.node:
            continue
        form = form_of(other, analysis.ranges)
        conjunctive = isinstance(part.parent, checked.And)
        try:
            if never_above(form, own) if conjunctive else never_above(own, form):
                return other
        except NotProvedError:
            continue
    return None


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        for part in redundant(analysis, facts).found:
            cause = _cause(analysis, part)
            labels = [Label(cause.span, "this one decides alone")] if cause is not None else []
            yield CHECK.at(
                part.node.span,
                "this clause changes no grade: the rule says the same without it",
                labels=labels,
                help="drop it, or put in the property or term that was meant",
                fix=without_operand(part.parent, part.node) if part.parent is not None else None,
            )


CHECK = Check(
    code="K307",
    slug="redundant-clause",
    title="a clause without any effect",
    severity=WARNING,
    explanation="""
With the clause and without it the rule gives every region the same grade: another clause implies it.
`gray is very low` implies `gray is low`, so in `gray is low AND gray is very low` only the second one counts.
""",
    bad="IF gray is low AND gray is very low AND area is high THEN anomalous\n",
    good="IF gray is very low AND area is high THEN anomalous\n",
    run=_run,
)
