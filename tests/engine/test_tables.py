"""Tables as users hold them, and what is said of unfit ones."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pytest

import kistdsl
from kistdsl.diagnostics import InputError
from kistdsl.engine.tables import columns_of

RULES = kistdsl.compile("IF area is high AND gray is low THEN anomalous (0.8)")
AREA, GRAY = np.array([0.9, 0.1, 0.9]), np.array([20.0, 20.0, 200.0])
WANT = [0.8, 0.0, 0.0]


def pandas_frame():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"id": ["a", "b", "c"], "area": AREA, "gray": GRAY.astype("int32")})


def polars_frame():
    polars = pytest.importorskip("polars")
    return polars.DataFrame({"id": ["a", "b", "c"], "area": AREA, "gray": GRAY.astype("int32")})


def arrow_table():
    pyarrow = pytest.importorskip("pyarrow")
    halves = pyarrow.chunked_array([AREA[:1], AREA[1:]])
    return pyarrow.table({"id": ["a", "b", "c"], "area": halves, "gray": GRAY})


def arrow_batch():
    return arrow_table().combine_chunks().to_batches()[0]


class OnlyArrowStream:
    """Something that offers the Arrow C stream interface and nothing else."""

    def __arrow_c_stream__(self, requested_schema=None):
        return arrow_table().__arrow_c_stream__(requested_schema)


class StreamWithColumns(OnlyArrowStream):
    """As a DuckDB relation: it lists its columns, but gives them through the stream alone."""

    columns = ("id", "area", "gray")

    def __getitem__(self, name):
        return self


def arrow_reader():
    return arrow_table().to_reader()


ODD = ("column", "column_names", "collect", "columns", "schema", "dtype", "filled")
"""Columns that a frame shows as attributes which other kinds of table have."""


def pandas_with_odd_names():
    return pandas_frame().assign(**dict.fromkeys(ODD, 1.0))


TABLES = {
    "mapping of arrays": lambda: {"gray": GRAY, "area": AREA, "other": ["x"] * 3},
    "mapping of lists": lambda: {"gray": GRAY.tolist(), "area": AREA.tolist()},
    "another mapping": lambda: MappingProxyType({"gray": GRAY, "area": AREA}),
    "structured array": lambda: np.rec.fromarrays([GRAY, AREA], names="gray,area"),
    "array in the rules' order": lambda: np.stack([AREA, GRAY], axis=1),
    "pandas": pandas_frame,
    "polars": polars_frame,
    "arrow table": arrow_table,
    "arrow batch": arrow_batch,
    "arrow stream": OnlyArrowStream,
    "arrow stream with columns": StreamWithColumns,
    "arrow reader": arrow_reader,
    "pandas with columns of odd names": pandas_with_odd_names,
    "record array with columns of odd names": lambda: np.rec.fromarrays(
        [GRAY, AREA, *[AREA] * len(ODD)], names=["gray", "area", *ODD]
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table(kind):
    assert RULES.grade(TABLES[kind]()).tolist() == WANT


def test_no_copy_where_none_is_needed():
    area, gray = columns_of({"area": AREA, "gray": GRAY}, RULES.properties)
    assert area is AREA
    assert gray is GRAY
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"area": AREA, "gray": GRAY})
    first, second = columns_of(frame, RULES.properties)
    again, _ = columns_of(frame, RULES.properties)
    assert np.shares_memory(first, again)
    assert second.tolist() == GRAY.tolist()


def missing_values():
    import pandas
    import polars
    import pyarrow

    yield {"area": [0.9, None, 0.9], "gray": [20, 20, 200]}
    yield {"area": [np.float64(0.9), None, np.float32(0.9)], "gray": [20, 20, 200]}
    yield {"area": [0.9, pandas.NA, 0.9], "gray": [20, 20, 200]}
    yield {"area": [Decimal("0.9"), None, Fraction(9, 10)], "gray": [20, np.int8(20), 200]}
    yield {"area": np.array([0.9, None, 1], object), "gray": np.array([20, 20, 200], object)}
    yield pandas.DataFrame({"area": [0.9, None, Decimal("0.9")], "gray": GRAY}, dtype=object)
    yield polars.DataFrame({"area": [Decimal("0.9"), None, Decimal("0.9")], "gray": [20, 20, 200]})
    yield pyarrow.table({"area": [Decimal("0.9"), None, Decimal("0.9")], "gray": [20, 20, 200]})
    decimals = pyarrow.array([Decimal("0.9"), None, Decimal("0.9")])
    yield pyarrow.record_batch({"area": decimals, "gray": pyarrow.array([20, 20, 200])})
    arrow_type = pandas.ArrowDtype(pyarrow.decimal128(5, 2))
    yield pandas.DataFrame({"area": pandas.array(decimals.to_pylist(), arrow_type), "gray": GRAY})
    yield pandas.DataFrame({"area": pandas.array([1, None, 1], "Int64"), "gray": GRAY})
    yield pandas.DataFrame({"area": pandas.array([0.9, None, 0.9], "Float64"), "gray": GRAY})
    yield polars.DataFrame({"area": [0.9, None, 0.9], "gray": [20, 20, 200]})
    yield polars.DataFrame({"area": [1, None, 1], "gray": [20, 20, 200]})
    yield pyarrow.table({"area": [1, None, 1], "gray": [20, 20, 200]})
    yield pyarrow.record_batch({"area": pyarrow.array([0.9, None, 0.9]), "gray": pyarrow.array([1, 2, 200])})


def test_masked_values_are_missing():
    area = np.ma.masked_array(AREA, [False, True, False])
    np.testing.assert_array_equal(RULES.grade({"area": area, "gray": GRAY}), [0.8, np.nan, 0.0])


def test_masked_objects_are_missing():
    area = np.ma.masked_array([0.9, "x", 0.9], [False, True, False], dtype=object)
    np.testing.assert_array_equal(RULES.grade({"area": area, "gray": GRAY}), [0.8, np.nan, 0.0])


def test_columns_of_nothing_but_nulls():
    pandas, polars, pyarrow = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    nothing = {"area": [None, None], "gray": [None, None]}
    arrow = pyarrow.table({"area": pyarrow.nulls(2), "gray": pyarrow.nulls(2)})
    batch = arrow.to_batches()[0]
    for table in (nothing, pandas.DataFrame(nothing), polars.DataFrame(nothing), arrow, batch):
        assert np.isnan(RULES.grade(table)).tolist() == [True, True]


def test_objects_are_the_nearest_floats():
    random = np.random.default_rng(0)
    values = [Decimal(int(n)).scaleb(-17) for n in random.integers(0, 2**62, 1000)]
    assert columns_of({"x": values}, ["x"])[0].tolist() == [float(value) for value in values]
    pyarrow = pytest.importorskip("pyarrow")
    assert columns_of(pyarrow.table({"x": values}), ["x"])[0].tolist() == [float(value) for value in values]


def test_missing_values_are_nan():
    for module in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(module)
    for table in missing_values():
        np.testing.assert_array_equal(RULES.grade(table), [0.8, np.nan, 0.0])


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"area": AREA}, "no column 'gray'; it has area"),
        ({"area": AREA, "gray": GRAY[:2]}, "column 'gray' has 2 rows, but column 'area' has 3"),
        ({"area": AREA, "gray": ["a", "b", "c"]}, "column 'gray' holds <U1, not numbers"),
        ({"area": AREA, "gray": np.array(["a", 1, None], object)}, "column 'gray' holds object, not numbers"),
        ({"area": AREA, "gray": [20.0, None, "x"]}, "column 'gray' holds object, not numbers: row 3 is 'x'"),
        ({"area": AREA, "gray": [None, True, 1]}, "column 'gray' holds object, not numbers: row 2 is True"),
        ({"area": AREA, "gray": [20, 20, 10**400]}, "column 'gray', row 3: float64 cannot hold the number"),
        ({"area": AREA, "gray": [20.0, 10**400, 1]}, "column 'gray', row 2: float64 cannot hold the number"),
        ({"area": AREA, "gray": GRAY > 100}, "column 'gray' holds bool, not numbers"),
        ({"area": AREA, "gray": GRAY.astype(complex)}, "column 'gray' holds complex128, not numbers"),
        ({"area": AREA, "gray": GRAY.reshape(3, 1)}, r"column 'gray' has shape \(3, 1\)"),
        ({"area": AREA, "gray": [[1.0], [1.0, 2.0], []]}, "column 'gray' cannot be read as numbers"),
        ({"area": 0.5, "gray": 1.0}, r"column 'area' has shape \(\)"),
        (np.zeros((3, 5)), r"array of shape \(3, 5\).*columns area, gray"),
        ("area.csv", "str is no region table"),
        (None, "NoneType is no region table"),
    ],
)
def test_unfit_tables_name_the_column(table, says):
    with pytest.raises(InputError, match=says):
        RULES.grade(table)


def test_columns_of_text_and_nulls_are_text():
    polars, pyarrow = map(pytest.importorskip, ("polars", "pyarrow"))
    text = {"area": [1.0], "gray": pyarrow.nulls(1, pyarrow.string())}
    with pytest.raises(InputError, match="column 'gray' holds string, not numbers"):
        RULES.grade(pyarrow.table(text))
    with pytest.raises(InputError, match="column 'gray' holds String, not numbers"):
        RULES.grade(polars.DataFrame({"area": [1.0], "gray": [None]}, {"area": float, "gray": str}))


def test_a_tensor_with_a_gradient():
    torch = pytest.importorskip("torch")
    gray = torch.tensor([20.0], requires_grad=True)
    with pytest.raises(InputError, match=r"column 'gray' cannot be read as numbers: .*detach"):
        RULES.grade({"area": [0.9], "gray": gray})
    assert RULES.grade({"area": [0.9], "gray": gray.detach()}).tolist() == [0.8]


def test_frames_of_text_and_lazy_frames():
    polars = pytest.importorskip("polars")
    with pytest.raises(InputError, match="column 'gray' holds String, not numbers"):
        RULES.grade(polars.DataFrame({"area": [1.0], "gray": ["x"]}))
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match=r"column 'gray' holds .*, not numbers"):
        RULES.grade(pandas.DataFrame({"area": [1.0], "gray": ["x"]}))
    with pytest.raises(InputError, match=r"LazyFrame.*collect it first"):
        RULES.grade(polars.LazyFrame({"area": [1.0], "gray": [1.0]}))


def test_what_looks_like_a_table_and_is_none():
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="Series is no region table"):
        RULES.grade(pandas.Series({"area": 0.9, "gray": 20.0}))
    with pytest.raises(InputError, match="ChunkedArray is no region table"):
        RULES.grade(pyarrow.chunked_array([[1.0]]))
    twice = pyarrow.table([AREA, GRAY, GRAY], names=["area", "gray", "gray"])
    with pytest.raises(InputError, match="column 'gray' is there twice"):
        RULES.grade(twice)
    with pytest.raises(InputError, match="column 'gray' is there twice"):
        RULES.grade(pandas.DataFrame(np.ones((2, 3)), columns=["area", "gray", "gray"]))


def test_an_empty_table_has_no_grades():
    assert RULES.grade({"area": [], "gray": []}).shape == (0,)
    polars = pytest.importorskip("polars")
    empty = polars.DataFrame({"area": [], "gray": []}, schema={"area": polars.Float64, "gray": polars.Int8})
    assert RULES.evaluate(empty).grade.shape == (0,)


def tables_of_three_rows():
    yield from (make() for make in TABLES.values())
    yield {"note": ["a", "b", "c"]}
    yield np.zeros((3, 0))
    yield np.zeros(3, [("note", "U1")])


@pytest.mark.parametrize("backend", ["numba", "numpy", "torch"])
def test_without_rules_every_row_has_a_grade(backend):
    if backend == "torch":
        pytest.importorskip("torch")
    rules = kistdsl.compile('product "tiles"')
    for table in tables_of_three_rows():
        if isinstance(table, np.ndarray) and table.dtype.names is None and table.shape[1]:
            continue  # an array without names has a column for each property that rules read: none
        result = rules.evaluate(table, backend=backend)
        assert result.grade.tolist() == [0.0, 0.0, 0.0]
        assert result.winners.tolist() == result.labels.tolist() == [None, None, None]
    table = {"area": AREA}
    assert rules.grade(table, backend=backend, out=np.ones(3)).tolist() == [0.0, 0.0, 0.0]
    assert rules.decide(table, backend=backend).tolist() == [False, False, False]
    assert rules.matrix(table, backend=backend).shape == (3, 0)
    assert rules.grade({}, backend=backend).shape == (0,)
    with pytest.raises(InputError, match="str is no region table"):
        rules.grade("area.csv", backend=backend)
