"""Grading a region table: this package beside a memory ceiling, careful NumPy and other libraries, in one run.

    python -m benchmarks.grading [--rows 1000 100000 1000000 10000000] [--repeats R] [--json FILE]

Table I's MTD rules (`rules/mtd.kr`) on generated columns, serial. Contenders take turns, so that a busy
machine slows all alike; the best of the repeats counts. Each result is compared with this package's.

- ceiling: a compiled kernel that reads every column and writes one, and does nothing else.
- careful NumPy: in place, shared memberships computed once, no temporaries; the same operations.
- scikit-fuzzy, pyfuzzylite, simpful, numexpr, Polars: in an environment of their own, which the first run makes
  (`benchmarks/peers.txt`); one thread. simpful grades a row at a time and stops at 1,000. Who is not there is named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

import kistdsl
from benchmarks.peer_process import Missing, PeerRun
from kistdsl.engine.rule_set import RuleSet
from kistdsl.resources import resource

SCALES = {"area": 0.05, "gray": 255.0, "shape": 190.0, "unevenness": 60.0, "symmetry": 1.0}
ROWS = (10**3, 10**5, 10**6, 10**7)

Table = dict[str, NDArray[Any]]
Run = Callable[[], Any]


@dataclass(frozen=True)
class Contender:
    """One way to grade. `make(rules, table)` gives the call to time; `most` is its largest table."""

    name: str
    dtype: str
    make: Callable[[RuleSet, Table], Run]
    most: int = 10**8
    grades: bool = True  # whether the call returns grades, which are then compared


# --- this package -------------------------------------------------------------------------------


def into_buffer(rules: RuleSet, table: Table) -> Run:
    first = next(iter(table.values()))
    dtype = first.dtype.name
    out = np.empty(len(first), dtype)
    return lambda: rules.grade(table, dtype=dtype, out=out)


def fresh(rules: RuleSet, table: Table) -> Run:
    return lambda: rules.grade(table)


def parallel(rules: RuleSet, table: Table) -> Run:
    return lambda: rules.grade(table, threads=os.cpu_count())


def evaluate(rules: RuleSet, table: Table) -> Run:
    return lambda: rules.evaluate(table)


def decide(rules: RuleSet, table: Table) -> Run:
    return lambda: rules.decide(table)


def row_major(rules: RuleSet, table: Table) -> Run:
    rows = np.ascontiguousarray(np.stack([table[name] for name in rules.properties], axis=1))
    return lambda: rules.grade(rows)


def numpy_backend(rules: RuleSet, table: Table) -> Run:
    return lambda: rules.grade(table, backend="numpy")


# --- the ceiling and careful NumPy ----------------------------------------------------------------


@numba.njit(error_model="numpy")
def _stream(a, b, c, d, e, out):  # type: ignore[no-untyped-def] # numba infers
    for i in range(out.size):
        out[i] = a[i] + b[i] + c[i] + d[i] + e[i]


def ceiling(rules: RuleSet, table: Table) -> Run:
    columns = [table[name] for name in rules.properties]
    out = np.empty_like(columns[0])
    return lambda: _stream(*columns, out)


class CarefulNumpy:
    """Table I's MTD rules by hand: one buffer a membership, every operation in place."""

    def __init__(self, rules: RuleSet, table: Table) -> None:
        self.table = table
        self.gamma = {column.name: column.gamma for column in rules.program.columns}
        n = len(next(iter(table.values())))
        self.buffers = np.empty((9, n))

    def _low(self, name: str, out: NDArray[Any]) -> NDArray[Any]:
        np.divide(self.table[name], self.gamma[name], out=out)
        np.subtract(0.4, out, out=out)
        np.divide(out, 0.4 - 0.2, out=out)
        return np.clip(out, 0.0, 1.0, out=out)

    def _high(self, name: str, out: NDArray[Any]) -> NDArray[Any]:
        np.divide(self.table[name], self.gamma[name], out=out)
        np.subtract(out, 0.6, out=out)
        np.divide(out, 0.8 - 0.6, out=out)
        return np.clip(out, 0.0, 1.0, out=out)

    def _mid(self, name: str, out: NDArray[Any], spare: NDArray[Any]) -> NDArray[Any]:
        np.divide(self.table[name], self.gamma[name], out=out)
        np.subtract(0.8, out, out=spare)
        np.divide(spare, 0.8 - 0.6, out=spare)
        np.subtract(out, 0.2, out=out)
        np.divide(out, 0.4 - 0.2, out=out)
        np.minimum(out, spare, out=out)
        return np.clip(out, 0.0, 1.0, out=out)

    def __call__(self) -> NDArray[Any]:
        b = self.buffers
        gray_low, gray_high = self._low("gray", b[0]), self._high("gray", b[1])
        uneven_low, uneven_mid = self._low("unevenness", b[2]), self._mid("unevenness", b[3], b[8])
        shape_low, shape_high = self._low("shape", b[4]), self._high("shape", b[5])
        area_high, symmetric = self._high("area", b[6]), self._high("symmetry", b[7])
        dark_even = np.minimum(gray_low, uneven_low, out=uneven_low)
        grade = np.minimum(area_high, dark_even, out=area_high)
        slender = np.minimum(gray_low, shape_high, out=gray_low)
        np.multiply(np.minimum(slender, symmetric, out=slender), 0.8, out=slender)
        np.maximum(grade, slender, out=grade)
        round_ = np.minimum(shape_low, dark_even, out=shape_low)
        np.maximum(grade, np.multiply(round_, 0.8, out=round_), out=grade)
        scratch = np.minimum(uneven_mid, gray_high, out=gray_high)
        return np.maximum(grade, np.minimum(scratch, shape_high, out=scratch), out=grade)


