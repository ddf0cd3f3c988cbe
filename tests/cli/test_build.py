"""`kistdsl build`, as other programs call it."""

from __future__ import annotations

import json

import pytest

from kistdsl.cli.main import main

RULES = 'product "Tile"\nrule dark: IF area is high AND gray is low THEN anomalous (0.8)\n'


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "tile.kr"
    path.write_text(RULES)
    return str(path)


def test_json(rules, tmp_path, capsys):
    out = tmp_path / "tile.json"
    assert main(["build", rules, "--target", "json", "-o", str(out)]) == 0
    document = json.loads(out.read_text())
    assert (document["format"], document["version"], document["product"]) == ("kistdsl-rules", 1, "Tile")
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said == f"1 rule, alpha 0.8 -> {out}\n"


@pytest.mark.parametrize("name", ["", "other.c"])
def test_c_into_a_folder_or_a_file(rules, tmp_path, name):
    folder = tmp_path / "made"
    folder.mkdir()
    assert main(["build", rules, "--target", "c", "-o", str(folder / name), "--quiet"]) == 0
    stem = "other" if name else "tile"
    assert sorted(p.name for p in folder.iterdir()) == [f"{stem}.c", f"{stem}.h"]
    assert f'#include "{stem}.h"' in (folder / f"{stem}.c").read_text()


@pytest.mark.parametrize(
    ("target", "out", "says"),
    [
        ("c", "tile.txt", "for C name a .c file"),
        ("json", "nowhere/tile.json", "cannot be written"),
        ("json", ".", "is a folder"),
    ],
)
def test_mistakes_are_one_line(rules, tmp_path, capsys, target, out, says):
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["build", rules, "--target", target, "-o", str(tmp_path / out)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_wrong_rules_write_nothing(tmp_path, capsys):
    path = tmp_path / "wrong.kr"
    path.write_text("IF gray is lwo THEN anomalous\n")
    out = tmp_path / "wrong.json"
    assert main(["build", str(path), "--target", "json", "-o", str(out)]) == 1
    assert "lwo" in capsys.readouterr().err
    assert not out.exists()
