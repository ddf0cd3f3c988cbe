"""Gray as whole numbers, and the exact statistics of an image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.regions.codes import block_deviations, gray_codes, median_code


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 5), (17, 33), (40, 16)])
def test_median_and_block_deviations(dtype: type, shape: tuple[int, int]) -> None:
    codes = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    assert median_code(codes) == np.median(codes)
    expected = [
        [codes[y : y + 16, x : x + 16].std(dtype=np.float64) for x in range(0, shape[1], 16)]
        for y in range(0, shape[0], 16)
    ]
    np.testing.assert_allclose(block_deviations(codes, 16), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("levels", "codes", "scale"),
    [
        (np.array([[7]], np.uint8), 7, 1.0),
        (np.array([[65535]], np.uint16), 65535, 257.0),
        (np.array([[255.0]], np.float32), 65280, 256.0),
        (np.array([[0.5 / 256]]), 1, 256.0),
    ],
)
def test_levels_as_whole_numbers(levels: NDArray[np.generic], codes: int, scale: float) -> None:
    found, per_level = gray_codes(levels, 2, "x")
    assert (int(found[0, 0]), per_level) == (codes, scale)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.array([[256.0]]), r"0\.\.255"),
        (np.array([[-0.1]]), r"0\.\.255"),
        (np.array([[np.nan]]), r"0\.\.255"),
        (np.zeros((2, 2), np.int32), "int32"),
        (np.zeros(3, np.uint8), r"\(H, W\)"),
        (np.zeros((0, 3), np.uint8), r"\(H, W\)"),
    ],
)
def test_levels_that_cannot_be_used(levels: NDArray[np.generic], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gray_codes(levels, 2, "tile")
