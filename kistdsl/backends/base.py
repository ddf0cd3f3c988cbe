"""What a backend is: it turns an IR program into a kernel over columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from kistdsl.ir.nodes import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

Columns: TypeAlias = "Sequence[NDArray[Any]]"
"""One array (N,) for each of `Program.columns`, in that order: any real dtype, byte order and stride."""

NO_RULE = -1
"""Index in place of a winning rule or class where the grade is NaN."""


@dataclass(frozen=True)
class Winners:
    """Grades with who gave them.

    Attributes:
        grade: (N,) in [0, 1] or NaN, in the program's dtype.
        rule: (N,) int32 index of the winning rule, `NO_RULE` where grade is NaN (or there is no rule).
        target: (N,) int32 index of its class, `NO_RULE` likewise.
    """

    grade: NDArray[Any]
    rule: NDArray[np.int32]
    target: NDArray[np.int32]


class Kernel(Protocol):
    """A compiled program. Thread-safe; inputs are never written to; zero rows in, zero rows out.

    `skip_missing` leaves out rules whose grade is NaN; otherwise one NaN rule makes the row NaN.
    `threads`: at most how many work at once, fewer where there is too little to do; None lets the kernel decide
    by the number of rows.
    """

    program: Program

    def grade(
        self,
        columns: Columns,
        *,
        skip_missing: bool = False,
        threads: int | None = 1,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """(N,) grades in the program's dtype (eq. 7); written to `out` (contiguous, of that dtype) if given."""

    def evaluate(self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1) -> Winners:
        """Grades, winning rules and classes."""

    def matrix(self, columns: Columns, *, threads: int | None = 1) -> NDArray[Any]:
        """(N, R) grade of every rule, in file order; NaN where a property that the rule uses is."""

    def decide(
        self, columns: Columns, *, skip_missing: bool = False, threads: int | None = 1
    ) -> NDArray[np.bool_]:
        """(N,) grade >= alpha; False for NaN."""

    def grade_one(self, *values: float) -> float:
        """Grade of one row, a number a column; NaN if one is NaN."""


class Backend(Protocol):
    """Makes kernels."""

    name: str

    def compile(self, program: Program) -> Kernel:
        """A kernel for an optimised IR program."""

    def source(self, program: Program, kind: str = "grade", stage: str = "assembly") -> str:
        """The code that `compile` makes for one kind of result, as text for people.

        `stage` is for backends with more than one form of it; others ignore it.
        """