def peer(name: str) -> Callable[[RuleSet, Table], Run]:
    """A library in the peers' environment (`benchmarks.grading_peers`), one thread."""

    def make(rules: RuleSet, table: Table) -> Run:
        gammas = {column.name: column.gamma for column in rules.program.columns}
        with tempfile.TemporaryDirectory() as folder:
            for column, values in table.items():
                np.save(Path(folder) / f"{column}.npy", values)
            return PeerRun(name, Path(folder), gammas)

    return make


CONTENDERS: tuple[Contender, ...] = (
    Contender("ceiling", "float64", ceiling, grades=False),
    Contender("ceiling", "float32", ceiling, grades=False),
    Contender("kistdsl grade, out=", "float64", into_buffer),
    Contender("kistdsl grade, out=", "float32", into_buffer),
    Contender("kistdsl grade", "float64", fresh),
    Contender("kistdsl grade, all threads", "float64", parallel),
    Contender("kistdsl grade, row-major table", "float64", row_major),
    Contender("kistdsl evaluate", "float64", evaluate, grades=False),
    Contender("kistdsl decide", "float64", decide, grades=False),
    Contender("kistdsl grade, NumPy backend", "float64", numpy_backend),
    Contender("careful NumPy", "float64", CarefulNumpy),
    Contender("numexpr", "float64", peer("numexpr")),
    Contender("Polars", "float64", peer("polars")),
    Contender("scikit-fuzzy", "float64", peer("scikit-fuzzy")),
    Contender("pyfuzzylite", "float64", peer("pyfuzzylite")),
    Contender("simpful", "float64", peer("simpful"), most=1000),  # a row at a time
)
# --- measuring ----------------------------------------------------------------------------------


def generated(rules: RuleSet, rows: int, dtype: str) -> Table:
    random = np.random.default_rng(0)
    return {name: (random.random(rows) * SCALES[name]).astype(dtype) for name in rules.properties}


def check(rules: RuleSet, contender: Contender, table: Table, result: Any) -> None:
    """Every grader must say the same, to rounding."""
    want = rules.grade({name: column.astype(np.float64) for name, column in table.items()})
    close = 1e-9 if contender.dtype == "float64" else 2e-4
    worst = float(np.max(np.abs(np.asarray(result, np.float64) - want), initial=0.0))
    if worst > close:
        raise SystemExit(f"{contender.name} ({contender.dtype}) is off by {worst:.3g}")


