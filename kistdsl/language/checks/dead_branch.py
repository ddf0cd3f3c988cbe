"""K308: a branch of an OR that can never make its rule fire."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.checks.fixes import without_operand
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.extremes import best
from kistdsl.language.literals import NotProvedError, form_of
from kistdsl.language.pruning import Part, Path, parts, pruned, siblings, within
from kistdsl.language.wording import grade


def dead_branches(analysis: Analysis, facts: RuleFacts) -> list[tuple[Part, float]]:
    """Outermost branches that cannot bring the rule to alpha, with their best grades."""
    condition = facts.rule.condition
    found: list[tuple[Part, float]] = []
    if facts.barred or facts.best is None or isinstance(condition, checked.Proposition):
        return found
    dead: set[Path] = set()
    for part in parts(condition):
        if part.parent is None or part.weakest or within(part.path, dead):
            continue
        alone = pruned(condition, siblings(part))
        try:
            highest = best(form_of(alone, analysis.ranges, facts.rule.truth_value)).value
        except NotProvedError:
            continue
        if highest < analysis.alpha:
            dead.add(part.path)
            found.append((part, highest))
    return found


def _term_reported(analysis: Analysis, node: checked.Condition) -> bool:
    """Whether the branch is one clause whose term is reported for not holding well enough."""
    return isinstance(node, checked.Proposition) and (node.column, node.term.name) in analysis.weak


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    analysis = context.analysis
    for facts in analysis.rules:
        for part, highest in dead_branches(analysis, facts):
            if not _term_reported(analysis, part.node):
                yield CHECK.at(
                    part.node.span,
                    "this branch can never make the rule fire: through it the best grade is "
                    f"{grade(highest, analysis.alpha)}, alpha is {grade(analysis.alpha, highest)}",
                    help="the other branches work; drop this one, or put right what contradicts itself",
                    fix=without_operand(part.parent, part.node) if part.parent is not None else None,
                )


CHECK = Check(
    code="K308",
    slug="dead-branch",
    title="a branch of an OR that never counts",
    severity=WARNING,
    explanation="""
OR takes the largest of its branches. The rule can fire, but never through this branch: with the other
branches away its best grade stays below alpha.
""",
    bad="IF gray is low OR (area is low AND area is high) THEN anomalous\n",
    good="IF gray is low OR (area is low AND shape is high) THEN anomalous\n",
    run=_run,
)
