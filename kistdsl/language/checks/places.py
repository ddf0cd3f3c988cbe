"""Where the checks point: definitions of terms and properties, numbers of rules."""

from __future__ import annotations

from kistdsl.diagnostics import Label, Span
from kistdsl.language import ast, checked
from kistdsl.language.analysis import Use
from kistdsl.language.codes import ProgramContext
from kistdsl.language.wording import quantity


def in_main_file(context: ProgramContext, span: Span | None) -> bool:
    """Whether a place lies in the file that is checked, not in one that it includes."""
    return span is not None and span.source.name == context.tree.span.source.name


def property_statement(context: ProgramContext, name: str) -> ast.Property | None:
    """`property P ...` in the main file."""
    for statement in context.tree.statements:
        if isinstance(statement, ast.Property) and statement.name.text == name:
            return statement
    return None


def gamma_label(context: ProgramContext, column: checked.Column) -> list[Label]:
    """Where the scale of a property is set."""
    statement = property_statement(context, column.name)
    if statement is None:
        return []
    number = statement.high_at or statement.scale
    span = number.span if number is not None else statement.name.span
    return [Label(span, f"gamma of {column.name} is {column.gamma:g}")]


def own_scale_hint(use: Use) -> str | None:
    """For a shared term whose numbers are no numbers of the standard scale: perhaps `of P` was forgotten."""
    if use.term.column is None and use.term.span is not None:
        kinks = use.term.function.kink_points()
        if kinks and kinks[-1] > 3.0:
            return f"a shared term is on the standard scale; did you mean `term {use.term.name} of {use.column}`?"
    return None


def range_text(column: checked.Column) -> str:
    """`0 to 255`, `0% to 100%`."""
    return f"{quantity(column.spec, column.spec.low)} to {quantity(column.spec, column.spec.high)}"


def value_text(column: checked.Column, value: float) -> str:
    """`area = 1.25%`."""
    return f"{column.name} = {quantity(column.spec, value)}"


def truth_span(rule: checked.Rule) -> Span:
    """The truth value as written, or the class where it is not."""
    number = rule.syntax.truth_value
    return number.span if number is not None else rule.syntax.target.span


def title_span(rule: checked.Rule) -> Span:
    """The rule's name, or its condition where it has none."""
    name = rule.syntax.name
    return name.span if name is not None else rule.condition.span


def shape_labels(propositions: list[checked.Proposition], column: checked.Column, at: float) -> list[Label]:
    """What the definitions of the terms do beside the value `at` of the property."""
    labels: dict[str, Label] = {}
    for proposition in propositions:
        term = proposition.term
        if term.span is not None and term.name not in labels:
            labels[term.name] = Label(term.span, slope_text(proposition, column, at))
    return list(labels.values())


def slope_text(proposition: checked.Proposition, column: checked.Column, at: float) -> str:
    """`falls to 0 at 1.5%`: how the term runs around the value `at`."""
    function, divisor = proposition.term.function, proposition.divisor
    x = at / divisor
    here = function.evaluate(x)
    zeros = [k for k in function.kink_points() if function.evaluate(k) == 0.0]
    beyond = next((k for k in zeros if k >= x), None)
    within = next((k for k in reversed(zeros) if k <= x), None)
    if here == 0.0 or (beyond is None) == (within is None):
        return f"is {here:.2f} there"
    end = quantity(column.spec, (beyond if beyond is not None else within or 0.0) * divisor)
    return f"falls to 0 at {end}" if beyond is not None else f"rises from 0 at {end}"
