"""The embedding API: what a RuleSet says and keeps."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

import kistdsl
from kistdsl.diagnostics import InputError, RuleError

TEXT = """\
product "Tile"
property gray scale 255
class crack
alpha 0.7
rule dark: IF area is high AND gray is low THEN anomalous (0.8)
IF symmetry is low THEN crack (0.7)
"""
ROWS = {"area": [0.9, 0.1, 0.9], "gray": [20.0, 20.0, math.nan], "symmetry": [0.9, 0.1, 0.1]}


@pytest.fixture(scope="module")
def rules() -> kistdsl.RuleSet:
    return kistdsl.compile(TEXT)


def test_what_it_is(rules):
    assert rules.properties == ("area", "gray", "symmetry")
    assert rules.alpha == 0.7
    assert rules.classes == ("anomalous", "crack")
    assert [rule.name for rule in rules.rules] == ["dark", "L6"]
    assert rules.program.product == "Tile"
    assert len(rules.source_hash) == 64
    assert rules.ir.columns == rules.properties
    assert repr(rules) == "<RuleSet '<text>': 2 rules on area, gray, symmetry>"


def test_grades(rules):
    np.testing.assert_array_equal(rules.grade(ROWS), [0.8, 0.7, math.nan])
    np.testing.assert_array_equal(rules.grade(ROWS, skip_missing=True), [0.8, 0.7, 0.7])
    assert rules.grade(ROWS, dtype="float32").dtype == np.float32
    np.testing.assert_array_equal(rules.decide(ROWS), [True, True, False])
    np.testing.assert_array_equal(rules.matrix(ROWS), [[0.8, 0.0], [0.0, 0.7], [math.nan, 0.7]])


def test_grades_into_an_array_of_ones_own(rules):
    out = np.empty(3)
    for backend in ("numba", "numpy"):
        assert rules.grade(ROWS, backend=backend, out=out) is out
        np.testing.assert_array_equal(out, [0.8, 0.7, math.nan])
    table = {name: np.array(column) for name, column in ROWS.items()}
    unfit = {
        r"float64 of shape \(2,\); expected float64 of shape \(3,\)": np.empty(2),
        "out is float32": np.empty(3, np.float32),
        "out is list": [0.0, 0.0, 0.0],
        "contiguous": np.empty(6)[::2],
        "shares memory": table["gray"],
    }
    for says, array in unfit.items():
        with pytest.raises(InputError, match=says):
            rules.grade(table, out=array)
    backing = np.zeros((3, 4)).T.copy(order="F")
    for column, array in ((backing[:3, 0], backing[1:, 0]), (table["gray"], table["gray"][:]), (out[:], out)):
        with pytest.raises(InputError, match="shares memory"):
            rules.grade({**table, "gray": column}, out=array)


def test_winners(rules):
    result = rules.evaluate(ROWS)
    assert result.winners.tolist() == ["dark", "L6", None]
    assert result.labels.tolist() == ["anomalous", "crack", None]
    assert result.rule.tolist() == [0, 1, -1]
    assert result.target.tolist() == [0, 1, -1]
    assert result.anomalous.tolist() == [True, True, False]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_tie_at_alpha_passes_in_both_dtypes(dtype):
    rules = kistdsl.compile("IF area is high THEN anomalous (0.8)")
    assert rules.evaluate({"area": [0.8, 1.0]}, dtype=dtype).anomalous.tolist() == [
        dtype == "float64",
        True,
    ] or (rules.evaluate({"area": [0.8, 1.0]}, dtype=dtype).anomalous.all())
    assert rules.decide({"area": [1.0]}, dtype=dtype).all()


def test_one_row(rules):
    assert rules.grade_one({"area": 0.9, "gray": 20, "symmetry": 0.9, "more": "ignored"}) == 0.8
    assert math.isnan(rules.grade_one({"area": 0.9, "gray": math.nan, "symmetry": 0.9}))
    with pytest.raises(InputError, match="no value for property 'gray'"):
        rules.grade_one({"area": 0.9})
    with pytest.raises(InputError, match="property 'gray' is a number that float64 cannot hold"):
        rules.grade_one({"area": 0.9, "gray": 10**400, "symmetry": 1.0})
    with pytest.raises(InputError, match="property 'gray' is 'dark', not a number"):
        rules.grade_one({"area": 0.9, "gray": "dark", "symmetry": 1.0})


def test_it_cannot_be_changed(rules):
    with pytest.raises(AttributeError, match="cannot be changed"):
        rules.alpha = 0.1
    with pytest.raises(AttributeError, match="cannot be changed"):
        del rules.program
    with pytest.raises(AttributeError):
        rules.other = 1


def test_it_can_be_pickled_and_copied(rules):
    rules.grade(ROWS)  # kernels stay behind
    for again in (pickle.loads(pickle.dumps(rules)), copy.deepcopy(rules), copy.copy(rules)):
        np.testing.assert_array_equal(again.grade(ROWS), rules.grade(ROWS))
        assert again.source_hash == rules.source_hash
        assert again.program == rules.program


def test_mistakes_are_said(rules, tmp_path):
    with pytest.raises(RuleError, match="K1"):
        kistdsl.compile("IF aera is high THEN anomalous")
    with pytest.raises(InputError, match="no such file"):
        kistdsl.load(tmp_path / "absent.kr")
    with pytest.raises(InputError, match="no backend 'cuda': choose one of numba, numpy, torch"):
        rules.grade(ROWS, backend="cuda")
    with pytest.raises(InputError, match="dtype 'float16': choose one of"):
        rules.grade(ROWS, dtype="float16")


def test_all_problems_at_once():
    with pytest.raises(RuleError) as caught:
        kistdsl.compile("IF aera is high THEN anomalous\nIF gray is lo THEN anomalous\n")
    assert len(caught.value.diagnostics) == 2
    assert all(d.severity == "error" for d in caught.value.diagnostics)


def test_load(tmp_path):
    (tmp_path / "terms.kr").write_text("term low = trapmf(-inf, -inf, 0.1, 0.2)\n")
    main = tmp_path / "main.kr"
    main.write_text('include "terms.kr"\nIF gray is low THEN anomalous\n')
    rules = kistdsl.load(main)
    np.testing.assert_array_equal(rules.grade({"gray": [25.5, 51.0]}), [1.0, 0.0])
    assert kistdsl.load(str(main)).source_hash == rules.source_hash


def test_a_line_controller_needs_no_torch_and_no_numba():
    hidden = ("torch", "cv2", "pydantic", "numba", "pyarrow", "pandas")
    script = (
        "import sys\n"
        f"for name in {hidden!r}: sys.modules[name] = None\n"
        "import kistdsl\n"
        "rules = kistdsl.compile('IF area is high THEN anomalous')\n"
        "print(rules.grade({'area': [0.9]})[0], rules.grade({'area': [0.9]}, backend='numpy')[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("1.0 1.0", "")


def test_public_names():
    assert {"load", "compile", "RuleSet", "InputError", "RuleError", "property"} <= set(dir(kistdsl))
    for name in kistdsl.__all__:
        assert getattr(kistdsl, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kistdsl.nothing
