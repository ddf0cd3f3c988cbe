"""Reading: the whole language, recovery, spans, and files that are not rule files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kistdsl.diagnostics import Source
from kistdsl.language import ast
from kistdsl.language.parser import parse
from kistdsl.language.recovery import MAX_REPORTS

RULE = "IF area is high THEN anomalous\n"


def parsed(text: str) -> ast.File:
    result = parse(Source("x.kr", text))
    assert result.diagnostics == (), [d.message for d in result.diagnostics]
    return result.tree


def test_not_binds_tightest_then_and_then_or() -> None:
    [rule] = parsed("IF NOT a is b AND c is d OR e is f THEN g").statements
    assert isinstance(rule, ast.Rule)
    assert isinstance(rule.condition, ast.Or)
    assert isinstance(rule.condition.operands[0], ast.And)
    assert isinstance(rule.condition.operands[0].operands[0], ast.Not)


def test_keywords_in_any_case_names_as_written() -> None:
    assert parsed("if Area IS Not VERY low ThEn A (1)") == parsed("IF Area is NOT very low THEN A (1)")
    assert parsed("IF area is high THEN A") != parsed("IF Area is high THEN A")


def test_a_name_may_begin_with_a_keyword() -> None:
    [rule] = parsed("IF android is verylow AND order is iffy THEN thenar").statements
    assert isinstance(rule, ast.Rule)
    assert rule.target.text == "thenar"


def test_statements_may_go_over_lines_and_share_one() -> None:
    assert parsed("rule\n a\n :\n IF x\n is y\n THEN z") == parsed("rule a: IF x is y THEN z")
    assert len(parsed('alpha 0.8 class crack norms product product "p"').statements) == 4


def test_spans() -> None:
    text = "# c\nrule a: IF (area is very high) AND gray is low THEN crack (0.8)\n"
    [rule] = parsed(text).statements
    assert isinstance(rule, ast.Rule)
    assert rule.span.text == text[4:-1]
    assert rule.condition.span.text == "(area is very high) AND gray is low"
    assert isinstance(rule.condition, ast.And)
    assert rule.condition.operands[0].span.text == "area is very high"
    assert rule.truth_value is not None
    assert rule.truth_value.span.text == "0.8"
    assert rule.span.line == 2


def test_comments_are_kept_and_texts_are_not_comments() -> None:
    tree = parsed('product "a # b" # c\n#d\n')
    assert [c.text for c in tree.comments] == ["# c", "#d"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("IF area is high AND THEN crack", "THEN"),
        ("IF area is high AND OR gray is low THEN crack", "OR"),
        ("IF area is high anomalous (0.8)", "anomalous"),
        ("IF area high THEN crack", "area high"),
        ("class scale", "scale"),
        ("alpha 0,8", "0,8"),
    ],
)
def test_the_right_word_is_marked(text: str, word: str) -> None:
    [problem] = parse(Source("x.kr", text)).diagnostics
    assert problem.span.text == word


def test_eight_mistakes_eight_reports(root: Path) -> None:
    text = (root / "tests/golden/syntax/eight_mistakes.kr").read_text(encoding="utf-8")
    result = parse(Source("x.kr", text))
    assert len(result.diagnostics) == 8
    assert len({d.code for d in result.diagnostics}) == 8
    assert [d.span.line for d in result.diagnostics] == [2, 3, 4, 5, 6, 7, 8, 10]


@pytest.mark.parametrize(
    "junk", ["foo bar\n", "alpha 0,8\n", "IF area THEN\n", "term x = \n", 'product "x\n']
)
def test_a_mistake_costs_only_its_own_statement(junk: str) -> None:
    around = parse(Source("x.kr", RULE + junk + "class crack\n" + RULE))
    assert len(around.diagnostics) == 1
    assert around.diagnostics[0].span.line == 2
    assert [type(s) for s in around.tree.statements] == [ast.Rule, ast.Class, ast.Rule]


def test_a_mistake_in_a_case_costs_only_the_case() -> None:
    text = (
        'test "t":\n  area = 1 => anomalous\n  area 2 => anomalous\n  area = 3\n    => not anomalous\n' + RULE
    )
    result = parse(Source("x.kr", text))
    assert [d.code for d in result.diagnostics] == ["K038"]
    test = result.tree.statements[0]
    assert isinstance(test, ast.Test)
    assert len(test.cases) == 2


@pytest.mark.parametrize("depth", [10_000, 50_000])
def test_parentheses_cost_no_recursion(depth: int) -> None:
    assert parsed("IF " + "(" * depth + "a is b" + ")" * depth + " THEN c") == parsed("IF a is b THEN c")


@pytest.mark.parametrize(
    "condition",
    ["NOT " * 10_000 + "a is b", "(" * 10_000 + "a is b" + " AND a is b) OR a is b" * 5_000 + ")" * 5_000],
)
def test_deep_conditions_are_refused_with_a_message(condition: str) -> None:
    result = parse(Source("x.kr", f"IF {condition} THEN c"))
    assert "K007" in {d.code for d in result.diagnostics}


def test_wide_conditions_are_fine() -> None:
    [rule] = parsed("IF " + " OR ".join(["a is b"] * 20_000) + " THEN c").statements
    assert isinstance(rule, ast.Rule)
    assert isinstance(rule.condition, ast.Or)
    assert len(rule.condition.operands) == 20_000


def test_large_files_are_refused() -> None:
    [problem] = parse(Source("x.kr", RULE * 200_000)).diagnostics
    assert problem.code == "K008"


def test_reports_are_limited() -> None:
    result = parse(Source("x.kr", "foo bar\n" * 5000))
    assert len(result.diagnostics) == MAX_REPORTS


def test_an_empty_file() -> None:
    assert parsed("").statements == ()
    assert parsed("\n# only a comment").statements == ()
