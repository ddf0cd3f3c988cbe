"""`kistdsl grade` in bounded memory: five times the rows, next to nothing more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROWS = 200_000
GRADE = """\
import sys
from kistdsl.cli.main import main
code = main(["grade", *sys.argv[1:]])
with open("/proc/self/status") as status:
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
print(peak)
sys.exit(code)
"""


def columns(rows: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    names = ("area", "gray", "symmetry", "other", "another")
    return {name: random.random(rows) for name in names}


def write_csv(path: Path, times: int) -> None:
    made = columns(ROWS // 10)
    rows = zip(*(column.tolist() for column in made.values()), strict=True)
    text = "".join(f"{','.join(map(repr, row))}\n" for row in rows)
    with path.open("w") as file:
        file.write(",".join(made) + "\n")
        for _ in range(10 * times):
            file.write(text)


def write_parquet(path: Path, times: int, *, groups: int | None = None) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.concat_tables([pa.table(columns(ROWS))] * times)
    pq.write_table(table, path, row_group_size=ROWS * times // (groups or times))


def write_one_group(path: Path, times: int) -> None:
    write_parquet(path, times, groups=1)


def peak(rules: Path, table: Path, root: Path) -> float:
    """MiB of a process that grades the table, at its highest: its own, not its parent's."""
    out = table.with_name(f"out{table.suffix}")
    done = subprocess.run(
        [sys.executable, "-c", GRADE, str(rules), str(table), "-q", "-o", str(out)],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    out.unlink()
    table.unlink()
    return int(done.stdout) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process's own peak")
@pytest.mark.parametrize(
    ("write", "few", "many", "room"),
    [
        # The numbers alone would be 32 MiB more, their text over 70; two runs differ by 1.
        pytest.param(write_csv, 1, 5, 12.0, id="csv"),
        # The columns alone would be over 90 MiB more. What Arrow's allocator keeps settles after
        # about three row groups and then differs by up to 25 between two runs of the same table.
        pytest.param(write_parquet, 3, 15, 48.0, id="parquet"),
        pytest.param(write_one_group, 3, 15, 48.0, id="one row group"),
    ],
)
def test_five_times_the_rows_take_no_more_memory(write, few, many, room, tmp_path, root):
    """`room` is the MiB that the longer table may take on top of the shorter one's."""
    rules = tmp_path / "rules.kr"
    rules.write_text("IF area is high AND gray is low THEN anomalous\nIF symmetry is low THEN anomalous\n")
    found = []
    for times in (few, many):
        table = tmp_path / ("table.csv" if write is write_csv else "table.parquet")
        write(table, times)
        found.append(peak(rules, table, root))
    assert found[1] - found[0] < room, found
