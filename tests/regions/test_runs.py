"""Levels of pixels, and the cache of compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kistdsl.regions import layers, pseudo_labels, runs
from kistdsl.regions.cuts import All, jumps
from kistdsl.regions.picture import Picture
from kistdsl.regions.pseudo_labels import mask_by_cut
from kistdsl.regions.runs import fill_levels, floor_thresholds, padded_width
from kistdsl.regions.workspace import KEPT, Workspace


@given(
    seed=st.integers(0, 10**6),
    width=st.integers(1, 300),
    thresholds=st.lists(st.integers(-8, 8), min_size=1, max_size=9, unique=True),
    dtype=st.sampled_from([np.float32, np.float64]),
    empty=st.integers(0, 300),
)
def test_levels_count_the_thresholds_below(
    seed: int, width: int, thresholds: list[int], dtype: type, empty: int
) -> None:
    """Many values lie on a threshold; from column `empty` on, none lies above any."""
    field = (np.random.default_rng(seed).standard_normal((3, width)) * 4).round().astype(dtype) / 2
    field[:, empty:] = -9
    levels = np.full((3, padded_width(width)), 77, np.uint8)
    exact = np.sort(np.array(thresholds, np.float64)) / 2
    capacity = fill_levels(field, floor_thresholds(exact, field.dtype), levels, levels.view(np.uint64))
    expected = (field[:, :, None] > exact).sum(axis=2)
    np.testing.assert_array_equal(levels[:, :width], expected)
    assert not levels[:, width:].any()
    assert capacity == (np.diff(expected, axis=1, prepend=0) > 0).sum()


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_residual_names_the_image_and_the_place(value: float) -> None:
    residual = np.zeros((4, 5), np.float32)
    residual[1, 4] = value
    with pytest.raises(Exception, match=r"tile_7: the residual is infinite at row 2, column 5"):
        Picture.of(np.zeros((4, 5), np.uint8), residual, name="tile_7")


def test_a_large_image_does_not_stay_in_memory() -> None:
    field = np.zeros((3000, 6000), np.float32)
    field[::2] = 1
    workspace = Workspace(frozenset())
    mask = np.zeros(field.shape, np.bool_)
    picture = Picture.of(np.zeros(field.shape, np.uint8), field)
    assert mask_by_cut(workspace, field, np.array([0.5]), picture, jumps(All(())), 1, mask) == 1500
    assert workspace.levels.size + workspace.found.nbytes <= KEPT
    assert mask.sum() == field.sum()


def test_a_changed_kernel_invalidates_those_that_call_it() -> None:
    """Stored kernels hold the kernels that they call, so all carry a stamp of all sources."""
    kernels = (runs.group_runs, layers._measure, pseudo_labels._label)
    stamps = {kernel._cache._cache_file._source_stamp for kernel in kernels}
    assert len(stamps) == 1
    assert len(stamps.pop()) == 64
