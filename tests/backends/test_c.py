"""Rules as C: compiled without a warning, and the reference's bits."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.backends.c_export import identifier, identifiers, string, to_c
from kistdsl.ir import reference
from kistdsl.language import user_properties
from tests.ir.programs import programs, tables

COMPILER = shutil.which("cc") or shutil.which("gcc")
STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-ffp-contract=off"]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler")


class Result(ctypes.Structure):
    _fields_ = [
        ("grade", ctypes.c_double),
        ("rule", ctypes.c_int),
        ("target", ctypes.c_int),
        ("anomalous", ctypes.c_int),
    ]


def compiled(program, folder: Path, stem: str = "rules", flags: Sequence[str] = STRICT) -> ctypes.CDLL:
    """The C of `program` as a library."""
    code = to_c(program, stem)
    (folder / f"{stem}.c").write_text(code.source)
    (folder / f"{stem}.h").write_text(code.header)
    library = folder / f"{stem}.so"
    subprocess.run(
        [COMPILER, *flags, "-shared", "-fPIC", str(folder / f"{stem}.c"), "-o", str(library), "-lm"],
        check=True,
    )
    loaded = ctypes.CDLL(str(library))
    getattr(loaded, f"{stem}_evaluate").restype = Result
    return loaded


@needs_compiler
@given(data=st.data())
@settings(max_examples=20)  # an example runs the compiler
def test_every_bit_is_the_reference_s(data):
    program = data.draw(programs())
    rows = np.ascontiguousarray(np.stack(data.draw(tables(program)), axis=1))
    pointer = ctypes.POINTER(ctypes.c_double)
    grades, each = np.empty(len(rows)), np.empty((len(rows), len(program.rules)))
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(program, Path(folder))
        library.rules_grade_rows(
            rows.ctypes.data_as(pointer), ctypes.c_size_t(len(rows)), grades.ctypes.data_as(pointer)
        )
        results = [library.rules_evaluate(row.ctypes.data_as(pointer)) for row in rows]
        for row, out in zip(rows, each, strict=True):
            library.rules_rule_grades(row.ctypes.data_as(pointer), out.ctypes.data_as(pointer))
    names = [c.name for c in program.columns]
    want = [reference.evaluate(program, dict(zip(names, row.tolist(), strict=True))) for row in rows]
    same_bits(grades, np.array([o.grade for o in want]))
    same_bits(np.array([r.grade for r in results]), np.array([o.grade for o in want]))
    same_bits(each, np.array([o.rule_grades for o in want]))
    for got, outcome in zip(results, want, strict=True):
        assert got.rule == (-1 if outcome.rule is None else outcome.rule)
        assert got.target == (-1 if outcome.target is None else program.classes.index(outcome.target))
        assert bool(got.anomalous) == outcome.anomalous


CURVES = """\
norms product
term mid of area = gaussmf(0.13, 0.07)
term about of gray = gbellmf(31, 1.7, 97)
term steep of symmetry = sigmf(-7.3, 0.37)
term line of shape = points((3, 0.1), (71, 0.9), (131, 0.3))
IF area is mid AND gray is about THEN anomalous (0.83)
IF symmetry is steep OR shape is line THEN anomalous (0.71)
IF area is slightly mid OR gray is somewhat about AND NOT symmetry is very steep THEN anomalous (0.97)
"""


@needs_compiler
@pytest.mark.parametrize("flags", [["-O3", "-march=native"], [*STRICT[:-1], "-O3", "-march=native"], STRICT])
def test_a_fused_multiply_add_changes_no_bit(flags, tmp_path):
    """GCC contracts a * b + c unless told not to, by an option or by the source itself."""
    probe = [COMPILER, *flags, "-E", "-x", "c", "/dev/null"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("the compiler does not know this processor")
    program = kistdsl.compile(CURVES).program
    library = compiled(program, tmp_path, flags=flags)
    random = np.random.default_rng(0)
    rows = random.random((2000, 4)) * [0.5, 255.0, 1.0, 180.0]
    names = [column.name for column in program.columns]
    assert names == ["area", "gray", "symmetry", "shape"]
    got = np.empty((len(rows), len(program.rules)))
    pointer = ctypes.POINTER(ctypes.c_double)
    for row, out in zip(rows, got, strict=True):
        library.rules_rule_grades(row.ctypes.data_as(pointer), out.ctypes.data_as(pointer))
    want = [reference.evaluate(program, dict(zip(names, row.tolist(), strict=True))) for row in rows]
    same_bits(got, np.array([outcome.rule_grades for outcome in want]))


def same_bits(got: np.ndarray, want: np.ndarray) -> None:
    differs = (got.view(np.uint64) != want.view(np.uint64)) & ~(np.isnan(got) & np.isnan(want))
    assert not differs.any(), (got[differs][:5], want[differs][:5])


@needs_compiler
def test_an_artefact_says_what_it_is(tmp_path):
    text = 'product "Kachel \\"ä\\" ??/ */"\nIF area is high AND gray is low THEN anomalous (0.8)\n'
    text = text.replace('\\"', "'")
    program = kistdsl.compile(text).program
    library = compiled(program, tmp_path, "my_tiles")
    code = to_c(program, "my_tiles")
    assert f'#define MY_TILES_SOURCE_HASH "{program.source_hash}"' in code.header
    assert "#define MY_TILES_ALPHA 0.8\n" in code.header
    assert "Kachel 'a" not in code.header
    assert code.header.isascii()
    units = (ctypes.c_char_p * 2).in_dll(library, "my_tiles_property_units")
    assert [u.decode() for u in units] == ["fraction", "gray levels"]


def test_properties_whose_names_look_alike_in_c(monkeypatch):
    monkeypatch.setattr(user_properties, "_DECLARED", {})
    for name in ("é", "u00e9"):
        kistdsl.property(name=name, unit="none", range=(0, 1), gamma=1, doc="a letter")(lambda region: 0.0)
    rules = kistdsl.compile("IF é is high THEN anomalous\nIF u00e9 is low THEN anomalous")
    header = to_c(rules.program, "letters").header
    assert "#define LETTERS_COLUMN_u00e9 0 " in header
    assert "#define LETTERS_COLUMN_u00e9_2 1 " in header


def test_names_and_strings():
    assert identifier("line 3-b") == "line_3_b"
    assert identifier("7") == "rules_7"
    assert identifier("größe") == "gru00f6u00dfe"
    assert identifiers(["é", "u00e9", "u00e9_2", "é"]) == ["u00e9", "u00e9_2", "u00e9_2_2", "u00e9_3"]
    assert string('a"\\?é') == '"a\\042\\134\\077\\303\\251"'
