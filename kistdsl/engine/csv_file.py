"""CSV tables: the standard library alone; every field that is not graded passes through as it stands."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import numpy as np

from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError
from kistdsl.engine.files import ADDED, Grader, csv_writer, missing_columns, no_such_row
from kistdsl.engine.rule_set import Evaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 16384
"""Rows in memory at a time, at most."""
SIZE = 1 << 23
"""Characters in memory at a time, or little more: Python's fields take some times as many bytes."""
FIELD = 1 << 24
"""Characters in a quoted field, at most: a closing quote that is missing does not read the file to its end."""
_CHUNK, _STEP = 1 << 14, 32
"""Characters read, and rows taken, between two looks at these."""
_DELIMITERS = ",;\t"
_Row = TypeVar("_Row")


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
            reader = _Reader(self.path, self.name, source)
            header = reader.header()
            self._check(header, grader.properties)
            if out is None:
                sink: TextIO = sys.stdout
            else:
                temporary = stack.enter_context(atomic_path(out))
                sink = stack.enter_context(temporary.open("w", encoding="utf-8", newline=""))
            _copy(grader, reader, header, sink)

    def row(self, number: int, properties: Sequence[str]) -> dict[str, float]:
        """See `kistdsl.engine.files.TableFile`."""
        with self._open() as source:
            reader = _Reader(self.path, self.name, source)
            header = reader.header()
            self._check(header, properties)
            done = 0
            for piece in reader.pieces():
                if number <= done + len(piece.rows):
                    fields = piece.rows[number - done - 1]
                    wanted = {name: fields[header.index(name)] for name in properties}
                    return {name: _number(self.name, text, name, number - 1) for name, text in wanted.items()}
                done += len(piece.rows)
        raise no_such_row(self.name, number, done)

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

    def _check(self, header: list[str], properties: Sequence[str]) -> None:
        if problem := missing_columns(Path(self.name), header, properties):
            raise problem
        doubled = [name for name in properties if header.count(name) > 1]
        if doubled:
            raise InputError(f"{self.name}: column {doubled[0]!r} is there twice")


@dataclass(frozen=True)
class _Piece:
    """Some rows: their fields, and their lines as they stand where no field is quoted."""

    rows: list[list[str]]
    lines: list[str] | None


class _Reader:
    """Pieces of a CSV file. Lines without a quote are split; from the first quote on csv reads."""

    def __init__(self, path: Path, name: str, source: TextIO) -> None:
        self.path, self.name, self.source = path, name, source
        csv.field_size_limit(
            max(FIELD, csv.field_size_limit())
        )  # the process has one; it is only ever raised
        self.delimiter = ","
        self._lines = chain.from_iterable(self._chunks())  # behind the header
        self._read = 0  # characters in them so far
        self._width = 0
        self._line = 0  # lines read before the current piece
        self._row = 0  # rows in earlier pieces

    def header(self) -> list[str]:
        """The column names; the delimiter is the one most used between them."""
        try:
            first = self.source.readline()
        except UnicodeDecodeError as error:
            raise self._not_text(error) from error
        if not first.strip():
            raise InputError(f"{self.name}: is empty; expected a header line with column names")
        self.delimiter = max(_DELIMITERS, key=re.sub(r'"[^"]*("|$)', "", first).count)
        reader = csv.reader(chain([first], self.source), delimiter=self.delimiter, strict=True)
        try:
            names = [name.strip() for name in next(reader)]
        except csv.Error as error:
            raise self._damaged(reader.line_num, error) from error
        self._width, self._line = len(names), reader.line_num
        return names

    def pieces(self) -> Iterator[_Piece]:
        """All rows behind the header; blank lines are skipped.

        Raises:
            InputError: a row has another number of fields than the header, or the file is damaged.
        """
        try:
            while lines := self._some(self._lines):
                if any('"' in line for line in lines):
                    yield from self._quoted(chain(lines, self._lines))
                    return
                yield from self._plain(lines)
        except UnicodeDecodeError as error:
            raise self._not_text(error) from error

    def _chunks(self) -> Iterator[list[str]]:
        while lines := self.source.readlines(_CHUNK):
            self._read += sum(map(len, lines))
            yield lines

    def _some(self, rows: Iterator[_Row]) -> list[_Row]:
        """The next rows, of a size that memory holds; they stem from `_lines`."""
        taken: list[_Row] = []
        end = self._read + SIZE
        while self._read < end and (more := list(islice(rows, min(_STEP, ROWS - len(taken))))):
            taken += more
        return taken

    def _plain(self, lines: list[str]) -> Iterator[_Piece]:
        whole = [line.rstrip("\r\n") for line in lines]
        rows = [line.split(self.delimiter) for line in whole]
        if "" in whole or set(map(len, rows)) != {self._width}:
            yield from self._quoted(lines)
        else:
            self._line += len(rows)
            self._row += len(rows)
            yield _Piece(rows, whole)

    def _quoted(self, lines: Iterable[str]) -> Iterator[_Piece]:
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        try:
            while rows := self._some(reader):
                if set(map(len, rows)) != {self._width}:
                    rows = self._filled(rows, reader.line_num)
                yield _Piece(rows, None)
                self._row += len(rows)
        except csv.Error as error:
            raise self._damaged(self._line + reader.line_num, error) from error
        self._line += reader.line_num

    def _filled(self, rows: list[list[str]], last_line: int) -> list[list[str]]:
        """Without blank lines; rows of another width are an error."""
        filled = [row for row in rows if row]
        for i, row in enumerate(filled):
            if len(row) != self._width:
                one_each = last_line == len(rows)  # no field runs over several lines
                line = f" (line {self._line + rows.index(row) + 1})" if one_each else ""
                raise InputError(
                    f"{self.name}: row {self._row + i + 1}{line} has {len(row)} fields, the header has {self._width}"
                )
        return filled

    def _not_text(self, error: UnicodeDecodeError) -> InputError:
        where = f"line {line}" if (line := _first_undecodable(self.path)) else f"behind line {self._line}"
        return InputError(f"{self.name}: is not UTF-8 text: {where}: {error.reason}; save the table as UTF-8")

    def _damaged(self, line: int, error: csv.Error) -> InputError:
        hint = "; is a closing quote missing?" if "field limit" in str(error) else ""
        return InputError(f"{self.name}: line {line}: {error}{hint}")


