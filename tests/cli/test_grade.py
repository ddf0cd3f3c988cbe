"""`kistdsl grade` and `kistdsl debug`, as other programs call them."""

from __future__ import annotations

import csv
import io
import math
import subprocess
import sys
from decimal import Context, Decimal
from pathlib import Path

import numpy as np
import pytest

import kistdsl
from kistdsl.cli.main import main
from kistdsl.engine import csv_file, parquet_file
from kistdsl.engine.files import grade_file

RULES = """\
class crack
rule dark: IF area is high AND gray is low THEN anomalous (0.8)
rule odd: IF symmetry is low THEN crack (0.7)
"""
ADDED = ["grade", "class", "rule", "anomalous"]


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.kr"
    path.write_text(RULES)
    return str(path)


def write(path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_csv_to_standard_output(rules, tmp_path, capsys):
    table = write(
        tmp_path / "t.csv",
        'id,area,gray,symmetry,note\n007,0.9,20,0.9,"a, ""b"""\n008,1e-2,2e2,.1,é\n009,,20,0.9,\n',
    )
    assert main(["grade", rules, table]) == 0
    out, messages = capsys.readouterr()
    assert rows_of(out) == [
        ["id", "area", "gray", "symmetry", "note", *ADDED],
        ["007", "0.9", "20", "0.9", 'a, "b"', "0.8", "anomalous", "dark", "true"],
        ["008", "1e-2", "2e2", ".1", "é", "0.7", "crack", "odd", "false"],
        ["009", "", "20", "0.9", "", "", "", "", "false"],
    ]
    assert messages == "3 regions, 1 anomalous (grade >= 0.8)\n"


def test_quiet_and_skipping_missing_values(rules, tmp_path, capsys):
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n,20,0.1\n")
    assert main(["grade", rules, table, "--quiet", "--skip-missing"]) == 0
    out, messages = capsys.readouterr()
    assert rows_of(out)[1] == ["", "20", "0.1", "0.7", "crack", "odd", "false"]
    assert messages == ""


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_byte_order_marks(rules, tmp_path, capsys, delimiter):
    text = "\ufeff" + "area,gray,symmetry\r\n0.9,20,0.9\r\n\r\n".replace(",", delimiter)
    assert main(["grade", rules, write(tmp_path / "t.csv", text)]) == 0
    assert rows_of(capsys.readouterr().out, delimiter)[1][:4] == ["0.9", "20", "0.9", "0.8"]


def test_delimiters_in_names_do_not_count(rules, tmp_path, capsys):
    text = 'area;gray;symmetry;"a, b, c, d, ""e, f"""\n0.9;20;0.9;"1, 2"\n'
    assert main(["grade", rules, write(tmp_path / "t.csv", text), "-q"]) == 0
    header, row = rows_of(capsys.readouterr().out, ";")
    assert header[3:] == ['a, b, c, d, "e, f"', *ADDED]
    assert row[3:5] == ["1, 2", "0.8"]


def test_a_long_cell(rules, tmp_path, capsys):
    """csv would take 131,072 characters."""
    note = "long, " * 100_000
    text = f'area,gray,symmetry,note\n0.9,20,0.9,"{note}"\n'
    assert main(["grade", rules, write(tmp_path / "t.csv", text), "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == f'0.9,20,0.9,"{note}",0.8,anomalous,dark,true'


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_long_tables_in_pieces(rules, tmp_path, monkeypatch, backend, dtype):
    monkeypatch.setattr(csv_file, "ROWS", 7)
    random = np.random.default_rng(0)
    columns = {"area": random.random(50), "gray": random.random(50) * 255, "symmetry": random.random(50)}
    lines = ["area,gray,symmetry"]
    lines += [",".join(map(repr, map(float, row))) for row in zip(*columns.values(), strict=True)]
    table, out = write(tmp_path / "t.csv", "\n".join(lines) + "\n"), tmp_path / "out.csv"
    assert main(["grade", rules, table, "-o", str(out), "--backend", backend, "--dtype", dtype]) == 0
    got = rows_of(out.read_text())
    want = kistdsl.load(rules).evaluate(columns, dtype=dtype)
    grades = np.array([row[3] for row in got[1:]], dtype)
    np.testing.assert_array_equal(grades, want.grade)
    assert [row[5] for row in got[1:]] == want.winners.tolist()
    assert [row[6] == "true" for row in got[1:]] == want.anomalous.tolist()


def test_graded_again_the_columns_are_replaced(rules, tmp_path):
    table, out = write(tmp_path / "t.csv", "grade,area,gray,symmetry\nold,0.9,20,0.9\n"), tmp_path / "o.csv"
    assert main(["grade", rules, table, "--out", str(out)]) == 0
    assert main(["grade", rules, str(out), "--out", str(out)]) == 0
    assert rows_of(out.read_text())[0] == ["area", "gray", "symmetry", *ADDED]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_names_that_need_quotes(tmp_path, capsys, delimiter):
    """A rule of an included file is named after it."""
    included = tmp_path / f"a{delimiter}b.kr"
    included.write_text("IF gray is low THEN anomalous")
    rules = write(tmp_path / "rules.kr", f'include "{included.name}"\n')
    table = write(tmp_path / "t.csv", "id,gray\n1,20\n".replace(",", delimiter))
    assert main(["grade", rules, table, "-q"]) == 0
    row = ["1", "20", "1.0", "anomalous", f"a{delimiter}b:L1", "true"]
    assert rows_of(capsys.readouterr().out, delimiter) == [["id", "gray", *ADDED], row]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_carriage_returns_in_cells(rules, tmp_path, suffix):
    """They are quoted, so that they do not end the row; Python 3.11 leaves that out in lines that end in LF."""
    cells = ["a\rb", "a\nb", "a\r\nb", "b\r", "\r", 'a"\r', "a"]
    table, out = tmp_path / f"t.{suffix}", tmp_path / "out.csv"
    if suffix == "csv":
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
        lines = ['area,gray,symmetry,"no\rte"', *(f"0.9,20,0.9,{cell}" for cell in quoted)]
        table.write_bytes("\n".join(lines).encode())
    else:
        pa = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        columns = {"area": [0.9] * 7, "gray": [20.0] * 7, "symmetry": [0.9] * 7, "no\rte": cells}
        pq.write_table(pa.table(columns), table)
    assert main(["grade", rules, str(table), "-o", str(out), "-q"]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[3] == "no\rte"
    assert [row[3:] for row in rows] == [[cell, "0.8", "anomalous", "dark", "true"] for cell in cells]
    assert b"true\n" in out.read_bytes()


def test_a_header_alone(rules, tmp_path, capsys):
    assert main(["grade", rules, write(tmp_path / "t.csv", "area,gray,symmetry")]) == 0
    assert rows_of(capsys.readouterr().out) == [["area", "gray", "symmetry", *ADDED]]


def test_standard_input(rules, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"area,gray,symmetry\n0.9,20,0.9\n")))
    assert main(["grade", rules, "-"]) == 0
    assert rows_of(capsys.readouterr().out)[1][3] == "0.8"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "t.csv: is empty"),
        ("area,gray\n1,2\n", "t.csv: no column 'symmetry', which the rules use; it has area, gray"),
        ("area,gray,symmetry,gray\n1,2,3,4\n", "t.csv: column 'gray' is there twice"),
        ("area,gray,symmetry\n1,2,3\n1,dark,3\n", "t.csv: row 2, column 'gray': 'dark' is not a number"),
        (
            "area;gray;symmetry\n0,5;2;3\n",
            "row 1, column 'area': '0,5' is not a number; write a decimal point",
        ),
        ("area,gray,symmetry\n1,2,3\n1,2\n", "t.csv: row 2 (line 3) has 2 fields, the header has 3"),
        ("area,gray,symmetry\n1,1_000,3\n", "t.csv: row 1, column 'gray': '1_000' is not a number"),
        (
            'area,gray,symmetry,note\n1,2,3,"' + "a" * 17_000_000 + "\n",
            "t.csv: line 2: field larger than field limit (16777216); is a closing quote missing?",
        ),
        ('area,gray,symmetry\n1,2,"3\n', "t.csv: line 2: unexpected end of data"),
    ],
)
def test_mistakes_in_a_csv_table(rules, tmp_path, capsys, text, says):
    out = tmp_path / "out.csv"
    assert main(["grade", rules, write(tmp_path / "t.csv", text), "-o", str(out)]) == 2
    assert says in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rules.kr", "t.csv"]  # whole or not at all


