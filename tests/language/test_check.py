"""Checking: meaning, includes, ignores, and every declaration's own examples."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from kistdsl.diagnostics import InputError, Source
from kistdsl.language.catalog import CATALOG, find_code
from kistdsl.language.check import Checked, check_file, check_loaded, check_text
from kistdsl.language.codes import Code
from kistdsl.language.memberships import Trapezoid
from kistdsl.language.sources import Loaded, decode
from kistdsl.schema import BUILTIN, ColumnSpec

RULE = "IF area is high THEN anomalous\n"


def check(text: str) -> Checked:
    return check_text(Source("x.kr", text), BUILTIN, loader=lambda name: decode(b"", name))


def codes(text: str) -> list[str]:
    return [d.code for d in check(text).diagnostics]


EXAMPLES = [(c, kind, getattr(c, kind)) for c in CATALOG for kind in ("bad", "good") if getattr(c, kind)]


@pytest.mark.parametrize(("code", "kind", "text"), EXAMPLES, ids=[f"{c.code}-{k}" for c, k, _ in EXAMPLES])
def test_examples_of_the_declarations(code: Code, kind: str, text: str, tmp_path: Path) -> None:
    result = check_text(Source(str(tmp_path / "x.kr"), text), BUILTIN)
    found = {d.code for d in result.diagnostics}
    assert (code.code in found) == (kind == "bad"), found


def test_declarations_are_whole() -> None:
    assert len({c.code for c in CATALOG}) == len({c.slug for c in CATALOG}) == len(CATALOG)
    for code in CATALOG:
        assert code.title
        assert code.title[0].islower() or code.title[0] == "`"
        assert not code.title.endswith(".")
        assert code.explanation.strip()
        assert code.severity in ("error", "warning")
    assert find_code("k301") is find_code("contradictory-clause") is not None


def test_the_whole_file_of_the_reference() -> None:
    text = (Path(__file__).parent / "whole_file.kr").read_text(encoding="utf-8")
    program = check(text).program
    assert program is not None
    assert program.product == "Magnetic tile, polished side"
    assert [r.name for r in program.rules] == ["stain", "crack_line", "L20"]
    assert program.classes == ("anomalous", "crack")
    gammas = {c.name: c.gamma for c in program.declared}
    assert gammas == {
        "area": 0.02 / 0.8,
        "gray": 255.0,
        "shape": 125.0,
        "unevenness": 30 / 0.8,
        "symmetry": 1.0,
    }
    assert [c.name for c in program.columns] == ["area", "gray", "unevenness", "shape", "symmetry"]


def test_one_rule_is_a_file() -> None:
    program = check("IF area is high AND gray is low THEN anomalous (0.8)").program
    assert program is not None
    assert program.rules[0].name == "L1"
    assert program.alpha == 0.8
    assert program.norms == "zadeh"
    assert program.rules[0].truth_value == 0.8
    assert {t.name for t in program.terms} == {"low", "mid", "high"}


def test_own_terms_hide_shared_ones_and_are_not_scaled() -> None:
    program = check(
        "term low of gray = trapmf(-inf, -inf, 35, 50)\nIF gray is low AND area is low THEN anomalous"
    ).program
    assert program is not None
    gray, area = program.rules[0].condition.operands  # type: ignore[union-attr]
    assert gray.divisor == 1.0
    assert gray.term.function == Trapezoid(-math.inf, -math.inf, 35.0, 50.0)
    assert area.divisor == 1.0
    assert area.term.column is None


def test_the_last_definition_holds() -> None:
    program = check("alpha 0.5\nalpha 0.6\nterm high = smf(0, 1)\nterm high = smf(0.5, 1)\n" + RULE).program
    assert program is not None
    assert program.alpha == 0.6
    assert [t.function.arguments for t in program.terms if t.name == "high"] == [(0.5, 1.0)]


def test_one_mistake_is_said_once() -> None:
    assert codes("term dark of gray = zmf(30 60)\nIF gray is dark OR area is dark THEN anomalous\n") == [
        "K043"
    ]
    assert codes("class crack, stain\nIF area is high THEN stain\n") == ["K047"]
    assert codes("rule a: IF area THEN anomalous\n" + RULE + 'test "t":\n  area = 1 => anomalous by a\n') == [
        "K026"
    ]


# --- includes --------------------------------------------------------------------------------


def test_a_rule_that_always_fires_is_not_compared_with_others() -> None:
    """That class crack never wins follows from it; narrowed, the rule leaves crack some regions."""
    always = "NOT area is low OR NOT area is high"
    text = f"class crack\nrule a: IF {always} THEN anomalous\nrule b: IF gray is low THEN crack (0.8)\n"
    assert codes(text) == ["K304"]
    assert codes(text.replace(" OR ", " AND ")) == []
    assert codes(text.replace(always, "gray is low")) == ["K403"]


def test_includes(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "dark.kr").write_text('include "../end.kr"\nterm dark of gray = zmf(30, 60)\n')
    (tmp_path / "end.kr").write_text("class crack\nIF area is high THEN crack\n")
    main = tmp_path / "main.kr"
    main.write_text('include "parts\\dark.kr"\ninclude "end.kr"\nIF gray is dark THEN anomalous\n')
    checked = check_file(main, BUILTIN)
    assert checked.program is not None
    assert [r.name for r in checked.program.rules] == ["end:L2", "L3"]
    assert len(checked.sources) == 3
    assert check_file(main, BUILTIN).program.source_hash == checked.program.source_hash  # type: ignore[union-attr]
    (tmp_path / "end.kr").write_text("class crack\nIF area is mid THEN crack\n")
    assert check_file(main, BUILTIN).program.source_hash != checked.program.source_hash  # type: ignore[union-attr]


def test_a_long_chain_of_includes_is_refused() -> None:
    chain = check_loaded(
        Loaded(Source("f0.kr", 'include "f1.kr"\n' + RULE)),
        BUILTIN,
        loader=lambda name: decode(f'include "f{int(name[1:-3]) + 1}.kr"\n'.encode(), name),
    )
    assert "K113" in [d.code for d in chain.diagnostics]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.kr: no such file"):
        check_file(tmp_path / "nothing.kr", BUILTIN)
    with pytest.raises(InputError, match="is a folder"):
        check_file(tmp_path, BUILTIN)


# --- ignores ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "class a\nclass a  # kr: ignore[duplicate-class] on purpose\n",
        "class a\nclass a  # kr: ignore[K110]\n",
        "class a\n# kr: ignore[duplicate-class]\nclass a\n",
        "class a\n# kr: ignore[duplicate-class]\n# more words\nclass a\n",
        "class a\nclass\n a  # kr: ignore[duplicate-class]\n",
    ],
)
def test_a_warning_is_silenced(text: str) -> None:
    assert codes(text + "IF area is high THEN a\n") == []


def test_an_ignore_silences_its_line_and_kind_only() -> None:
    text = "class a\nclass a\nclass a  # kr: ignore[duplicate-class]\n"
    assert codes(text + "IF area is high THEN a\n") == ["K110"]
    assert codes("class a\nclass a  # kr: ignore[tab]\nIF area is high THEN a\n") == ["K110", "K901"]


def test_errors_cannot_be_silenced() -> None:
    assert sorted(codes("IF aera is high THEN anomalous  # kr: ignore[unknown-property]\n")) == [
        "K101",
        "K901",
    ]


def test_an_ignore_of_an_analysis_is_not_judged_in_a_file_with_errors() -> None:
    rule = "IF area is high THEN anomalous (0.5)  # kr: ignore[truth-value-below-alpha]\n"
    assert codes(rule) == []
    assert codes(f"{rule}IF aera is high THEN anomalous\n") == ["K101"]


def test_a_test_without_cases() -> None:
    assert codes(f'{RULE}test "t":\n') == ["K051"]
    assert codes(f'{RULE}test "t":\n  area 1 => anomalous\n') == ["K038"]


# --- bytes -----------------------------------------------------------------------------------


def test_marks_line_ends_and_tabs_are_warnings_and_the_file_grades() -> None:
    loaded = decode(b"\xef\xbb\xbfIF area\tis high THEN anomalous\r\n", "x.kr")
    checked = check_loaded(loaded, BUILTIN)
    assert [d.code for d in checked.diagnostics] == ["K010", "K013", "K011"]
    assert checked.program is not None
    assert all(d.severity == "warning" for d in checked.diagnostics)


def test_bytes_that_are_not_utf8_name_their_place() -> None:
    checked = check_loaded(decode("# ok ä\n# gr".encode() + b"\xf6\xdfe\n" + RULE.encode(), "x.kr"), BUILTIN)
    [problem] = checked.diagnostics
    assert problem.span.source.position(problem.span.start) == (2, 5)
    assert checked.program is None


def test_a_schema_of_ones_own() -> None:
    schema = BUILTIN.extended([ColumnSpec("hot", "fraction", 0.0, 1.0, 1.0, "share of overexposed pixels")])
    assert check_text(Source("x.kr", "IF hot is high THEN anomalous"), schema).program is not None
    assert check("IF hot is high THEN anomalous").program is None
