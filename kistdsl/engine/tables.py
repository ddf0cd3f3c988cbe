"""Region tables as users hold them: mappings of arrays, structured arrays, pandas, Polars, Arrow.

None of these packages is imported here: a table is known by its type's interface, and what is not known is
asked for the Arrow C stream interface.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from kistdsl.diagnostics import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Table: TypeAlias = Any
"""A mapping of names to arrays, a structured array, an (N, P) array in the order of the rules'
properties, a pandas or Polars frame, an Arrow table or record batch, or whatever offers the Arrow C
stream interface."""


def columns_of(table: Table, names: Sequence[str]) -> list[NDArray[Any]]:
    """The columns of `names`, one array (N,) each, copied only where the table does not hold an array.

    Missing values (null, NA, None) become NaN, decimals the nearest float64.

    Raises:
        InputError: a column is missing, holds no real numbers, or columns differ in length; the message
            names the column.
    """
    if type(table) is dict and (arrays := _arrays(table, names)):
        return arrays
    if type(table) is dict and names and all(name in table for name in names):
        columns = [_numbers(table[name], name) for name in names]
    else:
        source = _columns(table, names)
        columns = [_numbers(_column(source, name), name) for name in names]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(columns[0]):
            raise InputError(
                f"column {name!r} has {len(column)} rows, but column {names[0]!r} has {len(columns[0])}"
            )
    return columns


def rows_of(table: Table) -> int:
    """How many rows a table has, whatever they hold; a mapping without columns has none.

    Raises:
        InputError: it is no table, or an array that is not (rows, 0).
    """
    source = _columns(table, ())
    if not isinstance(table, Mapping) and hasattr(table, "__len__"):
        return len(table)
    if not source.names:
        return 0
    return len(np.atleast_1d(source.get(source.names[0])))


def _arrays(table: dict[Any, Any], names: Sequence[str]) -> list[NDArray[Any]] | None:
    """The columns where they are arrays as they should be: what a service's small tables mostly are."""
    columns: list[Any] = [table.get(name) for name in names]
    shape = getattr(columns[0], "shape", ()) if columns else ()
    for column in columns:
        if type(column) is not _ARRAY or column.shape != shape or column.dtype.kind not in "fiu":
            return None
    return columns if len(shape) == 1 else None


_ARRAY = np.ndarray  # looked up once: `_arrays` is most of what a call on a few rows costs


class _Columns(NamedTuple):
    """A table by the names of its columns: all there are, and how to get one."""

    names: list[str]
    get: Callable[[str], Any]


def _columns(table: Table, names: Sequence[str]) -> _Columns:
    """The table by its columns; `names` are those of an array that has none.

    What a table is, its type says: a frame may have a column of any name, and shows it as an attribute.
    """
    if isinstance(table, np.ndarray):
        return _of_array(table, names)
    if isinstance(table, Mapping):
        return _Columns([str(name) for name in table], table.__getitem__)
    kind = type(table)
    packages = {base.__module__.partition(".")[0] for base in kind.__mro__}
    if hasattr(kind, "collect"):
        raise InputError(f"{kind.__name__} holds no values yet; collect it first")
    if "pyarrow" in packages and hasattr(kind, "column"):  # a table or a record batch
        return _Columns(table.schema.names, table.column)
    framed = hasattr(table, "columns") and hasattr(kind, "__getitem__")
    if framed and (packages & {"pandas", "polars"} or not hasattr(kind, "__arrow_c_stream__")):
        return _Columns([str(name) for name in table.columns], table.__getitem__)
    if hasattr(kind, "__arrow_c_stream__"):
        read = _from_stream(table)
        return _Columns(read.schema.names, read.column)
    raise InputError(f"{kind.__name__} is no region table")


def _of_array(table: NDArray[Any], names: Sequence[str]) -> _Columns:
    if table.dtype.names is not None:
        return _Columns(list(table.dtype.names), table.__getitem__)
    if table.ndim != 2 or table.shape[1] != len(names):
        raise InputError(
            f"an array of shape {table.shape} is no region table: expected (rows, {len(names)}) with the "
            f"columns {', '.join(names)}, a structured array or a mapping"
        )
    return _Columns(list(names), dict(zip(names, table.T, strict=True)).__getitem__)


def _from_stream(table: Table) -> Any:
    """An Arrow table of whatever offers the Arrow C stream interface."""
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ModuleNotFoundError:
        raise InputError("reading a table through the Arrow interface needs the package pyarrow") from None
    try:
        return pyarrow.table(table)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{type(table).__name__} is no region table: {error}") from error


