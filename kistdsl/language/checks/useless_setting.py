"""K505: a case lists a property that no rule uses."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic
from kistdsl.language.checks.places import property_statement
from kistdsl.language.codes import WARNING, Check, ProgramContext


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    used = {column.name for column in context.program.columns}
    told: set[str] = set()
    for test in context.program.tests:
        for setting in (setting for case in test.cases for setting in case.settings):
            name = setting.property.text
            if name in used or name in told or property_statement(context, name) is not None:
                continue
            told.add(name)
            yield CHECK.at(setting.span, f"no rule uses the property `{name}`: its value changes nothing")


CHECK = Check(
    code="K505",
    slug="useless-setting",
    title="a test case that lists a property no rule uses",
    severity=WARNING,
    explanation="""
No rule speaks of the property, so its value has no influence on the case. Perhaps another property was meant,
or a rule is missing.
""",
    bad="""IF gray is low THEN anomalous
test "dark":
  gray = 30, shape = 90 => anomalous
""",
    good="""IF gray is low AND shape is high THEN anomalous
test "dark":
  gray = 30, shape = 180 => anomalous
""",
    run=_run,
)