def measure(rules: RuleSet, rows: int, repeats: int, absent: dict[str, str]) -> dict[tuple[str, str], float]:
    """Best seconds a call, by (name, dtype); `absent` is told who could not take part, and why."""
    runs: dict[tuple[str, str], Run] = {}
    tables = {dtype: generated(rules, rows, dtype) for dtype in ("float64", "float32")}
    for contender in CONTENDERS:
        if rows <= contender.most:
            try:
                run = contender.make(rules, tables[contender.dtype])
            except Missing as error:
                print(f"{contender.name}: left out at {rows:,} rows: {error}", file=sys.stderr)
                absent[contender.name] = str(error)
                continue
            result = run()  # compiles, and warms the memory
            if contender.grades:
                check(rules, contender, tables[contender.dtype], result)
            runs[contender.name, contender.dtype] = run
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(repeats):
        for key, run in runs.items():
            calls = max(1, min(10**6 // rows, int(0.05 / best[key])))  # one at first
            best[key] = min(best[key], seconds(run, calls))
    return best


def seconds(run: Run, calls: int) -> float:
    """A call's seconds, the mean of `calls`."""
    if isinstance(run, PeerRun):
        return run.seconds(calls)
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def one_row(rules: RuleSet, repeats: int) -> float:
    """Best microseconds of a call on one row, given as numbers by name."""
    row = {name: 0.5 * scale for name, scale in SCALES.items()}
    rules.grade_one(row)
    best = float("inf")
    for _ in range(repeats * 5):
        start = time.perf_counter()
        for _ in range(2000):
            rules.grade_one(row)
        best = min(best, (time.perf_counter() - start) / 2000)
    return best * 1e6


def cold_process(path: Path, repeats: int) -> float:
    """Best seconds from the start of a process to its first grade, the kernel cached."""
    script = (
        "import sys, kistdsl\n"
        f"rules = kistdsl.load({str(path)!r})\n"
        "rules.grade({name: [0.5] for name in rules.properties})\n"
        "assert 'torch' not in sys.modules\n"
    )
    best = float("inf")
    for _ in range(repeats + 1):  # the first one fills the cache
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], check=True)
        best = min(best, time.perf_counter() - start)
    return best


def report(results: dict[int, dict[tuple[str, str], float]]) -> None:
    sizes = list(results)
    names = list(dict.fromkeys(key for by_name in results.values() for key in by_name))
    print(f"{'million rows a second':<44}" + "".join(f"{n:>12,}" for n in sizes))
    for key in names:
        cells = (results[n].get(key) for n in sizes)
        texts = ("" if s is None else f"{n / s / 1e6:.3g}" for n, s in zip(sizes, cells, strict=True))
        print(f"{key[0] + ', ' + key[1]:<44}" + "".join(f"{text:>12}" for text in texts))
    print("\nkistdsl grade, out=: times as fast as")
    for name, dtype in names:
        ours = ("kistdsl grade, out=", dtype)
        if not name.startswith("kistdsl"):
            ratios = (
                f"{by[name, dtype] / by[ours]:.2f}" if (name, dtype) in by else "" for by in results.values()
            )
            print(f"{'  ' + name + ', ' + dtype:<44}" + "".join(f"{ratio:>12}" for ratio in ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write seconds a call")
    args = parser.parse_args()
    path = resource("rules/mtd.kr")
    rules = kistdsl.load(path)
    absent: dict[str, str] = {}
    results = {rows: measure(rules, rows, args.repeats, absent) for rows in args.rows}
    report(results)
    for name, why in absent.items():
        print(f"  {name}: not measured: {why}")
    single, cold = one_row(rules, args.repeats), cold_process(path, args.repeats)
    print(f"\none row: {single:.2f} us a call; cold process to first grade: {cold:.2f} s")
    if args.json:
        by_rows = {str(n): {f"{a}, {d}": s for (a, d), s in by.items()} for n, by in results.items()}
        args.json.write_text(json.dumps({"seconds": by_rows, "one_row_us": single, "cold_s": cold}, indent=1))


if __name__ == "__main__":
    main()
