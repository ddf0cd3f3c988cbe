"""Grade a Parquet file batch by batch in bounded memory: `python examples/parquet_batch.py IN OUT`."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import kistdsl


def grade(source: str, target: str, rows: int = 100_000) -> int:
    """Copy `source` to `target` with a column `grade`; the number of anomalous regions."""
    rules = kistdsl.load(Path(__file__).parents[1] / "rules" / "mtd.kr")
    anomalous = 0
    table = pq.ParquetFile(source)
    schema = table.schema_arrow.append(pa.field("grade", pa.float64()))
    with pq.ParquetWriter(target, schema) as out:
        for batch in table.iter_batches(rows):
            part = pa.Table.from_batches([batch])
            grades = rules.grade(part.select(list(rules.properties)))
            anomalous += int((grades >= rules.alpha).sum())
            out.write_table(part.append_column("grade", pa.array(grades)))
    return anomalous


if __name__ == "__main__":
    print(f"{grade(sys.argv[1], sys.argv[2])} anomalous regions")