def test_other_mistakes(rules, tmp_path, capsys):
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n1,2,3\n")
    (tmp_path / "latin.csv").write_bytes(b"area,gray,symmetry,n\n1,2,3,\xe9\n")
    wrong = write(tmp_path / "wrong.kr", "IF aera is high THEN anomalous\n")
    cases = [
        (["grade", rules, str(tmp_path / "absent.csv")], 2, "absent.csv: no such file"),
        (["grade", rules, str(tmp_path)], 2, "is a folder"),
        (["grade", rules, rules], 2, "rules.kr: unknown kind of table '.kr'; expected .csv or .parquet"),
        (["grade", rules, table, "-o", str(tmp_path / "no" / "o.csv")], 2, "cannot be written"),
        (["grade", rules, table, "-o", str(tmp_path / "o.parquet")], 2, "convert it to Parquet first"),
        (["grade", rules, str(tmp_path / "latin.csv")], 2, "latin.csv: is not UTF-8 text: line 2: "),
        (["grade", str(tmp_path / "absent.kr"), table], 2, "absent.kr: no such file"),
        (["grade", wrong, table], 1, "K101"),
    ]
    for arguments, code, says in cases:
        assert main(arguments) == code, arguments
        err = capsys.readouterr().err
        assert says in err
        assert "Traceback" not in err


