"""Area resizing is exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from kistdsl.data.resizing import resize_area, resize_mask

SIDES = st.integers(1, 9)
MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))


@given(mask=MASKS, height=SIDES, width=SIDES)
def test_equal_to_repeating_and_averaging(mask: NDArray[np.bool_], height: int, width: int) -> None:
    rows, columns = mask.shape
    fine = mask.repeat(height, axis=0).repeat(width, axis=1).astype(float)
    expected = fine.reshape(height, rows, width, columns).mean(axis=(1, 3))
    np.testing.assert_allclose(resize_area(mask, (height, width)), expected, atol=1e-12)
    counts = fine.reshape(height, rows, width, columns).sum(axis=(1, 3))
    np.testing.assert_array_equal(resize_mask(mask, (height, width)), 2 * counts >= rows * columns)


def test_one_half_is_set_and_less_is_not() -> None:
    assert resize_mask(np.array([[True, False]]), (1, 1)).item()
    assert not resize_mask(np.array([[True, False, False]]), (1, 1)).item()


def test_the_mean_is_kept() -> None:
    values = np.random.default_rng(0).normal(size=(37, 53)).astype(np.float32)
    assert resize_area(values, (16, 20)).mean() == pytest.approx(values.mean(dtype=np.float64), abs=1e-12)
