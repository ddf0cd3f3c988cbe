"""Grading region tables in files, of any size, in bounded memory: CSV and Parquet.

The columns `grade`, `class`, `rule` and `anomalous` are added behind the others; a table that has them
already gets them anew. Where the grade is unknown (a missing value), grade, class and rule are empty and
anomalous is false.
"""

from __future__ import annotations

import csv
import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import Evaluation, RuleSet
from kistdsl.ir.nodes import Dtype

ADDED = ("grade", "class", "rule", "anomalous")
"""Columns that grading adds, in this order."""

Listener: TypeAlias = Callable[[int, int], None]
"""Called with (rows just graded, anomalous ones among them)."""


@dataclass(frozen=True)
class Options:
    """How to grade; see `RuleSet.grade`."""

    backend: str = "numba"
    dtype: Dtype = "float64"
    skip_missing: bool = False
    threads: int | None = 1


class TableFile(Protocol):
    """One file format: reads a table in pieces, grades them, writes them."""

    def rows(self) -> int | None:
        """How many rows there are, where that is known without reading them."""

    def grade(self, grader: Grader, out: Path | None) -> None:
        """Grade the whole table into the file `out`, or onto standard output as CSV."""

    def row(self, number: int, properties: Sequence[str]) -> dict[str, float]:
        """The properties of one row, counted from 1; a missing value is NaN."""


class Grader:
    """Grades pieces of a table and counts them."""

    def __init__(self, rules: RuleSet, options: Options, listener: Listener | None = None) -> None:
        self.rules, self.options = rules, options
        self.rows = self.anomalous = 0
        self._listener = listener

    @property
    def properties(self) -> tuple[str, ...]:
        return self.rules.properties

    def evaluate(self, columns: dict[str, NDArray[Any]], rows: int) -> Evaluation:
        """Grade one piece; `columns` holds each property."""
        o = self.options
        table = columns or np.empty((rows, 0))  # without rules nothing is read
        result = self.rules.evaluate(
            table, skip_missing=o.skip_missing, dtype=o.dtype, backend=o.backend, threads=o.threads
        )
        found = int(np.count_nonzero(result.anomalous))
        self.rows += rows
        self.anomalous += found
        if self._listener is not None:
            self._listener(rows, found)
        return result


_FORMATS = {
    ".csv": "kistdsl.engine.csv_file:CsvFile",
    ".tsv": "kistdsl.engine.csv_file:CsvFile",
    ".txt": "kistdsl.engine.csv_file:CsvFile",
    ".parquet": "kistdsl.engine.parquet_file:ParquetFile",
    ".pq": "kistdsl.engine.parquet_file:ParquetFile",
}


def _format(path: Path) -> str:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: unknown kind of table {path.suffix or 'without a suffix'!r}; expected .csv or .parquet"
        ) from None


def grade_file(
    rules: RuleSet,
    table: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    options: Options | None = None,
    listener: Listener | None = None,
) -> tuple[int, int]:
    """Grade a CSV or Parquet file of any size.

    Args:
        rules: compiled rules.
        table: one region a row, a column for each property that the rules use; an empty CSV field or a
            null is a missing value (NaN).
        out: the file to write, whole or not at all: CSV from CSV, Parquet or CSV from Parquet. None:
            standard output, as CSV.
        options: arithmetic, backend and what to do with missing values.
        listener: called after each piece.

    Returns:
        (rows, anomalous rows).

    Raises:
        InputError: a file cannot be read or written, a column is missing, a field is no number; the
            message names file, row and column.
    """
    target = None if out is None else Path(out)
    if target is not None:
        _format(target)
    file = _table_file(Path(table))
    grader = Grader(rules, options or Options(), listener)
    file.grade(grader, target)
    return grader.rows, grader.anomalous


def row_count(table: str | os.PathLike[str]) -> int | None:
    """Rows of a table file where the format tells (Parquet); None otherwise.

    Raises:
        InputError: the file cannot be read.
    """
    return _table_file(Path(table)).rows()


def read_row(table: str | os.PathLike[str], number: int, properties: Sequence[str]) -> dict[str, float]:
    """One region of a table file: its properties by name, NaN where a value is missing.

    Args:
        table: CSV or Parquet, as in `grade_file`.
        number: which row, counted from 1 (the first region).
        properties: the columns to read.

    Raises:
        InputError: the file cannot be read, a column is missing, there is no such row, a field is no number.
    """
    if number < 1:
        raise InputError(f"{table}: there is no row {number}; rows are counted from 1")
    return _table_file(Path(table)).row(number, properties)


class _LineFeeds:
    """Rows that end in CR LF, written with LF alone."""

    def __init__(self, sink: TextIO) -> None:
        self._sink = sink

    def write(self, row: str) -> None:
        self._sink.write(row[:-2] + "\n")


def csv_writer(sink: TextIO, delimiter: str = ",") -> Any:
    """A `csv.writer` of lines that end in LF.

    Before Python 3.13 it quotes a carriage return only where that is part of the end of lines.
    """
    return csv.writer(_LineFeeds(sink), delimiter=delimiter, lineterminator="\r\n")


def no_such_row(name: str, number: int, rows: int) -> InputError:
    """The error for a row number behind the end."""
    return InputError(f"{name}: there is no row {number}; the table has {rows} row{'s' if rows != 1 else ''}")


def _table_file(source: Path) -> TableFile:
    """`-` is CSV on standard input."""
    if str(source) != "-" and not source.is_file():
        raise InputError(f"{source}: " + ("is a folder" if source.is_dir() else "no such file"))
    module, _, name = (_FORMATS[".csv"] if str(source) == "-" else _format(source)).partition(":")
    made: TableFile = getattr(importlib.import_module(module), name)(source)
    return made


def missing_columns(path: Path, present: Sequence[str], wanted: Sequence[str]) -> InputError | None:
    """The error for a table without some of the wanted columns."""
    missing = [name for name in wanted if name not in present]
    if not missing:
        return None
    one = f"no column {missing[0]!r}" if len(missing) == 1 else f"no columns {', '.join(map(repr, missing))}"
    return InputError(f"{path}: {one}, which the rules use; it has {', '.join(present[:20]) or 'none'}")