def _first_undecodable(path: Path) -> int | None:
    """Number of the first line that is not UTF-8; None on standard input, which cannot be read again."""
    if str(path) == "-":
        return None
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return None


def _copy(grader: Grader, reader: _Reader, header: list[str], sink: TextIO) -> None:
    """Every row with its grade behind it."""
    kept = [i for i, name in enumerate(header) if name not in ADDED]
    wanted = {name: header.index(name) for name in grader.properties}
    writer = csv_writer(sink, reader.delimiter)
    writer.writerow([*(header[i] for i in kept), *ADDED])
    quick = len(kept) == len(header) and not _need_quotes(grader, reader.delimiter)
    done = 0
    for piece in reader.pieces():
        fields = list(zip(*piece.rows, strict=True))
        columns = {name: _numbers(reader.name, fields[i], name, done) for name, i in wanted.items()}
        added = _texts(grader.evaluate(columns, len(piece.rows)))
        if quick and piece.lines is not None:
            separated = map(reader.delimiter.join, zip(piece.lines, *added, strict=True))
            sink.write("\n".join(separated) + "\n")
        else:
            writer.writerows(zip(*(fields[i] for i in kept), *added, strict=True))
        done += len(piece.rows)


def _need_quotes(grader: Grader, delimiter: str) -> bool:
    """Whether a class or rule has a name (of an included file, say) that CSV must quote."""
    names = [*grader.rules.classes, *(rule.name for rule in grader.rules.rules)]
    return any(c in name for name in names for c in f'{delimiter}"\r\n')


def _numbers(file: str, fields: tuple[str, ...], name: str, done: int) -> NDArray[np.float64]:
    """One column of numbers; an empty field is NaN; `done` rows came before."""
    try:
        if any("_" in text for text in fields):  # Python's float would take 1_000
            raise ValueError
        return np.array([*map(float, fields)])
    except ValueError:
        return np.array([_number(file, text, name, done + i) for i, text in enumerate(fields)])


def _number(file: str, text: str, name: str, row: int) -> float:
    if not text.strip():
        return float("nan")
    try:
        if "_" in text:
            raise ValueError
        return float(text)
    except ValueError:
        hint = "; write a decimal point" if text.count(",") == 1 else ""
        raise InputError(f"{file}: row {row + 1}, column {name!r}: {text!r} is not a number{hint}") from None


def _texts(result: Evaluation) -> list[Any]:
    """The added columns as fields; empty where the grade is unknown."""
    # The shortest digits that give the same number back, in its own precision.
    exact = result.grade.dtype == np.float64
    grade = [*map(repr, result.grade.tolist())] if exact else result.grade.astype(str).tolist()
    if result.rule.size and result.rule.min() < 0:
        grade = ["" if text == "nan" else text for text in grade]
    classes, rules, decided = [*result.classes, ""], [*result.rule_names, ""], ("false", "true")
    return [
        grade,
        map(classes.__getitem__, result.target.tolist()),
        map(rules.__getitem__, result.rule.tolist()),
        map(decided.__getitem__, result.anomalous.tolist()),
    ]
