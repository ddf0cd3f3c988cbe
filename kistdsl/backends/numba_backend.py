"""The program as one fused, vectorised pass over columns, compiled by LLVM for this processor.

This is the code generator below numba (llvmlite), driven directly: the IR is in static single assignment
already, and LLVM is where the one thing that matters, which operation rounds when, can be said exactly.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kistdsl.backends import llvm_kernels
from kistdsl.backends.base import NO_RULE, Columns, Winners
from kistdsl.backends.llvm_jit import CompiledCode, has_fma, machine_code, optimised
from kistdsl.ir import nodes as ir

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"

CONVERT_ROWS = 16384
"""Columns that are strided, of another dtype or byte order are copied this many rows at a time."""
PARALLEL_ROWS = 2_000_000
"""Below this, starting threads costs more than it saves; a cautious bound, not tuned to a machine."""
THREAD_WORK = 1 << 22
"""Rows times steps of the program that a thread must have to do, even where threads are asked for: a few tenths
of a millisecond, above what starting it takes. 100,000 rows of Table I's MTD rules are less than one of these."""
_CTYPE = {"float64": ctypes.c_double, "float32": ctypes.c_float}


class NumbaBackend:
    """Makes `NumbaKernel`s."""

    name = "numba"

    def compile(self, program: ir.Program) -> NumbaKernel:
        return NumbaKernel(program)

    def source(self, program: ir.Program, kind: str = "grade", stage: str = "assembly") -> str:
        """The kernel as text.

        Args:
            program: optimised IR.
            kind: "grade", "evaluate", "matrix" or "decide".
            stage: "assembly" (LLVM's, as written here), "optimised" (after LLVM's passes) or "machine" (this
                processor's instructions).
        """
        text = llvm_kernels.module(program, kind, skip_missing=False, quick=has_fma())
        forms: dict[str, Callable[[str], str]] = {"optimised": optimised, "machine": machine_code}
        return forms[stage](text) if stage in forms else text


class NumbaKernel:
    """See `kistdsl.backends.base.Kernel`. Each kind of result is compiled when first asked for."""

    def __init__(self, program: ir.Program) -> None:
        self.program = program
        self._dtype = np.dtype(program.dtype)
        self._live = bool(program.live_rules)
        self._functions: dict[tuple[str, bool], Callable[..., None]] = {}
        self._code: list[CompiledCode] = []
        self._lock = threading.Lock()
        self._one: Callable[..., float] | None = None

    # --- results ---

    def grade(
        self,
        columns: Columns,
        *,
        skip_missing: bool = False,
        threads: int | None = 1,
        out: Array | None = None,
    ) -> Array:
        grade = np.empty(_rows(columns), self._dtype) if out is None else out
        if not self._live:
            grade.fill(0.0)  # without a rule nothing is anomalous
        self._run("grade", skip_missing, columns, [grade], threads)
        return grade

    def evaluate(self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1) -> Winners:
        n = _rows(columns)
        if not self._live:
            return Winners(
                np.zeros(n, self._dtype), np.full(n, NO_RULE, np.int32), np.full(n, NO_RULE, np.int32)
            )
        grade, rule, target = np.empty(n, self._dtype), np.empty(n, np.int32), np.empty(n, np.int32)
        self._run("evaluate", skip_missing, columns, [grade, rule, target], threads)
        return Winners(grade, rule, target)

    def matrix(self, columns: Columns, *, threads: int | None = 1) -> Array:
        by_rule = np.empty((len(self.program.rules), _rows(columns)), self._dtype)
        self._run("matrix", False, columns, list(by_rule), threads)
        return by_rule.T

    def decide(
        self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1
    ) -> NDArray[np.bool_]:
        decided = np.zeros(_rows(columns), np.int8)
        self._run("decide", skip_missing, columns, [decided], threads)
        return decided.view(np.bool_)

    def grade_one(self, *values: float) -> float:
        """Grade of one row, a number a column in the program's order; NaN if one is NaN.

        A call into machine code without arrays: under a microsecond.
        """
        if self._one is None:
            self._one = self._compile_one()
        return self._one(*values)

    # --- compiling ---

    def _function(self, kind: str, skip_missing: bool) -> Callable[..., None]:
        key = (kind, skip_missing)
        function = self._functions.get(key)
        if function is None:
            with self._lock:
                text = llvm_kernels.module(self.program, kind, skip_missing=skip_missing, quick=has_fma())
                code = CompiledCode(text, llvm_kernels.KERNEL)
                self._code.append(code)
                outputs = len(llvm_kernels.kind_of(self.program, kind, skip_missing=skip_missing).outputs)
                arrays = [ctypes.py_object] * (len(self.program.columns) + outputs)
                # A foreign function type releases the interpreter lock for the length of the call.
                function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *arrays)(code.address)
                self._functions[key] = function
        return function

    def _compile_one(self) -> Callable[..., float]:
        if not self._live:
            return lambda *values: 0.0
        with self._lock:
            code = CompiledCode(llvm_kernels.scalar_module(self.program), llvm_kernels.KERNEL)
            self._code.append(code)
        real = _CTYPE[self.program.dtype]
        # Without releasing the lock: the call is shorter than that would take.
        return ctypes.PYFUNCTYPE(real, *[real] * len(self.program.columns))(code.address)

    # --- running ---

    def _run(
        self, kind: str, skip_missing: bool, columns: Columns, outputs: list[Array], threads: int | None
    ) -> None:
        n = _rows(columns)
        if n == 0 or not self._live:
            return
        function = self._function(kind, skip_missing)
        workers = 1 if threads == 1 else _workers(n, len(self.program.nodes), threads)
        if workers == 1:
            self._rows(function, columns, outputs)
            return
        # Whole pages of every column to one worker, so that none writes beside another.
        share = -(-n // (workers * 4096)) * 4096
        parts = [slice(start, start + share) for start in range(0, n, share)]
        with ThreadPoolExecutor(workers) as pool:
            done = [
                pool.submit(self._rows, function, [c[part] for c in columns], [o[part] for o in outputs])
                for part in parts
            ]
            for future in done:
                future.result()

    def _rows(self, function: Callable[..., None], columns: Columns, outputs: Sequence[Array]) -> None:
        """Run on columns as they are, or block by block on copies of those that need one."""
        n = _rows(columns)
        if all(map(self._fits, columns)):
            function(n, *columns, *outputs)
            return
        scratch = [
            None if self._fits(column) else np.empty(min(n, CONVERT_ROWS), self._dtype) for column in columns
        ]
        with np.errstate(over="ignore"):  # a float64 beyond float32 is infinite there
            for start in range(0, n, CONVERT_ROWS):
                rows = slice(start, min(start + CONVERT_ROWS, n))
                block = [_converted(c[rows], s) for c, s in zip(columns, scratch, strict=True)]
                function(rows.stop - rows.start, *block, *(o[rows] for o in outputs))

    def _fits(self, column: Array) -> bool:
        flags = column.flags
        fits: bool = column.dtype == self._dtype and flags.c_contiguous and flags.aligned
        return fits


def _rows(columns: Columns) -> int:
    return len(columns[0]) if columns else 0


def _converted(column: Array, scratch: Array | None) -> Array:
    if scratch is None:
        return column
    target = scratch[: len(column)]
    np.copyto(target, column, casting="unsafe")
    return target


def _workers(n: int, steps: int, threads: int | None) -> int:
    """How many threads work on n rows of a program of so many steps."""
    if threads is not None:
        return max(1, min(threads, n * steps // THREAD_WORK, n // 4096))
    return max(1, min(os.cpu_count() or 1, n // PARALLEL_ROWS))
