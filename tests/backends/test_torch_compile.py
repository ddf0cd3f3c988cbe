"""The torch module under torch.compile: traced whole, and the same grades and gradients from compiled code."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import kistdsl
from kistdsl.backends.tolerances import TOLERANCES
from tests.backends.test_torch import close

torch = pytest.importorskip("torch", reason="torch is not installed")
RuleModule = pytest.importorskip("kistdsl.backends.torch_module").RuleModule

TEXT = """\
norms NORMS
term dim of gray = gaussmf(40, 20)
term soft = sigmf(12, 0.5)
term bell = gbellmf(0.2, 2, 0.4)
term fine_bell = gbellmf(0.2, 1.3, 0.4)
term line = points((0.1, 0), (0.3, 1), (0.6, 0.2), (0.6, 0.7), (0.9, 0.3))
term ess = smf(0.1, 0.6)
term pie = pimf(0.1, 0.3, 0.6, 0.9)
term block = rectmf(0.2, 0.7)
IF area is high AND gray is dim THEN anomalous (0.8)
IF NOT symmetry is somewhat mid OR area is slightly line THEN anomalous (0.6)
IF gray is very soft AND symmetry is extremely bell AND area is pie THEN anomalous (0.9)
IF symmetry is block AND NOT area is ess OR symmetry is fine_bell THEN anomalous (0.7)
"""
"""Every kind of membership function, every hedge, every operator."""
TRAINABLE = ("gammas", "terms", "truth_values")


def module(norms: str = "zadeh", **options):
    return RuleModule(kistdsl.compile(TEXT.replace("NORMS", norms)), **options)


def regions(rows: int = 1027) -> torch.Tensor:
    random = np.random.default_rng(3)
    values = random.random((rows, 3)) * [1.0, 255.0, 1.0]
    values[::97, 1] = np.nan
    return torch.from_numpy(values)


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """inductor, torch's own compiler to machine code, with an empty cache."""
    wanted = os.environ.get("CXX", "g++")
    if shutil.which(wanted) is None:
        pytest.skip(f"torch's inductor needs a C++ compiler, and there is no {wanted}")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    torch.compiler.reset()
    yield "inductor"
    torch.compiler.reset()


@pytest.mark.parametrize("norms", ["zadeh", "product", "lukasiewicz"])
@pytest.mark.parametrize("trainable", [(), TRAINABLE], ids=["fixed", "trainable"])
def test_traced_whole(norms, trainable):
    layer, x = module(norms, trainable=trainable), regions()
    traced = torch.compile(layer, fullgraph=True, backend="eager")
    close(traced(x).detach().numpy(), layer(x).detach().numpy(), 0.0)


FEW = """\
IF area is high AND gray is dim THEN anomalous (0.8)
IF NOT symmetry is somewhat mid THEN anomalous (0.6)
term dim of gray = gaussmf(40, 20)
"""
"""Few functions, since inductor works long on many."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own code
def test_single_precision_from_machine_code(compiler):
    layer, x = RuleModule(kistdsl.compile(FEW), dtype="float32"), regions().to(torch.float32)
    compiled = torch.compile(layer, fullgraph=True, backend=compiler)
    close(compiled(x).numpy(), layer(x).numpy(), TOLERANCES["torch.compile", "float32"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_grades_and_gradients_from_machine_code(compiler):
    layer, x = RuleModule(kistdsl.compile(FEW), trainable=TRAINABLE), regions()
    compiled = torch.compile(layer, fullgraph=True, backend=compiler)
    close(compiled(x).detach().numpy(), layer(x).detach().numpy(), TOLERANCES["torch.compile", "float64"])
    names, numbers = zip(*layer.named_parameters(), strict=True)
    known = torch.nan_to_num(x, 50.0)
    got = torch.autograd.grad(compiled(known).sum(), numbers)
    want = torch.autograd.grad(layer(known).sum(), numbers)
    assert all(bool(gradient.any()) for gradient in want), names
    for name, a, b in zip(names, got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9, err_msg=name)
