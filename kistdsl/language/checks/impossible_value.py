"""K503: a case about a region that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from kistdsl.diagnostics import Diagnostic, Fix
from kistdsl.language import ast, checked
from kistdsl.language.checks.places import range_text
from kistdsl.language.codes import WARNING, Check, ProgramContext


def impossible(context: ProgramContext, case: ast.Case) -> list[tuple[ast.Setting, checked.Column]]:
    """The settings of a case that lie outside their property's range."""
    columns = context.analysis.columns
    found = []
    for setting in case.settings:
        column = columns.get(setting.property.text)
        spec = column.spec if column is not None else context.schema.get(setting.property.text)
        if spec is not None and not spec.low <= setting.value.value <= spec.high:
            found.append((setting, column or checked.Column(spec, spec.gamma)))
    return found


def _run(context: ProgramContext) -> Iterator[Diagnostic]:
    for test in context.program.tests:
        for case in test.cases:
            for setting, column in impossible(context, case):
                value = setting.value.value
                percent = column.spec.unit == "fraction" and 1.0 < value <= 100.0
                yield CHECK.at(
                    setting.value.span,
                    f"no region has {column.name} = {setting.value.text}: "
                    f"{column.name} ranges from {range_text(column)}",
                    help=f"did you mean {setting.value.text}%?" if percent else None,
                    fix=Fix(setting.value.span, f"{setting.value.text}%") if percent else None,
                )


CHECK = Check(
    code="K503",
    slug="impossible-value",
    title="a test case with a value that no region can have",
    severity=WARNING,
    explanation="""
The case gives a property a value outside its range, so it says nothing about any region. Areas are shares of
the image: four percent are written `4%` or `0.04`.
""",
    bad="""IF area is high THEN anomalous
test "large":
  area = 90 => anomalous
""",
    good="""IF area is high THEN anomalous
test "large":
  area = 90% => anomalous
""",
    run=_run,
)
