"""The ONNX model in onnxruntime, within the table of tolerances."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.backends.tolerances import TOLERANCES
from kistdsl.diagnostics import InputError
from kistdsl.ir import reference
from kistdsl.ir.nodes import DTYPES
from tests.ir.programs import programs, tables

ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
to_onnx = pytest.importorskip(
    "kistdsl.backends.onnx_export", reason="onnx is not installed", exc_type=ImportError
).to_onnx

OUTPUTS = ["grade", "rule", "target", "anomalous", "rule_grades"]


def session(model: bytes):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@settings(max_examples=15)
def test_within_the_tolerance(dtype, data):
    program = data.draw(programs())
    try:
        running = session(to_onnx(program, dtype))
    except InputError:
        return  # a number that float32 cannot hold
    with np.errstate(over="ignore"):
        regions = np.stack(data.draw(tables(program)), axis=1).astype(dtype)
    grade, rule, target, anomalous, each = running.run(OUTPUTS, {"regions": regions})
    names = [c.name for c in program.columns]
    want = [reference.evaluate(program, dict(zip(names, row, strict=True)), dtype=dtype) for row in regions]
    tolerance = TOLERANCES["onnx", dtype]
    np.testing.assert_allclose(grade, [o.grade for o in want], rtol=0, atol=tolerance)
    np.testing.assert_allclose(each, [o.rule_grades for o in want], rtol=0, atol=tolerance)
    for i, outcome in enumerate(want):
        if outcome.rule is None:
            assert (rule[i], target[i]) == (-1, -1)
        else:  # a tie may fall either way within the tolerance
            assert abs(outcome.rule_grades[rule[i]] - outcome.grade) <= 2 * tolerance
            assert program.classes[target[i]] == program.rules[rule[i]].target
        assert bool(anomalous[i]) == bool(grade[i] >= np.dtype(dtype).type(program.alpha))


@pytest.mark.parametrize(
    "text",
    [
        "property area scale 1.00000001\nIF area is high THEN anomalous",
        "property area scale 1e-8\nIF area is high THEN anomalous (0.99999999)",
        "term t = trapmf(-1e-160, 0, 0, 0)\nIF area is t THEN anomalous",
        "term t = trapmf(0, 0, 0, 1e-160)\nIF area is t THEN anomalous",
        "term t = trapmf(1e-160, 1.00000001, 2, 3)\nIF area is t THEN anomalous",
        "term t = gaussmf(1.00000001, 1e-160)\nIF area is t THEN anomalous",
        "term t = points((1e-160, 1e-200), (1.00000001, 0.99999999))\nIF area is t THEN anomalous",
    ],
)
def test_constants_that_single_precision_would_lose(text):
    rules = kistdsl.compile(text)
    values = np.array(
        [0.0, -4e-161, 4e-161, 1e-160, 7e-9, 0.6, 0.65, 0.7, 0.75, 0.8, 0.99999999, 1.0, 1.00000001]
    )
    regions = np.concatenate([values, -values, values * 1.0000001])[:, None]
    (grade,) = session(to_onnx(rules.program)).run(["grade"], {"regions": regions})
    np.testing.assert_allclose(grade, rules.grade(regions), rtol=0, atol=TOLERANCES["onnx", "float64"])


def test_a_model_says_what_it_is():
    rules = kistdsl.compile('product "Tile"\nIF area is high AND gray is low THEN anomalous (0.8)')
    running = session(to_onnx(rules.program))
    props = running.get_modelmeta().custom_metadata_map
    assert (props["product"], props["source_hash"], props["alpha"]) == ("Tile", rules.source_hash, "0.8")
    assert json.loads(props["properties"]) == ["area", "gray"]
    assert json.loads(props["units"]) == ["fraction", "gray levels"]
    (grade,) = running.run(["grade"], {"regions": np.array([[0.9, 20.0], [0.1, 20.0], [np.nan, 20.0]])})
    np.testing.assert_array_equal(grade, [0.8, 0.0, np.nan])
    assert running.run(["rule"], {"regions": np.empty((0, 2))})[0].shape == (0,)


@pytest.mark.filterwarnings("error")
def test_numbers_beyond_float32_make_no_warning():
    rules = kistdsl.compile("term t of area = smf(-1e300, 1e300)\nIF area is t THEN anomalous (0.8)")
    (grade,) = session(to_onnx(rules.program)).run(["grade"], {"regions": np.array([[0.25], [1e300]])})
    assert grade.tolist() == rules.grade({"area": [0.25, 1e300]}).tolist()
