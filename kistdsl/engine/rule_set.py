"""`RuleSet`: compiled rules, and the two ways to get one."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kistdsl.backends.base import NO_RULE, Kernel
from kistdsl.backends.registry import backend as backend_named
from kistdsl.diagnostics import InputError, Source
from kistdsl.engine.tables import Table, check_out, columns_of, rows_of
from kistdsl.ir.lower import lower
from kistdsl.ir.nodes import DTYPES, Dtype, Program
from kistdsl.ir.passes import optimise
from kistdsl.language import checked
from kistdsl.language.meaning import meaning_of
from kistdsl.language.sources import Loaded, load_file
from kistdsl.language.user_properties import installed
from kistdsl.schema import Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kistdsl.engine.explain import Explanation


@dataclass(frozen=True)
class Evaluation:
    """Grades with their winners, a row for each region.

    Attributes:
        grade: (N,) in [0, 1], NaN where unknown; float64 or float32 as asked.
        rule: (N,) int32 index into `rule_names` of the winning rule (the first on a tie); -1 where grade
            is NaN.
        target: (N,) int32 index into `classes`; -1 where grade is NaN.
        rule_names, classes, alpha: of the rule set, alpha in the grades' dtype.
    """

    grade: NDArray[Any]
    rule: NDArray[np.int32]
    target: NDArray[np.int32]
    rule_names: tuple[str, ...]
    classes: tuple[str, ...]
    alpha: float

    @property
    def anomalous(self) -> NDArray[np.bool_]:
        """(N,) grade >= alpha; False where grade is NaN. Equation: (10)."""
        reached: NDArray[np.bool_] = self.grade >= self.grade.dtype.type(self.alpha)
        return reached

    @cached_property
    def winners(self) -> NDArray[np.object_]:
        """(N,) name of the winning rule, None where grade is NaN."""
        return _names(self.rule_names, self.rule)

    @cached_property
    def labels(self) -> NDArray[np.object_]:
        """(N,) class of the winning rule, None where grade is NaN."""
        return _names(self.classes, self.target)


def _names(names: tuple[str, ...], index: NDArray[np.int32]) -> NDArray[np.object_]:
    return np.array([*names, None], dtype=object)[index]  # NO_RULE is the last entry


assert NO_RULE == -1


class RuleSet:
    """The rules of one product line, compiled. Immutable, picklable, usable from many threads.

    Compilation for a backend and dtype happens at first use and is kept.

    Attributes:
        program: the checked program: columns, terms, rules with their places in the text.

    >>> import kistdsl
    >>> rules = kistdsl.compile("IF area is high AND gray is low THEN anomalous (0.8)")
    >>> rules.properties
    ('area', 'gray')
    >>> rules.grade({"area": [0.9, 0.1], "gray": [20.0, 20.0]})
    array([0.8, 0. ])
    """

    __slots__ = ("_kernels", "_lock", "_lowered", "_names", "program")

    program: checked.Program
    _kernels: dict[tuple[str, str], Kernel]
    _lock: threading.RLock
    _lowered: dict[str, Program]
    _names: tuple[str, ...]

    def __init__(self, program: checked.Program) -> None:
        object.__setattr__(self, "program", program)
        object.__setattr__(self, "_lock", threading.RLock())
        object.__setattr__(self, "_lowered", {})
        object.__setattr__(self, "_names", tuple(column.name for column in program.columns))
        object.__setattr__(self, "_kernels", {})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a RuleSet cannot be changed; compile another one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a RuleSet cannot be changed; compile another one")

    def __reduce__(self) -> tuple[type[RuleSet], tuple[checked.Program]]:
        return (RuleSet, (self.program,))

    def __repr__(self) -> str:
        return f"<RuleSet {self.program.name!r}: {len(self.program.rules)} rules on {', '.join(self._names)}>"

    # --- what it is ---

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the columns that the rules read, in order of first use."""
        return self._names

    @property
    def alpha(self) -> float:
        """A region is anomalous-like when its grade is at least this."""
        return self.program.alpha

    @property
    def classes(self) -> tuple[str, ...]:
        """Defect classes; the first one is "anomalous"."""
        return self.program.classes

    @property
    def rules(self) -> tuple[checked.Rule, ...]:
        """The rules in file order."""
        return self.program.rules

    @property
    def source_hash(self) -> str:
        """Identifies the rule text, includes and all."""
        return self.program.source_hash

    @property
    def ir(self) -> Program:
        """The optimised intermediate representation, in float64."""
        return self.lowered("float64")

    def lowered(self, dtype: Dtype) -> Program:
        """The optimised intermediate representation in `dtype`.

        Raises:
            InputError: dtype is neither "float64" nor "float32", or cannot hold the rules' numbers.
        """
        if dtype not in DTYPES:
            raise InputError(f"dtype {dtype!r}: choose one of {', '.join(DTYPES)}")
        with self._lock:
            if dtype not in self._lowered:
                self._lowered[dtype] = optimise(lower(self.program, dtype))
            return self._lowered[dtype]

    def kernel(self, backend: str = "numba", dtype: Dtype = "float64") -> Kernel:
        """The compiled kernel of one backend and dtype.

        Raises:
            InputError: no such backend or dtype, or what it needs is not installed.
        """
        kernel = self._kernels.get((backend, dtype))
        if kernel is None:
            with self._lock:
                kernel = backend_named(backend).compile(self.lowered(dtype))
                self._kernels[backend, dtype] = kernel
        return kernel

    # --- grading ---

    def _columns(self, table: Table) -> list[NDArray[Any]]:
        """What the kernels read; without rules nothing but how many rows there are."""
        return columns_of(table, self._names) if self._names else [np.zeros(rows_of(table))]

    def grade(
        self,
        table: Table,
        *,
        skip_missing: bool = False,
        dtype: Dtype = "float64",
        backend: str = "numba",
        threads: int | None = 1,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Anomaly grade of every region.

        Args:
            table: a column of N numbers for each of `properties`: a mapping of arrays, a structured array,
                an (N, P) array in the order of `properties`, a pandas or Polars frame, an Arrow table.
                Never written to; columns of `dtype` are read where they lie.
            skip_missing: leave out rules that read a NaN, instead of giving the region a NaN grade.
            dtype: the arithmetic and the result: "float64" or "float32".
            backend: "numba" (compiled), "numpy" or "torch".
            threads: how many may work at once, fewer on tables too small for them; None: as many as pay.
            out: where to write the grades: (N,), contiguous, of `dtype`, sharing no memory with the table.
                Reusing it saves a large table the cost of fresh memory.

        Returns:
            (N,) grades in [0, 1]; NaN where a property that a rule reads is NaN. N = 0 gives N = 0; without
            rules every grade is 0.

        Raises:
            InputError: a column is missing, holds no numbers or differs in length; `out` does not fit.

        Equation: (4), (7).
        """
        kernel = self.kernel(backend, dtype)
        columns = self._columns(table)
        if out is None:
            return kernel.grade(columns, skip_missing=skip_missing, threads=threads)
        check_out(out, columns, dtype)
        return kernel.grade(columns, skip_missing=skip_missing, threads=threads, out=out)

    def evaluate(
        self,
        table: Table,
        *,
        skip_missing: bool = False,
        dtype: Dtype = "float64",
        backend: str = "numba",
        threads: int | None = 1,
    ) -> Evaluation:
        """Grades with the winning rule and class of every region; arguments as in `grade`.

        >>> rules = compile("rule dark: IF gray is low THEN anomalous")
        >>> result = rules.evaluate({"gray": [20.0, 200.0]})
        >>> result.winners, result.anomalous
        (array(['dark', 'dark'], dtype=object), array([ True, False]))
        """
        kernel = self.kernel(backend, dtype)
        columns = self._columns(table)
        won = kernel.evaluate(columns, skip_missing=skip_missing, threads=threads)
        names = tuple(rule.name for rule in self.program.rules)
        return Evaluation(won.grade, won.rule, won.target, names, self.classes, kernel.program.alpha)

    def matrix(
        self,
        table: Table,
        *,
        dtype: Dtype = "float64",
        backend: str = "numba",
        threads: int | None = 1,
    ) -> NDArray[Any]:
        """(N, R) grade of every rule, in file order; NaN where a property that the rule reads is NaN.

        >>> rules = compile("IF gray is low THEN anomalous\\nIF gray is high THEN anomalous (0.5)")
        >>> rules.matrix({"gray": [20.0, 255.0]})
        array([[1. , 0. ],
               [0. , 0.5]])
        """
        return self.kernel(backend, dtype).matrix(self._columns(table), threads=threads)

    def decide(
        self,
        table: Table,
        *,
        skip_missing: bool = False,
        dtype: Dtype = "float64",
        backend: str = "numba",
        threads: int | None = 1,
    ) -> NDArray[np.bool_]:
        """(N,) whether grade >= alpha, False for NaN, without computing grades where cuts decide.

        Arguments as in `grade`. Equation: (10).
        """
        columns = self._columns(table)
        return self.kernel(backend, dtype).decide(columns, skip_missing=skip_missing, threads=threads)

    def grade_one(self, row: Mapping[str, float]) -> float:
        """Grade of a single region given as numbers by name, in float64; NaN if a rule reads a NaN.

        The shortest way to one grade: about two microseconds, no arrays.

        >>> compile("IF gray is low THEN anomalous (0.8)").grade_one({"gray": 20})
        0.8

        Raises:
            InputError: a property is missing or no number; the message names it.
        """
        kernel = self._kernels.get(("numba", "float64")) or self.kernel()
        try:
            return kernel.grade_one(*[row[name] for name in self._names])
        except KeyError as error:
            raise InputError(f"the row has no value for property {error.args[0]!r}") from None
        except (TypeError, OverflowError, ctypes.ArgumentError):
            raise InputError(_unfit(row, self._names)) from None

    def explain(self, row: Mapping[str, float]) -> Explanation:
        """Why one region gets its grade, rule by rule (see `kistdsl.engine.explain`)."""
        from kistdsl.engine.explain import explain

        return explain(self, row)


def _unfit(row: Mapping[str, float], names: tuple[str, ...]) -> str:
    """What is wrong with the first value that is no number."""
    for name in names:
        try:
            float(row[name])
        except (TypeError, ValueError):
            return f"property {name!r} is {row[name]!r}, not a number"
        except OverflowError:
            return f"property {name!r} is a number that float64 cannot hold"
    return "the row holds a value that is not a number"


def compile(text: str, *, name: str = "<text>", schema: Schema | None = None) -> RuleSet:
    """Compile rules from a text.

    Args:
        text: a `.kr` file's content.
        name: what messages call it; includes are relative to the current folder.
        schema: the properties rules may speak of; by default the built-in ones and all declared with
            `kistdsl.property`.

    Raises:
        RuleError: the rules have no meaning; all problems are in it.
    """
    return RuleSet(meaning_of(Loaded(Source(name, text)), schema or installed()))


def load(path: str | os.PathLike[str], *, schema: Schema | None = None) -> RuleSet:
    """Load and compile a rule file, with what it includes.

    Raises:
        InputError: the file cannot be read.
        RuleError: the rules have no meaning; all problems are in it.
    """
    return RuleSet(meaning_of(load_file(path), schema or installed()))
