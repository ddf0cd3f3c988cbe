"""Rules in a Polars pipeline: `python examples/polars_pipeline.py`."""

from pathlib import Path

import polars as pl

import kistdsl

rules = kistdsl.load(Path(__file__).parents[1] / "rules" / "mtd.kr")

regions = pl.DataFrame(
    {
        "tile": ["a", "a", "b", "c"],
        "area": [0.04, 0.001, 0.002, 0.01],
        "gray": [30.0, 35.0, 130.0, None],
        "shape": [40.0, 10.0, 60.0, 60.0],
        "unevenness": [2.0, 5.0, 15.0, 15.0],
        "symmetry": [0.9, 0.9, 0.9, 0.9],
    }
)

found = rules.evaluate(regions.select(rules.properties))
worst = (
    regions.with_columns(
        grade=pl.Series(found.grade),
        rule=pl.Series(found.winners, dtype=pl.String),
        anomalous=found.anomalous,
    )
    .group_by("tile")
    .agg(pl.col("grade").max(), pl.col("anomalous").any())
    .sort("tile")
)
print(worst)
