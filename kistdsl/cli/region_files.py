"""Region tables as files, written image by image: Parquet or CSV, by the file's ending."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError

Write = Callable[[Mapping[str, NDArray[Any]]], None]
"""Appends rows: columns (N,) by name, the same names each time."""

TEXT = ("image", "map", "class", "rule")
"""Columns of words; null where there is none."""


@contextlib.contextmanager
def table_writer(target: Path) -> Iterator[Write]:
    """A region table that is written whole when the block ends well, and not at all otherwise.

    Raises:
        InputError: another ending than .parquet or .csv, or a folder that cannot be written to.
    """
    suffix = target.suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise InputError(f"{target}: a region table ends in .parquet or .csv")
    with atomic_path(target) as path, (_parquet if suffix == ".parquet" else _csv)(path) as write:
        yield write


@contextlib.contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None

    def write(columns: Mapping[str, NDArray[Any]]) -> None:
        nonlocal writer
        arrays = {
            name: pa.array(values.tolist(), pa.string()) if name in TEXT else pa.array(values)
            for name, values in columns.items()
        }
        table = pa.table(arrays)
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema)
        writer.write_table(table)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


@contextlib.contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        started = False

        def write(columns: Mapping[str, NDArray[Any]]) -> None:
            nonlocal started
            if not started:
                rows.writerow(columns)
                started = True
            rows.writerows(zip(*(np.asarray(c).tolist() for c in columns.values()), strict=True))

        yield write
