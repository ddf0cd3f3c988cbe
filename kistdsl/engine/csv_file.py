"""CSV tables: the standard library alone; every field that is not graded passes through as it stands."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError
from kistdsl.engine.files import ADDED, Grader, missing_columns, no_such_row
from kistdsl.engine.rule_set import Evaluation

ROWS = 16384
"""Rows in memory at a time."""
_DELIMITERS = ",;\t"


class CsvFile:
    """A table with a header line; `,`, `;` or tab between fields; UTF-8, a byte order mark is fine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = "<stdin>" if str(path) == "-" else str(path)

    def rows(self) -> int | None:
        """Unknown before the end."""
        return None

    def grade(self, grader: Grader, out: Path | None) -> None:
        """See `kistdsl.engine.files.TableFile`."""
        if out is not None and out.suffix.lower() in (".parquet", ".pq"):
            raise InputError(f"{out}: a CSV table is graded into a CSV file; convert it to Parquet first")
        with self._open() as source, contextlib.ExitStack() as stack:
            reader, delimiter = self._reader(source)
            if out is None:
                sink: TextIO = sys.stdout
            else:
                temporary = stack.enter_context(atomic_path(out))
                sink = stack.enter_context(temporary.open("w", encoding="utf-8", newline=""))
            self._copy(grader, reader, csv.writer(sink, delimiter=delimiter, lineterminator="\n"))

    @contextlib.contextmanager
    def _open(self) -> Iterator[TextIO]:
        if str(self.path) == "-":
            yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
            return
        try:
            file = self.path.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        with file:
            yield file

    def _reader(self, source: TextIO) -> tuple[Any, str]:
        """(reader before the header, delimiter): the delimiter is the one most used in the header."""
        try:
            first = source.readline()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.name}: is not UTF-8 text (byte {error.start} of a block)") from error
        if not first.strip():
            raise InputError(f"{self.name}: is empty; expected a header line with column names")
        delimiter = max(_DELIMITERS, key=first.count)
        return csv.reader(_Lines(first, source), delimiter=delimiter, strict=True), delimiter

    def row(self, number: int, properties: Sequence[str]) -> dict[str, float]:
        """See `kistdsl.engine.files.TableFile`."""
        with self._open() as source:
            reader, _ = self._reader(source)
            header = self._header(reader, properties)
            done = 0
            for rows in self._pieces(reader, len(header)):
                if number <= done + len(rows):
                    fields = rows[number - done - 1]
                    return {
                        name: self._number(fields[header.index(name)], name, number - 1)
                        for name in properties
                    }
                done += len(rows)
        raise no_such_row(self.name, number, done)

    def _header(self, reader: Any, properties: Sequence[str]) -> list[str]:
        header = [name.strip() for name in self._next(reader)]
        if problem := missing_columns(Path(self.name), header, properties):
            raise problem
        doubled = {name for name in properties if header.count(name) > 1}
        if doubled:
            raise InputError(f"{self.name}: column {min(doubled)!r} is there twice")
        return header

    def _copy(self, grader: Grader, reader: Any, writer: Any) -> None:
        header = self._header(reader, grader.properties)
        kept = [i for i, name in enumerate(header) if name not in ADDED]
        whole = len(kept) == len(header)
        writer.writerow([*(header[i] for i in kept), *ADDED])
        wanted = {name: header.index(name) for name in grader.properties}
        done = 0
        for rows in self._pieces(reader, len(header)):
            by_field = list(zip(*rows, strict=True))
            columns = {name: self._numbers(by_field[i], name, done) for name, i in wanted.items()}
            added = _texts(grader.evaluate(columns, len(rows)))
            fields = by_field if whole else [by_field[i] for i in kept]
            writer.writerows(zip(*fields, *added, strict=True))
            done += len(rows)

    def _next(self, reader: Any) -> list[str]:
        try:
            row: list[str] = next(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise self._broken(reader, error) from error
        return row

    def _broken(self, reader: Any, error: Exception) -> InputError:
        if isinstance(error, UnicodeDecodeError):
            return InputError(f"{self.name}: behind line {reader.line_num}: is not UTF-8 text")
        return InputError(f"{self.name}: line {reader.line_num}: {error}")

    def _pieces(self, reader: Any, width: int) -> Iterator[list[list[str]]]:
        """Rows in pieces; blank lines are skipped."""
        rows: list[list[str]] = []
        done = 0
        try:
            for row in reader:
                if len(row) != width:
                    if not row:
                        continue
                    raise InputError(
                        f"{self.name}: row {done + len(rows) + 1} (line {reader.line_num}) has {len(row)} fields, "
                        f"the header has {width}"
                    )
                rows.append(row)
                if len(rows) == ROWS:
                    yield rows
                    done += len(rows)
                    rows = []
        except (csv.Error, UnicodeDecodeError) as error:
            raise self._broken(reader, error) from error
        if rows:
            yield rows

    def _numbers(self, fields: tuple[str, ...], name: str, done: int) -> NDArray[np.float64]:
        """One column; an empty field is NaN."""
        try:
            return np.array([*map(float, fields)])
        except ValueError:
            return np.array([self._number(text, name, done + i) for i, text in enumerate(fields)])

    def _number(self, text: str, name: str, row: int) -> float:
        if not text.strip():
            return float("nan")
        try:
            return float(text)
        except ValueError:
            hint = "; write a decimal point" if text.count(",") == 1 else ""
            raise InputError(
                f"{self.name}: row {row + 1}, column {name!r}: {text!r} is not a number{hint}"
            ) from None


class _Lines:
    """The lines of a file whose first one has been read."""

    def __init__(self, first: str, rest: TextIO) -> None:
        self._first: str | None = first
        self._rest = rest

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return next(self._rest)


def _texts(result: Evaluation) -> list[list[str]]:
    """The added columns as fields."""
    # repr of the shortest digits that give the same number back, in its own precision
    numbers = result.grade.tolist() if result.grade.dtype == np.float64 else result.grade.astype(str).tolist()
    grade = [_number_text(g) for g in numbers]
    classes, rules = [*result.classes, ""], [*result.rule_names, ""]
    return [
        grade,
        [classes[i] for i in result.target.tolist()],
        [rules[i] for i in result.rule.tolist()],
        ["true" if anomalous else "false" for anomalous in result.anomalous.tolist()],
    ]


def _number_text(value: float | str) -> str:
    text = value if isinstance(value, str) else repr(value)
    return "" if text == "nan" else text
