"""Columns as users have them: strides, byte orders, integers, read-only, long, empty; threads."""

from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import kistdsl
from kistdsl.backends import numba_backend
from kistdsl.backends.numba_backend import CONVERT_ROWS
from kistdsl.ir.lower import lower
from kistdsl.ir.passes import optimise
from tests.ir.test_reference import program

RULES = kistdsl.compile(
    "IF area is high AND gray is low THEN anomalous (0.8)\n"
    "class crack\n"
    "IF gray is mid OR NOT symmetry is somewhat low THEN crack (0.7)\n"
)
ROWS = 2 * CONVERT_ROWS + 37


def table(rows: int = ROWS) -> dict[str, np.ndarray]:
    random = np.random.default_rng(5)
    gray = random.integers(0, 256, rows).astype(float)
    return {"area": random.random(rows), "gray": gray, "symmetry": random.random(rows)}


SHAPES = {
    "strided": lambda c: np.repeat(c, 3)[::3],
    "reversed": lambda c: c[::-1].copy()[::-1],
    "big-endian": lambda c: c.astype(">f8"),
    "column of a row-major array": lambda c: np.stack([c, c, c], axis=1)[:, 1],
    "unaligned": lambda c: np.frombuffer(b"x" + c.tobytes(), np.uint8)[1:].view(np.float64),
}


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("shape", SHAPES)
def test_layouts_do_not_matter(shape, backend):
    plain = table()
    want = RULES.grade(plain, backend=backend)
    odd = {name: SHAPES[shape](column) for name, column in plain.items()}
    assert all(np.array_equal(odd[name], plain[name]) for name in plain)
    np.testing.assert_array_equal(RULES.grade(odd, backend=backend), want)
    mixed = {**plain, "gray": odd["gray"]}
    np.testing.assert_array_equal(RULES.grade(mixed, backend=backend), want)


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">i4", "uint64", "float16", "float32"])
@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_numbers_of_any_kind(dtype, backend):
    plain = table()
    narrow = {**plain, "gray": plain["gray"].astype(dtype)}
    np.testing.assert_array_equal(RULES.grade(narrow, backend=backend), RULES.grade(plain, backend=backend))


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_inputs_are_read_only_to_us(backend):
    plain = table()
    for column in plain.values():
        column.flags.writeable = False
    before = {name: column.copy() for name, column in plain.items()}
    RULES.evaluate(plain, backend=backend)
    assert all(np.array_equal(plain[name], before[name]) for name in plain)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("rows", [0, 1, 2, 7, 4095, 4096, 4097])
def test_lengths(rows, backend):
    part = {name: column[:rows] for name, column in table().items()}
    whole = RULES.evaluate(table(), backend=backend)
    got = RULES.evaluate(part, backend=backend)
    np.testing.assert_array_equal(got.grade, whole.grade[:rows])
    np.testing.assert_array_equal(got.rule, whole.rule[:rows])
    assert RULES.matrix(part, backend=backend).shape == (rows, 2)
    np.testing.assert_array_equal(RULES.decide(part, backend=backend), whole.anomalous[:rows])


def test_a_nan_or_a_huge_value_in_a_block_changes_nothing_else():
    plain = table()
    want = RULES.matrix(plain)
    for value in (np.nan, np.inf, -np.inf, 1e300):
        odd = {name: column.copy() for name, column in plain.items()}
        odd["area"][5000] = value
        got = RULES.matrix(odd)
        np.testing.assert_array_equal(np.delete(got, 5000, 0), np.delete(want, 5000, 0))
        np.testing.assert_array_equal(got[5000], RULES.matrix(odd, backend="numpy")[5000])


@pytest.fixture
def pools(monkeypatch):
    """Sizes of the pools of threads that calls start."""
    sizes = []

    class Counted(ThreadPoolExecutor):
        def __init__(self, workers: int) -> None:
            sizes.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(numba_backend, "ThreadPoolExecutor", Counted)
    return sizes


@pytest.mark.parametrize("threads", [2, 3, None])
def test_threads_change_nothing(threads, pools, monkeypatch):
    plain = table()
    one, matrix = RULES.evaluate(plain), RULES.matrix(plain)
    monkeypatch.setattr(numba_backend, "THREAD_WORK", 1)
    monkeypatch.setattr(numba_backend, "PARALLEL_ROWS", 4096)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    many = RULES.evaluate(plain, threads=threads)
    np.testing.assert_array_equal(one.grade, many.grade)
    np.testing.assert_array_equal(one.rule, many.rule)
    np.testing.assert_array_equal(matrix, RULES.matrix(plain, threads=threads))
    assert pools == [threads or 4] * 2


def test_threads_are_not_started_for_little_work(pools):
    small, large = table(100_000), table(2_000_000)
    RULES.grade(small, threads=8)
    assert pools == []
    RULES.grade(large, threads=2)
    assert pools == [2]


def test_many_threads_at_once():
    fresh = kistdsl.compile("IF area is high AND gray is low THEN anomalous (0.8)")
    plain = table()
    want = RULES.matrix(plain)[:, 0]
    same: list[bool] = []

    def work() -> None:
        same.extend(np.array_equal(fresh.grade(plain), want) for _ in range(5))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert same == [True] * 40


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_without_rules(backend):
    kernel = kistdsl.RuleSet(program()).kernel(backend)
    columns = [np.ones(3), np.ones(3)]
    np.testing.assert_array_equal(kernel.grade(columns), np.zeros(3))
    assert kernel.evaluate(columns).rule.tolist() == [-1, -1, -1]
    assert kernel.matrix(columns).shape == (3, 0)
    assert not kernel.decide(columns).any()
    assert optimise(lower(program())).nodes == ()


@pytest.mark.slow
def test_a_hundred_million_rows_in_pieces():
    """One buffer, one table of a million rows turned a little further each time: the grades turn with it."""
    rows, pieces = 1_000_000, 100
    first = table(rows)
    want = RULES.grade(first, backend="numpy")
    turned = {name: np.empty_like(column) for name, column in first.items()}
    out = np.empty(rows)
    tracemalloc.start()
    for piece in range(pieces):
        at = piece * 7919 % rows
        for name, column in first.items():
            turned[name][: rows - at], turned[name][rows - at :] = column[at:], column[:at]
        RULES.grade(turned, out=out)
        assert np.array_equal(out[: rows - at], want[at:])
        assert np.array_equal(out[rows - at :], want[:at])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rows * 8  # less than one column more