def grade_process(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kistdsl", "grade", *arguments]
    return subprocess.run(command, text=True, stderr=subprocess.PIPE, check=False, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output(rules, tmp_path, root):
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n0.9,20,0.9\n")
    with Path("/dev/full").open("w") as full:
        done = grade_process(rules, table, "-q", stdout=full, cwd=root)
    assert done.stderr == "kistdsl: standard output: cannot be written: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_full_disk_behind_a_file(rules, tmp_path, root, suffix):
    resource = pytest.importorskip("resource", reason="no limits of processes here")
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n" + "0.9,20,0.9\n" * 20_000)
    if suffix == "parquet":
        table = parquet_table(tmp_path, 20_000)[1]
    out = tmp_path / "out" / f"o.{suffix}"
    out.parent.mkdir()
    done = grade_process(
        rules,
        table,
        "-q",
        "-o",
        str(out),
        cwd=root,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert done.stderr == f"kistdsl: {out}: cannot be written: File too large\n"
    assert done.returncode == 2
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_output_that_is_a_folder(rules, tmp_path, capsys, suffix):
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n0.9,20,0.9\n")
    if suffix == "parquet":
        table = parquet_table(tmp_path)[1]
    out = tmp_path / f"d.{suffix}"
    out.mkdir()
    before = sorted(tmp_path.iterdir())
    assert main(["grade", rules, table, "-o", str(out)]) == 2
    assert capsys.readouterr().err.endswith(f"{out}: cannot be written: Is a directory\n")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_reader_that_leaves(rules, tmp_path, root, suffix):
    """As `head -2` does: no message, no failure."""
    table = write(tmp_path / "t.csv", "area,gray,symmetry\n" + "0.9,20,0.9\n" * 100_000)
    if suffix == "parquet":
        table = parquet_table(tmp_path, 100_000)[1]
    command = [sys.executable, "-m", "kistdsl", "grade", rules, table, "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as process:
        assert process.stdout.readline().endswith(b"anomalous\n")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(("suffix", "quote"), [("csv", ""), ("csv", '"'), ("parquet", "")])
def test_pieces_are_small_where_rows_are_wide(rules, tmp_path, suffix, quote):
    """Rows of a fifth of a mebibyte: a piece holds some dozen of them, not thousands."""
    note, rows = "x" * 200_000, 400
    table, sizes = tmp_path / f"t.{suffix}", []
    if suffix == "csv":
        line = f"0.9,20,0.9,{quote}{note[:100_000]}{quote},{note[100_000:]}\n"
        table.write_text("area,gray,symmetry,note,more\n" + line * rows)
    else:
        pa = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        columns = {"area": [0.9] * rows, "gray": [20.0] * rows, "symmetry": [0.9] * rows}
        columns["note"] = [f"{i}{note}" for i in range(rows)]
        pq.write_table(pa.table(columns), table)
    done = grade_file(
        kistdsl.load(rules), table, tmp_path / "o.csv", listener=lambda rows, _: sizes.append(rows)
    )
    assert done == (rows, rows)
    assert sum(sizes) == rows
    assert max(sizes) * len(note) <= 50_000_000
    assert max(sizes) > 10


# --- Parquet ----------------------------------------------------------------------------------


def parquet_table(tmp_path, rows: int = 1000):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    table = pa.table(
        {
            "image": pa.array([f"{i:03}" for i in range(rows)]).dictionary_encode(),
            "area": pa.array(random.random(rows), pa.float32()),
            "gray": pa.array(random.integers(0, 256, rows), pa.uint8()),
            "symmetry": pa.array([None, *random.random(rows - 1)]),
            "taken": pa.array([None, *range(rows - 1)], pa.timestamp("ms", "UTC")),
            "box": [[i, i + 1] for i in range(rows)],
        },
        metadata={"line": "tiles"},
    )
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, row_group_size=300)
    return table, str(path)


def test_parquet_keeps_other_columns_and_types(rules, tmp_path, monkeypatch, capsys):
    table, path = parquet_table(tmp_path)
    import pyarrow.parquet as pq

    monkeypatch.setattr(parquet_file, "ROWS", 128)
    out = tmp_path / "out.parquet"
    assert main(["grade", rules, path, "-o", str(out)]) == 0
    got = pq.read_table(out)
    assert got.select(table.column_names).equals(table)
    assert [str(got.schema.field(name).type) for name in ADDED] == ["double", "string", "string", "bool"]
    assert got.schema.metadata[b"line"] == b"tiles"
    want = kistdsl.load(rules).evaluate(table)
    assert got["grade"].null_count == 1
    np.testing.assert_array_equal(got["grade"].to_numpy(), want.grade)
    assert got["rule"].to_pylist() == want.winners.tolist()
    assert got["class"].to_pylist() == want.labels.tolist()
    assert got["anomalous"].to_pylist() == want.anomalous.tolist()
    assert "1000 regions" in capsys.readouterr().err


def test_parquet_to_csv(rules, tmp_path):
    table, path = parquet_table(tmp_path, 5)
    out = tmp_path / "out.csv"
    assert main(["grade", rules, path, "-o", str(out), "--dtype", "float32"]) == 0
    got = rows_of(out.read_text())
    assert got[0] == [*table.column_names, *ADDED]
    assert got[1][6:] == ["", "", "", "false"]
    assert [row[2] for row in got[1:]] == [str(v) for v in table["gray"].to_pylist()]


def test_mistakes_in_a_parquet_table(rules, tmp_path, capsys):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is none")
    pq.write_table(pa.table({"area": [1.0]}), tmp_path / "short.parquet")
    pq.write_table(pa.table({"area": [1.0], "gray": ["x"], "symmetry": [1.0]}), tmp_path / "text.parquet")
    cases = {
        "broken": "broken.parquet: cannot be read as Parquet",
        "damaged": "damaged.parquet: cannot be read as Parquet",
        "short": "short.parquet: no columns 'gray', 'symmetry', which the rules use; it has area",
        "text": "text.parquet: column 'gray' holds string, not numbers",
    }
    damaged = bytearray(Path(parquet_table(tmp_path)[1]).read_bytes())
    damaged[200] ^= 255
    (tmp_path / "damaged.parquet").write_bytes(damaged)
    for name, says in cases.items():
        assert (
            main(["grade", rules, str(tmp_path / f"{name}.parquet"), "-o", str(tmp_path / "o.parquet")]) == 2
        )
        assert says in capsys.readouterr().err
        assert not (tmp_path / "o.parquet").exists()


def test_parquet_columns_of_other_kinds(rules, tmp_path, capsys):
    """Decimals and columns of nulls are numbers; other columns may share a name."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    decimals = pa.array([Decimal("0.9"), None], pa.decimal128(10, 4))
    columns = [
        decimals,
        pa.array([2**64 - 1, 20], pa.uint64()),
        pa.nulls(2),
        pa.array([1, 2]),
        pa.array([3, 4]),
    ]
    source, out = str(tmp_path / "t.parquet"), tmp_path / "o.parquet"
    pq.write_table(pa.table(columns, names=["area", "gray", "symmetry", "note", "note"]), source)
    assert main(["grade", rules, source, "-o", str(out), "--skip-missing"]) == 0
    with pq.ParquetFile(out) as file:
        got = file.read()
    assert got.column_names == ["area", "gray", "symmetry", "note", "note", *ADDED]
    assert [got.column(i).to_pylist() for i in (0, 3, 4)] == [[Decimal("0.9"), None], [1, 2], [3, 4]]
    assert got["grade"].to_pylist() == [0.0, None]
    capsys.readouterr()
    assert main(["grade", rules, source, "--skip-missing"]) == 0
    assert rows_of(capsys.readouterr().out)[1] == [
        "0.9000",
        str(2**64 - 1),
        "",
        "1",
        "3",
        "0.0",
        "anomalous",
        "dark",
        "false",
    ]


def test_decimals_are_the_nearest_floats(rules, tmp_path, capsys):
    """As CSV and `explain` read them."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    for type_ in (pa.decimal128(18, 1), pa.decimal128(38, 20), pa.decimal256(60, 50)):
        digits = random.integers(1, type_.precision + 1, 7000)
        values = [
            Decimal("".join(map(str, random.integers(0, 10, n)))).scaleb(-type_.scale, Context(prec=100))
            for n in digits
        ]
        got = parquet_file._numbers(pa.array([*values, None], type_))
        np.testing.assert_array_equal(got, [*map(float, values), np.nan])

    edge = write(tmp_path / "edge.kr", "term t of area = rectmf(0.1, 1)\nIF area is t THEN anomalous")
    table = tmp_path / "t.parquet"
    pq.write_table(pa.table({"area": pa.array([Decimal("0.1")], pa.decimal128(10, 1))}), table)
    assert main(["grade", edge, str(table), "-q"]) == 0
    assert rows_of(capsys.readouterr().out)[1] == ["0.1", "1.0", "anomalous", "L2", "true"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_without_rules(tmp_path, capsys, suffix):
    rules = write(tmp_path / "none.kr", 'product "tiles"\n')
    table = write(tmp_path / "t.csv", "area,gray\n0.9,20\n0.1,30\n")
    if suffix == "parquet":
        table = parquet_table(tmp_path, 2)[1]
    assert main(["grade", rules, table, "-q", "--dtype", "float32"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert [row[-4:] for row in rows] == [ADDED, *[["0.0", "", "", "false"]] * 2]


# --- debug ------------------------------------------------------------------------------------


def test_debug_shows_each_stage(rules, capsys):
    shows = {
        ("ast",): "statements: Rule",
        ("ir",): "rule dark -> anomalous: %",
        ("ir", "--all-passes"): "; after dead-nodes",
        ("ir", "--dtype", "float32"): "program float32",
        ("kernel",): "define void @kernel(i64 %n",
        ("kernel", "--kind", "decide", "--form", "machine"): "kernel:",
        ("kernel", "--form", "optimised", "--kind", "evaluate"): "define void @kernel(",
        ("kernel", "--backend", "numpy"): "program float64",
    }
    for options, says in shows.items():
        stage, *more = options
        assert main(["debug", stage, rules, *more]) == 0
        assert says in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["grade", "evaluate", "matrix", "decide"])
@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_debug_of_a_file_without_rules(tmp_path, capsys, kind, backend):
    rules = write(tmp_path / "none.kr", 'product "tiles"\n')
    assert main(["debug", "kernel", rules, "--kind", kind, "--backend", backend]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"kistdsl: {rules}: no rule, so there is no kernel\n")
    assert main(["debug", "ir", rules]) == 0


def test_grades_in_a_file_read_back_as_the_same_numbers(rules, tmp_path):
    value = math.nextafter(0.7, 1)
    table = write(tmp_path / "t.csv", f"area,gray,symmetry\n{value!r},0,1\n")
    out = tmp_path / "o.csv"
    assert main(["grade", rules, table, "-o", str(out), "-q"]) == 0
    want = kistdsl.load(rules).grade({"area": [value], "gray": [0.0], "symmetry": [1.0]})
    assert float(rows_of(out.read_text())[1][3]) == want[0]
