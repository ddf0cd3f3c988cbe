"""What follows for rules from a term that cannot hold well enough."""

from __future__ import annotations

from kistdsl.language import checked
from kistdsl.language.analysis import Analysis, RuleFacts
from kistdsl.language.wording import quoted


def starved_by_term(analysis: Analysis, facts: RuleFacts) -> checked.Proposition | None:
    """The clause that bars the rule because its term never fully holds: reported at the term."""
    clause = analysis.starved(facts)
    return clause if clause is not None and analysis.starving(clause) else None


def consequence(analysis: Analysis, term: checked.Term, column: str | None) -> str:
    """`; rule x can never fire`: what follows from a term (as one property reads it), to end a message."""
    names = [
        name
        for (property_name, term_name), found in analysis.starved_rules.items()
        if term_name == term.name and column in (None, property_name)
        for name, clause in found
        if clause.term == term
    ]
    if not names:
        return ""
    shown = quoted(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"; rule{'s' if len(names) > 1 else ''} {shown} can never fire"
