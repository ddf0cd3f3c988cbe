"""The torch backend: the reference's bits on generated programs; the module: the same, with gradients."""

from __future__ import annotations

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
    assert module.terms["mid"].tolist() == [0.4, 0.4, 0.8, 0.8]


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
