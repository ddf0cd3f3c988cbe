"""The torch backend: the reference's bits on generated programs; the module: the same, with gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.backends.base import NO_RULE
from kistdsl.backends.registry import backend
from kistdsl.backends.tolerances import TOLERANCES
from kistdsl.diagnostics import InputError
from kistdsl.ir import reference
from kistdsl.ir.lower import lower
from kistdsl.ir.nodes import DTYPES
from kistdsl.ir.passes import optimise
from tests.ir.programs import programs, tables

torch = pytest.importorskip("torch", reason="torch is not installed")
torch_math = pytest.importorskip("kistdsl.backends.torch_math")
RuleModule = pytest.importorskip("kistdsl.backends.torch_module").RuleModule


def close(got: np.ndarray, want: np.ndarray, tolerance: float) -> None:
    """Equal within the table's tolerance; bit for bit where that is 0. NaN equals NaN."""
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)
    if tolerance == 0.0:
        known = ~np.isnan(want)
        np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(want[known]))


def outcomes_of(program, columns, dtype, skip_missing=False):
    names = [c.name for c in program.columns]
    rows = zip(*columns, strict=True)
    return [
        reference.evaluate(
            program, dict(zip(names, row, strict=True)), dtype=dtype, skip_missing=skip_missing
        )
        for row in rows
    ]


@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
@settings(max_examples=100)
def test_kernel_equals_the_reference(dtype, data):
    program, skip_missing = data.draw(programs()), data.draw(st.booleans())
    try:
        kernel = backend("torch").compile(optimise(lower(program, dtype)))
    except InputError:
        return  # a number that float32 cannot hold
    with np.errstate(over="ignore"):
        columns = [c.astype(dtype) for c in data.draw(tables(program))]
    outcomes = outcomes_of(program, columns, dtype, skip_missing)
    tolerance = TOLERANCES["torch", dtype]
    want = np.array([o.grade for o in outcomes], dtype)
    winners = kernel.evaluate(columns, skip_missing=skip_missing)
    close(winners.grade, want, tolerance)
    close(kernel.grade(columns, skip_missing=skip_missing), want, tolerance)
    close(kernel.matrix(columns), np.array([o.rule_grades for o in outcomes], dtype), tolerance)
    if tolerance == 0.0:
        rules = [NO_RULE if o.rule is None else o.rule for o in outcomes]
        np.testing.assert_array_equal(winners.rule, rules)
        targets = [NO_RULE if o.target is None else program.classes.index(o.target) for o in outcomes]
        np.testing.assert_array_equal(winners.target, targets)
        decided = kernel.decide(columns, skip_missing=skip_missing)
        np.testing.assert_array_equal(decided, [o.anomalous for o in outcomes])


def test_square_roots_are_rounded_correctly():
    """torch.sqrt is off by one bit for some values on some processors; `somewhat` must not be."""
    random = np.random.default_rng(0)
    values = np.concatenate([random.random(200_000), np.exp(random.uniform(-740, 0, 50_000)), [0.0, 1.0]])
    got = torch_math.square_root(torch.from_numpy(values)).numpy()
    np.testing.assert_array_equal(got, np.sqrt(values))


# --- the module ------------------------------------------------------------------------------------

RULES = kistdsl.compile(
    "term dim of gray = gaussmf(40, 20)\n"
    "IF area is high AND gray is dim THEN anomalous (0.8)\n"
    "IF NOT symmetry is somewhat mid THEN anomalous (0.6)\n"
)


def regions(rows: int = 40) -> torch.Tensor:
    random = np.random.default_rng(3)
    return torch.from_numpy(random.random((rows, 3)) * [1.0, 255.0, 1.0])


@given(data=st.data())
@settings(max_examples=100)
def test_module_equals_the_reference(data):
    program = data.draw(programs())
    columns = data.draw(tables(program))
    want = np.array([o.rule_grades for o in outcomes_of(program, columns, "float64")])
    module = RuleModule(program)
    values = torch.from_numpy(np.stack(columns, axis=1))
    close(module.rule_grades(values).numpy(), want, 0.0)
    close(module(values).numpy(), want.max(axis=1), 0.0)
    by_name = {name: values[:, i] for i, name in enumerate(module.properties)}
    close(module(by_name).numpy(), want.max(axis=1), 0.0)


def test_gradients_are_those_of_small_differences():
    module = RuleModule(RULES, trainable=("gammas", "terms", "truth_values"))
    assert {name for name, _ in module.named_parameters()} >= {"gammas", "truth_values", "term_0"}
    x = torch.tensor([[0.7, 50.0, 0.3], [0.65, 30.0, 0.71]], dtype=torch.float64)
    for parameter in module.parameters():
        (gradient,) = torch.autograd.grad(module.rule_grades(x).sum(), parameter)
        for i in range(len(parameter)):
            if not torch.isfinite(parameter[i]):
                continue
            ends = []
            for change in (1e-6, -2e-6, 1e-6):
                with torch.no_grad():
                    parameter[i] += change
                    ends.append(module.rule_grades(x).sum().item())
            assert gradient[i].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-5)


def test_nothing_is_a_parameter_unless_asked():
    assert list(RuleModule(RULES).parameters()) == []
    assert [n for n, _ in RuleModule(RULES, trainable=["gammas"]).named_parameters()] == ["gammas"]


