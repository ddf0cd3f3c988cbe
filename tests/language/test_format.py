"""The canonical layout: idempotent, comments kept, tree unchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given

from kistdsl.diagnostics import Source
from kistdsl.language import ast
from kistdsl.language.check import check_text
from kistdsl.language.layout import format_source, format_tree
from kistdsl.language.layout import formatted as format_file
from kistdsl.language.parser import parse
from kistdsl.language.rule_names import meant_by_tests, named_by_tests, rules_of
from kistdsl.language.sources import Loaded, decode
from kistdsl.schema import BUILTIN

from .strategies import files, programs, trees

ROOT = Path(__file__).resolve().parents[2]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")


RULE_FILES = [
    path
    for path in sorted(ROOT.rglob("*.kr"))
    if ".venv" not in path.parts and not parse(Source("x.kr", text_of(path))).diagnostics
]
"""Every rule file of the repository but those with syntax errors on purpose."""


def formatted(text: str) -> str:
    source = Source("x.kr", text)
    parsed = parse(source)
    assert not parsed.diagnostics
    return format_source(source, parsed.tree)


def assert_kept(text: str) -> None:
    before = parse(Source("x.kr", text))
    after_text = formatted(text)
    after = parse(Source("x.kr", after_text))
    assert after.tree == before.tree
    assert [c.text for c in after.tree.comments] == [c.text for c in before.tree.comments]
    assert formatted(after_text) == after_text


@given(trees())
def test_a_tree_is_printed_and_read_back(tree: ast.File) -> None:
    parsed = parse(Source("x.kr", format_tree(tree)))
    assert parsed.diagnostics == ()
    assert parsed.tree == tree


@given(files())
def test_formatting_keeps_tree_and_comments_and_is_idempotent(text: str) -> None:
    assert_kept(text)


@given(programs())
def test_generated_programs_have_a_meaning(text: str) -> None:
    checked = check_text(Source("x.kr", text), BUILTIN)
    assert checked.program is not None, [d.message for d in checked.diagnostics]


def meant(text: str) -> list[ast.Condition | None]:
    """The condition of the rule that each `by` of a file names."""
    tree = parse(Source("x.kr", text)).tree
    rules = rules_of(tree)
    return [None if i is None else rules[i].condition for i in meant_by_tests(tree)]


def laid_out(text: str) -> str:
    """The file in the canonical layout, which says the same and has a meaning if it had one."""
    result = format_file(Loaded(Source("x.kr", text)))
    assert not result.problems, result.problems
    assert meant(result.text) == meant(text)
    assert not format_file(Loaded(Source("x.kr", result.text))).changed
    had_one = check_text(Source("x.kr", text), BUILTIN).program is not None
    assert (check_text(Source("x.kr", result.text), BUILTIN).program is not None) == had_one
    return result.text


TWO_RULES = "IF area is high THEN anomalous\n{}IF gray is low THEN anomalous\n"
TESTS = 'test "t":\n  area = 1, gray = 255 => anomalous by {}\n  area = 0, gray = 0 => anomalous by {}\n'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "IF shape\n  is high\n  THEN anomalous\n" + TWO_RULES.format("") + TESTS.format("L4", "L5"),
            "L2 L3",
        ),
        (TWO_RULES.format("\n\n\n") + TESTS.format("L1", "L5"), "L1 L3"),
        ("\n\n" + TESTS.format("L10", "L13") + 4 * "\n" + TWO_RULES.format("\n\n"), "L5 L7"),
        (TWO_RULES.format("").replace("\n", " ", 1) + TESTS.format("L1", "stain"), "L1 stain"),
        ("rule L1: " + TWO_RULES.format("\n\n\n") + TESTS.format("L1", "L5"), "L1 L3"),
    ],
    ids=["joined lines", "blank lines", "tests first", "two on a line", "a rule named like a line"],
)
def test_a_test_goes_on_naming_its_rule_by_its_line(text: str, names: str) -> None:
    assert [by.text for by in named_by_tests(parse(Source("x.kr", laid_out(text))).tree)] == names.split()


@pytest.mark.parametrize("width", range(96, 104))
@pytest.mark.parametrize("blank", range(5))
def test_a_shorter_name_may_leave_its_case_unbroken(width: int, blank: int) -> None:
    """The rule stands on line 9 below a case on one line, on line 10 below one on two lines."""
    case = "  area = 1, gray = 255 => anomalous by L9"
    case = case.replace("1,", f"1.{'0' * (width - len(case) - 1)},")
    head = "class a\nclass b\nclass c\nclass d\n\n" + f'test "t":\n{case}\n' + "\n" * blank
    text = head.replace("L9", f"L{len(head.splitlines()) + 1}") + TWO_RULES.format("")
    assert f" by {'L9' if width <= 100 else 'L10'}\n" in laid_out(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n\nIF gray is low THEN anomalous\nrule L1: " + TWO_RULES.format("") + TESTS.format("L1", "L3"),
            "moves",
        ),
        (TWO_RULES.format("\n\n\n") + TESTS.format("L1", "L3"), "unknown"),
    ],
    ids=["the name is taken", "a name of no rule becomes one"],
)
def test_a_file_whose_names_would_change_their_meaning_is_left_as_it_is(text: str, message: str) -> None:
    result = format_file(Loaded(Source("x.kr", text)))
    assert not result.changed
    assert result.text == text
    assert [message in p.message for p in result.problems] == [True]


IDENTITY = (ROOT / "tests" / "golden" / "identity.kr").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", IDENTITY)
def test_a_canonical_line_prints_back_unchanged(line: str) -> None:
    assert formatted(f"{line}\n") == f"{line}\n"


GOLDEN = sorted((ROOT / "tests" / "golden" / "fmt").glob("*.kr"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_layout(path: Path) -> None:
    result = format_file(decode(path.read_bytes(), path.name))
    assert not result.problems
    expected = path.with_suffix(".out")
    if os.environ.get("KISTDSL_BLESS"):
        expected.write_text(result.text, encoding="utf-8", newline="\n")
    assert result.text == expected.read_text(encoding="utf-8")
    assert result.changed


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_rule_file_of_the_repository(path: Path) -> None:
    assert_kept(text_of(path))
