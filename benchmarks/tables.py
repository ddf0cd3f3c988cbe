"""`kistdsl grade` on CSV and Parquet files: rows a second and peak memory, a process a file.

    python -m benchmarks.tables [--rows 1 100000 1000000 10000000] [--row-group 131072] [--kinds csv parquet]

Table I's MTD rules (`rules/mtd.kr`) on generated tables: the five properties, and a name and a number that pass
through. The peak is the process's resident memory at its highest (VmHWM), so Linux alone tells it; grading one
row beforehand shows what of it is Python, NumPy and pyarrow.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from kistdsl.resources import resource

ROWS = (1, 10**5, 10**6, 10**7)
BLOCK = 50_000
SCALES = {"area": 0.05, "gray": 255.0, "shape": 190.0, "unevenness": 60.0, "symmetry": 1.0}

MEASURED = """\
import sys
from kistdsl.cli.main import main
code = main(["grade", *sys.argv[1:]])
with open("/proc/self/status") as status:
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
print(peak)
sys.exit(code)
"""
"""Grades, then prints the process's own peak in KiB: what a parent is told counts the parent's memory too."""


@dataclass(frozen=True)
class Figures:
    """What one file took."""

    seconds: float
    peak: float  # MiB


def block(rows: int) -> pa.Table:
    """Some regions: their properties, a name and a number."""
    random = np.random.default_rng(0)
    columns = {name: random.random(rows) * scale for name, scale in SCALES.items()}
    return pa.table({"image": [f"tile {i}" for i in range(rows)], **columns, "box": np.arange(rows)})


def write_csv(path: Path, rows: int) -> None:
    """The same block again and again, so that a long table is written at once."""
    options = pa.csv.WriteOptions(quoting_style="none")
    made = block(min(rows, BLOCK))
    with pa.csv.CSVWriter(path, made.schema, write_options=options) as writer:
        for start in range(0, rows, BLOCK):
            writer.write_table(made.slice(0, rows - start))


def write_parquet(path: Path, rows: int, row_group: int = 1 << 17) -> None:
    """Like `write_csv`, in row groups of this many rows."""
    made = block(min(rows, BLOCK))
    with pq.ParquetWriter(path, made.schema) as writer:
        for start in range(0, rows, row_group):
            wanted = min(row_group, rows - start)
            whole = pa.concat_tables([made] * -(-wanted // BLOCK)).slice(0, wanted)
            writer.write_table(whole, row_group_size=row_group)


def graded(table: Path) -> Figures:
    """`kistdsl grade` on a file into another one beside it, in a process of its own."""
    out = table.with_name(f"out{table.suffix}")
    command = [
        sys.executable,
        "-c",
        MEASURED,
        str(resource("rules/mtd.kr")),
        str(table),
        "-q",
        "-o",
        str(out),
    ]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    out.unlink()
    return Figures(seconds, int(done.stdout) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--row-group", type=int, default=1 << 17, help="rows in a Parquet row group")
    parser.add_argument("--kinds", nargs="+", choices=("csv", "parquet"), default=("csv", "parquet"))
    args = parser.parse_args()
    print(f"{'':<10}{'rows':>12}{'file, MB':>12}{'seconds':>12}{'rows a second':>16}{'peak, MiB':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in args.kinds:
            for rows in args.rows:
                path = Path(folder) / f"table.{kind}"
                if kind == "csv":
                    write_csv(path, rows)
                else:
                    write_parquet(path, rows, args.row_group)
                took = graded(path)
                size = path.stat().st_size / 1e6
                print(
                    f"{kind:<10}{rows:>12,}{size:>12.1f}{took.seconds:>12.2f}"
                    f"{rows / took.seconds:>16,.0f}{took.peak:>12.0f}",
                    flush=True,
                )
                path.unlink()


if __name__ == "__main__":
    main()
