"""Parquet tables, batch by batch; other columns keep their types, order and metadata."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError
from kistdsl.engine.files import ADDED, Grader, csv_writer, missing_columns, no_such_row
from kistdsl.engine.rule_set import Evaluation

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ModuleNotFoundError as error:
    raise InputError("Parquet tables need the package pyarrow (pip install 'kistdsl[parquet]')") from error

ROWS = 1 << 17
"""Rows in memory at a time, at most."""
SIZE = 1 << 25
"""Bytes in memory at a time, by the sizes that the footer tells."""
BUFFER = 1 << 20
"""Bytes read at a time of each column: pyarrow would otherwise hold whole row groups, and keep what it has read."""


_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)


class ParquetFile:
    """A Parquet file; properties are integers, floats or decimals of any width, null is a missing value."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> int | None:
        """From the footer."""
        with self._open() as file:
            count: int = file.metadata.num_rows
            return count

    def grade(self, grader: Grader, out: Path | None) -> None:
        """See `kistdsl.engine.files.TableFile`."""
        with self._open() as file:
            self._check(file.schema_arrow, grader.properties)
            if out is None or out.suffix.lower() not in (".parquet", ".pq"):
                self._into_csv(file, grader, out)
            else:
                self._into_parquet(file, grader, out)

    def row(self, number: int, properties: Sequence[str]) -> dict[str, float]:
        """See `kistdsl.engine.files.TableFile`."""
        with self._open() as file:
            self._check(file.schema_arrow, properties)
            done = 0
            for batch in self._batches(file, properties):
                if number <= done + batch.num_rows:
                    picked = {name: batch.column(name)[number - done - 1].as_py() for name in properties}
                    return {name: float("nan") if v is None else float(v) for name, v in picked.items()}
                done += batch.num_rows
        raise no_such_row(str(self.path), number, done)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Around what reads, and only that: errors of writing are not this file's."""
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.path}: cannot be read as Parquet: {_first_line(error)}") from error

    def _open(self) -> Any:
        with self._reading():
            return pq.ParquetFile(
                self.path, page_checksum_verification=True, pre_buffer=False, buffer_size=BUFFER
            )

    def _batches(self, file: Any, columns: Sequence[str] | None = None) -> Iterator[Any]:
        with self._reading():
            rows = _rows_at_a_time(file.metadata)
            yield from file.iter_batches(batch_size=rows, columns=None if columns is None else list(columns))

    def _check(self, schema: Any, properties: Sequence[str]) -> None:
        if problem := missing_columns(self.path, schema.names, properties):
            raise problem
        for name in properties:
            if len(schema.get_all_field_indices(name)) > 1:
                raise InputError(f"{self.path}: column {name!r} is there twice")
            type_ = schema.field(name).type
            if not any(is_kind(type_) for is_kind in _NUMBERS):
                raise InputError(f"{self.path}: column {name!r} holds {type_}, not numbers")

    def _into_parquet(self, file: Any, grader: Grader, out: Path) -> None:
        kept = _kept(file.schema_arrow)
        types = _types(grader)
        added = [pa.field(name, type_) for name, type_ in zip(ADDED, types, strict=True)]
        schema = pa.schema(
            [*(file.schema_arrow.field(i) for i in kept), *added], metadata=file.schema_arrow.metadata
        )
        with atomic_path(out) as temporary, pq.ParquetWriter(temporary, schema) as writer:
            for batch in self._batches(file):
                columns = _arrow(self._evaluate(batch, grader), types)
                others = [batch.column(i) for i in kept]
                writer.write_batch(pa.record_batch([*others, *columns], schema=schema))

    def _into_csv(self, file: Any, grader: Grader, out: Path | None) -> None:
        kept = _kept(file.schema_arrow)

        def copy(sink: Any) -> None:
            writer = csv_writer(sink)
            writer.writerow([*(file.schema_arrow.names[i] for i in kept), *ADDED])
            types = _types(grader)
            for batch in self._batches(file):
                columns = _arrow(self._evaluate(batch, grader), types)
                fields = [batch.column(i).to_pylist() for i in kept]
                fields += [column.to_pylist() for column in columns]
                writer.writerows(zip(*(map(_text, field) for field in fields), strict=True))

        if out is None:
            copy(sys.stdout)
            return
        with atomic_path(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as sink:
            copy(sink)

    def _evaluate(self, batch: Any, grader: Grader) -> Evaluation:
        columns = {name: _numbers(batch.column(name)) for name in grader.properties}
        return grader.evaluate(columns, batch.num_rows)


def _rows_at_a_time(footer: Any) -> int:
    """Rows of the widest row group that make up `SIZE`."""
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    width = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=1.0)
    return max(1, min(ROWS, int(SIZE / max(width, 1.0))))


def _kept(schema: Any) -> list[int]:
    """Places of the columns that pass through: by place, since names may be there twice."""
    return [i for i, name in enumerate(schema.names) if name not in ADDED]


def _numbers(column: Any) -> Any:
    """One column as an array; decimals (DuckDB writes them) and columns of nothing but null as float64."""
    if pa.types.is_decimal(column.type):
        column = column.cast(
            pa.string()
        )  # Arrow's own cast to float64 misses the nearest one: 0.1 is not 0.1
    if pa.types.is_string(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.float64())
    return column.to_numpy(zero_copy_only=False)


def _types(grader: Grader) -> tuple[Any, ...]:
    """Of the added columns."""
    real = pa.float64() if grader.options.dtype == "float64" else pa.float32()
    return (real, pa.string(), pa.string(), pa.bool_())


def _arrow(result: Evaluation, types: tuple[Any, ...]) -> list[Any]:
    """The added columns; null where the grade is unknown."""
    unknown = np.isnan(result.grade)
    nobody = result.rule < 0
    names = (
        _taken(result.classes, result.target, nobody),
        _taken(result.rule_names, result.rule, nobody),
    )
    return [pa.array(result.grade, types[0], mask=unknown), *names, pa.array(result.anomalous, types[3])]


def _taken(names: tuple[str, ...], index: Any, nobody: Any) -> Any:
    return pa.array(list(names), pa.string()).take(pa.array(index, pa.int32(), mask=nobody))


def _text(value: object) -> str:
    """A value as a CSV field: empty for null, true and false in lower case."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