def _column(columns: _Columns, name: str) -> Any:
    if name not in columns.names:
        present = f"; it has {', '.join(columns.names[:12])}" if columns.names else ""
        raise InputError(f"the table has no column {name!r}{present}")
    if columns.names.count(name) > 1:
        raise InputError(f"column {name!r} is there twice")
    return columns.get(name)


def _numbers(values: Any, name: str) -> NDArray[Any]:
    """One column as an array of real numbers."""
    if isinstance(values, np.ma.MaskedArray):
        values = _unmasked(values)
    try:
        array = values if isinstance(values, np.ndarray) else _as_array(values)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: a tensor with a gradient
        raise InputError(f"column {name!r} cannot be read as numbers: {error}") from error
    if array.dtype.kind not in "fiu":
        kind = str(getattr(values, "dtype", getattr(values, "type", array.dtype)))
        if array.dtype.kind == "O" and array.ndim == 1 and kind.lower().startswith(_OBJECTS):
            return _from_objects(array, name, kind)
        raise InputError(f"column {name!r} holds {kind}, not numbers")
    if array.ndim != 1:
        raise InputError(f"column {name!r} has shape {array.shape}; expected one value a row")
    return array


def _unmasked(values: Any) -> NDArray[Any]:
    """An array in which what was masked is NaN or None."""
    if values.dtype.kind in "fiu":
        return np.asarray(values.astype(np.float64).filled(np.nan))
    objects: NDArray[Any] = values.data.astype(object)
    objects[np.ma.getmaskarray(values)] = None
    return objects


_OBJECTS = ("object", "decimal", "null")
"""Types of columns, as NumPy, pandas, Polars and Arrow call them, whose values may be numbers one by one."""


def _from_objects(values: NDArray[Any], name: str, kind: str) -> NDArray[np.float64]:
    """Numbers of any type, each as the nearest float64; None and pandas' NA become NaN."""
    numbers = np.full(len(values), np.nan)
    for i, value in enumerate(values.tolist()):
        if value is None or type(value).__name__ == "NAType":
            continue
        if isinstance(value, bool) or not isinstance(value, Real | Decimal):
            raise InputError(f"column {name!r} holds {kind}, not numbers: row {i + 1} is {value!r:.60}")
        try:
            numbers[i] = float(value)
        except (OverflowError, ValueError):  # ValueError: a signalling NaN
            raise InputError(f"column {name!r}, row {i + 1}: float64 cannot hold the number") from None
    return numbers


def _as_array(values: Any) -> NDArray[Any]:
    dtype = getattr(values, "dtype", None)
    if hasattr(dtype, "na_value") and getattr(dtype, "kind", "O") in "fiu":  # pandas' nullable numbers
        return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))
    if isinstance(values, Sequence) and not isinstance(values, str):
        return _from_list(values)
    if hasattr(values, "to_numpy"):
        if hasattr(values, "chunks") or not hasattr(values, "null_count"):
            return np.asarray(values.to_numpy())
        return np.asarray(_single(values))
    return np.asarray(values)


def _single(values: Any) -> Any:
    """A Polars series or an Arrow array: the latter copies only where it must, when allowed to."""
    try:
        return values.to_numpy(zero_copy_only=False)
    except TypeError:
        return values.to_numpy()


def _from_list(values: Sequence[Any]) -> NDArray[Any]:
    """A list as NumPy sees it; of objects where that is not numbers alone."""
    if not values:
        return np.zeros(0)
    try:
        return np.asarray(values)
    except OverflowError:  # a whole number beyond float64
        return np.array(values, dtype=object)


def check_out(out: NDArray[Any], columns: Sequence[NDArray[Any]], dtype: str) -> None:
    """Whether grades can be written to `out`.

    Raises:
        InputError: it is no array, has another shape or dtype, is read-only or strided, or overlaps a column.
    """
    if not isinstance(out, _ARRAY):
        raise InputError(f"out is {type(out).__name__}; expected a NumPy array")
    shape, flags = columns[0].shape if columns else (0,), out.flags
    if out.shape != shape or out.dtype != dtype:
        raise InputError(f"out is {out.dtype} of shape {out.shape}; expected {dtype} of shape {shape}")
    if not (flags.c_contiguous and flags.writeable and flags.aligned):
        raise InputError("out must be contiguous, aligned and writable")
    owner = flags.owndata
    for column in columns:
        apart = owner and column.flags.owndata and column is not out  # each has its own memory
        if not apart and np.may_share_memory(out, column):
            raise InputError("out shares memory with a column of the table")
