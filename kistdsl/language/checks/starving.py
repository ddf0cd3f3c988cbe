"""What follows for rules from a term that cannot hold well enough."""

from __future__ import annotations

from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.wording import quoted


def starved_by_term(analysis: Analysis, facts: RuleFacts) -> checked.Proposition | None:
    """The clause that bars the rule because its term never fully holds: reported at the term."""
    clause = analysis.starved(facts)
    if clause is None or clause.negated:
        return None
    return clause if (clause.column, clause.term.name) in analysis.weak else None


def consequence(analysis: Analysis, term: checked.Term, column: str | None) -> str:
    """`; rule x can never fire`: what follows from a term (as one property reads it), to end a message."""
    names = []
    for facts in analysis.rules:
        clause = starved_by_term(analysis, facts)
        if clause is not None and clause.term == term and column in (None, clause.column):
            names.append(facts.rule.name)
    if not names:
        return ""
    shown = quoted(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"; rule{'s' if len(names) > 1 else ''} {shown} can never fire"