def test_project_puts_numbers_back():
    module = RuleModule(RULES, trainable=("gammas", "terms", "truth_values"))
    with torch.no_grad():
        module.gammas.fill_(-1.0)
        module.truth_values.fill_(1.5)
        module.terms["mid"].copy_(torch.tensor([0.4, 0.2, 0.8, 0.6], dtype=torch.float64))
    module.project()
    assert (module.gammas > 0).all()
    assert (module.truth_values == 1).all()
    a, b, c, d = RULES.program.rules[1].condition.operand.term.function.arguments
    want = [0.4, 0.4 + 1e-3 * (b - a), 0.8, 0.8 + 1e-3 * (d - c)]
    assert module.terms["mid"].tolist() == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("written", "trained", "kept"),
    [
        ("trapmf(0, 10, 20, 30)", [50, 0, -5, 7], [50, 50.01, 50.02, 50.03]),
        ("trapmf(-inf, -inf, 20, 30)", [-math.inf, -math.inf, 40, 30], [-math.inf, -math.inf, 40, 40.01]),
        ("trapmf(5, 5, inf, inf)", [8, 7, math.inf, math.inf], [8, 8, math.inf, math.inf]),
        ("trimf(0, 100, 200)", [5, 5, 5], [5, 5.1, 5.2]),
        ("rectmf(0, 100)", [7, 3], [7, 7.1]),
        ("smf(0, 100)", [7, 3], [7, 7.1]),
        ("zmf(0, 100)", [7, 3], [7, 7.1]),
        ("pimf(0, 10, 20, 30)", [50, 0, -5, 7], [50, 50.01, 50.02, 50.03]),
        ("gaussmf(40, 20)", [40, -3], [40, 0.02]),
        ("gbellmf(20, 2, 40)", [-1, 0, 40], [0.02, 0.002, 40]),
        (
            "points((0, 0), (10, 0.5), (10, 1), (20, 0))",
            [5, -1, 3, 2, 9, 0.4, 4, 0.2],
            [5, 0, 5.01, 1, 5.01, 0.4, 5.02, 0.2],
        ),
    ],
)
def test_project_keeps_order_and_distance(dtype, written, trained, kept):
    rules = kistdsl.compile(f"term t of gray = {written}\nIF gray is t THEN anomalous")
    module = RuleModule(rules, dtype=dtype, trainable=["terms", "truth_values"])
    with torch.no_grad():
        module.term_0.copy_(torch.tensor(trained))
    module.project()
    assert module.term_0.tolist() == pytest.approx(kept, rel=1e-5)
    grades = module(torch.tensor([[0.0], [5.005], [7.0], [50.0]], dtype=module.term_0.dtype))
    (gradient,) = torch.autograd.grad(grades.sum(), module.term_0, materialize_grads=True)
    assert torch.isfinite(grades).all()
    assert torch.isfinite(gradient).all()


def test_project_keeps_edges_apart_by_a_float_step():
    """A thousandth of a narrow edge far from 0 is less than one step there."""
    low, high = 200.0, math.nextafter(200.0, 300.0)
    module = RuleModule(
        kistdsl.compile(f"term t of gray = smf({low!r}, {high!r})\nIF gray is t THEN anomalous"),
        trainable=["terms"],
    )
    with torch.no_grad():
        module.term_0.copy_(torch.tensor([low, low], dtype=torch.float64))
    module.project()
    assert module.term_0.tolist() == [low, high]


def test_training_stays_finite():
    """Every other target is the opposite of what the term says: its edges are driven into each other."""
    rules = kistdsl.compile("term t of gray = trapmf(0, 10, 20, 30)\nIF gray is t THEN anomalous")
    module = RuleModule(rules, trainable=("gammas", "terms", "truth_values"))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.5)
    x = torch.linspace(-5.0, 60.0, 200, dtype=torch.float64)[:, None]
    target = (x[:, 0] > 25).to(torch.float64)
    for _ in range(300):
        optimiser.zero_grad()
        loss = ((module(x) - target) ** 2).mean()
        loss.backward()
        optimiser.step()
        module.project()
        assert torch.isfinite(loss)
    assert torch.isfinite(module(x)).all()


def test_export_and_state(tmp_path):
    module, x = RuleModule(RULES), regions()
    rows = torch.export.Dim("rows", min=2)
    exported = torch.export.export(module, (x,), dynamic_shapes={"regions": {0: rows}})
    torch.testing.assert_close(exported.module()(x[:7]), module(x[:7]), rtol=0, atol=0)
    twin = RuleModule(RULES)
    twin.load_state_dict(module.state_dict())
    half = RuleModule(RULES, dtype="float32")
    assert half(x).dtype == torch.float32


def test_compiles():
    module, x = RuleModule(RULES), regions()
    whole = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(whole(x), module(x), rtol=0, atol=1e-12)


def test_mistakes_are_named():
    with pytest.raises(InputError, match="last size must be 3"):
        RuleModule(RULES)(torch.zeros(4, 2))
    with pytest.raises(InputError, match="no property 'gray'"):
        RuleModule(RULES)({"area": torch.zeros(2)})
    with pytest.raises(InputError, match="trainable 'gamma'"):
        RuleModule(RULES, trainable=["gamma"])
    with pytest.raises(InputError, match="dtype 'float16': choose one of float64, float32"):
        RuleModule(RULES, dtype="float16")
