"""The region table: rows, order, offsets."""

from __future__ import annotations

import numpy as np

from kistdsl.regions.maps import CandidateMap
from kistdsl.regions.picture import Picture
from kistdsl.regions.reference import measure, regions_above
from kistdsl.regions.table import joined, measure_regions
from kistdsl.regions.workspace import Workspace
from tests.regions.shapes import smooth_noise

NAMES = ("area", "gray", "shape")


def _picture(seed: int, size: tuple[int, int]) -> Picture:
    rng = np.random.default_rng(seed)
    gray = rng.integers(0, 256, size).astype(np.uint8)
    return Picture.of(gray, smooth_noise(rng, size, 1))


def test_rows_are_those_of_each_threshold_in_raster_order() -> None:
    picture, levels = _picture(0, (25, 31)), (0.1, 0.3, 0.5)
    source = CandidateMap("residual", levels)
    rows = measure_regions(Workspace(frozenset(NAMES)), picture, [source], NAMES, {}, min_area=2)
    start = 0
    for level in levels:
        regions = list(regions_above(picture.residual, level, picture, min_area=2))
        part = slice(start, start + len(regions))
        assert (rows["threshold"][part] == level).all()
        for name, column in measure(regions, NAMES).items():
            np.testing.assert_array_equal(rows[name][part], column)
        assert rows["top"][part].tolist() == [int(r.rows[0]) for r in regions]
        assert rows["seed"][part].tolist() == [int(r.columns[0]) for r in regions]
        boxes = [
            tuple(rows[k][i] for k in ("top", "left", "bottom", "right"))
            for i in range(part.start, part.stop)
        ]
        assert boxes == [r.box for r in regions]
        start = part.stop
    assert start == len(rows["threshold"])


def test_tables_are_joined_with_offsets() -> None:
    source = CandidateMap("residual", (0.2,))
    workspace = Workspace(frozenset(NAMES))
    pictures = [
        _picture(1, (9, 9)),
        Picture.of(np.zeros((4, 4), np.uint8), np.zeros((4, 4))),
        _picture(2, (5, 20)),
    ]
    parts = [measure_regions(workspace, p, [source], NAMES, {}) for p in pictures]
    table = joined(["a", "empty", "b"], parts)
    assert len(table) == sum(len(p["area"]) for p in parts)
    assert table.offsets.tolist() == [0, len(parts[0]["area"]), len(parts[0]["area"]), len(table)]
    for i, part in enumerate(parts):
        for name, column in table.of_image(i).items():
            np.testing.assert_array_equal(column, part[name])
    assert set(table.image) == {"a", "b"}
    assert list(parts[1]) == list(parts[0])
