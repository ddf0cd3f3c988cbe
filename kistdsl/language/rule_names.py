"""What rules are called, and which rule a test means by a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kistdsl.diagnostics import Source
from kistdsl.language import ast


def rule_names(rules: Sequence[ast.Rule], main: Source) -> list[str]:
    """The name of each rule: the written one, else its line.

    Args:
        rules: all rules of a rule file and what it includes, in order.
        main: the text of the rule file itself; lines of others are `other:L12`.
    """
    taken = {rule.name.text for rule in rules if rule.name is not None}
    names = []
    for rule in rules:
        name = rule.name.text if rule.name is not None else _line_name(rule, main, taken)
        taken.add(name)
        names.append(name)
    return names


def _line_name(rule: ast.Rule, main: Source, taken: set[str]) -> str:
    """`L12`; of an included file `other:L12`; a number more where that is taken."""
    line = f"L{rule.span.line}"
    if rule.span.source is not main:
        stem = rule.span.source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".kr")
        line = f"{stem}:{line}"
    name, count = line, 1
    while name in taken:
        count += 1
        name = f"{line}.{count}"
    return name


def rules_of(tree: ast.File) -> list[ast.Rule]:
    return [statement for statement in tree.statements if isinstance(statement, ast.Rule)]


def named_by_tests(tree: ast.File) -> list[ast.Name]:
    """Every `by` name of a file's tests, in order."""
    tests = [statement for statement in tree.statements if isinstance(statement, ast.Test)]
    names = [case.expectation.by for test in tests for case in test.cases]
    return [name for name in names if name is not None]


def meant_by_tests(tree: ast.File) -> list[int | None]:
    """Which rule of the file each `by` name means, by its place among them; None where it has no such rule."""
    places: dict[str, int] = {}
    for place, name in enumerate(rule_names(rules_of(tree), tree.span.source)):
        places.setdefault(name, place)
    return [places.get(by.text) for by in named_by_tests(tree)]


def renamed(tree: ast.File, names: Mapping[str, str]) -> ast.File:
    """The file with other `by` names in its tests; a name that `names` lacks stays."""
    if not names:
        return tree
    return replace(tree, statements=tuple(_renamed(statement, names) for statement in tree.statements))


def _renamed(statement: ast.Statement, names: Mapping[str, str]) -> ast.Statement:
    if not isinstance(statement, ast.Test):
        return statement
    return replace(statement, cases=tuple(_case(case, names) for case in statement.cases))


def _case(case: ast.Case, names: Mapping[str, str]) -> ast.Case:
    by = case.expectation.by
    if by is None or by.text not in names:
        return case
    by = replace(by, text=names[by.text])
    return replace(case, expectation=replace(case.expectation, by=by))
