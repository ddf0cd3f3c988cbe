"""K404: a rule whose class never wins."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Label
from kistdsl.language.checks.places import title_span
from kistdsl.language.checks.unreachable_class import unreachable
from kistdsl.language.codes import WARNING, Check, ProgramContext
from kistdsl.language.wording import quoted


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    rules = context.program.rules
    told = {index for indices in unreachable(context.analysis).values() for index in indices}
    for shadowed in context.analysis.shadowed:
        if shadowed.rule in told:
            continue
        rule, winners = rules[shadowed.rule], [rules[i] for i in shadowed.by]
        names = quoted([winner.name for winner in winners])
        yield CHECK.at(
            title_span(rule),
            f"this rule never decides the class: wherever it fires, {names} "
            f"{'grade' if len(winners) > 1 else 'grades'} higher or "
            f"{'come' if len(winners) > 1 else 'comes'} first",
            labels=[Label(title_span(w), f"concludes `{w.target}`") for w in winners[:3]],
            help="a region's class is that of the rule with the highest grade, the first one on a tie",
        )


CHECK = Check(
    code="K404",
    slug="shadowed-rule",
    title="a rule that loses to rules of other classes wherever it fires",
    severity=WARNING,
    explanation="""
The rule can fire, but there a rule of another class grades higher, or as high and comes first in the file. Its
own class is then never the region's class.
""",
    bad="""class crack
rule dark: IF gray is low THEN anomalous
rule line: IF gray is low AND shape is high THEN crack
rule bent: IF gray is high AND shape is high THEN crack
""",
    good="""class crack
rule line: IF gray is low AND shape is high THEN crack
rule bent: IF gray is high AND shape is high THEN crack
rule dark: IF gray is low THEN anomalous
""",
    run=_run,
)
