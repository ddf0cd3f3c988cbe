"""Candidate maps against independent computations."""

from __future__ import annotations

import numpy as np
import pytest

from kistdsl.diagnostics import InputError
from kistdsl.regions.maps import MAPS, CandidateMap, map_values
from kistdsl.regions.picture import Picture

SIZES = [(1, 1), (1, 30), (40, 33), (64, 80)]


def _picture(size: tuple[int, int], *, colour: bool = False) -> Picture:
    rng = np.random.default_rng(size[1])
    gray = rng.integers(0, 256, size).astype(np.uint8)
    image = rng.integers(0, 256, (*size, 3)).astype(np.uint8) if colour else None
    return Picture.of(gray, np.zeros(size), image=image)


def _lower_median(window: np.ndarray) -> float:
    return float(np.sort(window, axis=None)[(window.size - 1) // 2])


@pytest.mark.parametrize("size", SIZES)
def test_darkness_and_brightness_are_of_the_local_median(size: tuple[int, int]) -> None:
    picture = _picture(size)
    reach = max(1, min(size) // 8)
    levels = picture.codes.astype(np.float64)
    around = np.empty(size)
    for y in range(size[0]):
        for x in range(size[1]):
            window = levels[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
            around[y, x] = max(_lower_median(window), 1)
    ratio = np.maximum(levels, 1) / around
    np.testing.assert_allclose(map_values("darkness", picture), 1 - ratio, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(map_values("brightness", picture), ratio - 1, rtol=1e-6, atol=1e-6)


def test_large_images_are_thinned_out_for_the_local_median() -> None:
    gray = np.full((600, 900), 100, np.uint8)
    gray[200:230, 300:330] = 40
    dark = map_values("darkness", Picture.of(gray, np.zeros(gray.shape)))
    assert dark.shape == gray.shape
    np.testing.assert_allclose(dark, np.where(gray == 40, 0.6, 0.0), atol=1e-6)


def test_colour_is_the_distance_from_the_median_colour() -> None:
    image = np.full((8, 8, 3), (99, 49, 24), np.uint8)
    image[2, 3] = (199, 49, 24)
    values = map_values("colour", Picture.of(np.zeros((8, 8), np.uint8), np.zeros((8, 8)), image=image))
    assert values[2, 3] == pytest.approx(np.log(2), rel=1e-5)
    assert np.abs(np.delete(values.ravel(), 2 * 8 + 3)).max() < 1e-6
    assert not map_values("colour", _picture((5, 5))).any()


@pytest.mark.parametrize("name", sorted(MAPS))
@pytest.mark.parametrize("size", SIZES)
def test_maps_are_finite_whatever_the_image(name: str, size: tuple[int, int]) -> None:
    values = map_values(name, _picture(size, colour=True))
    assert values.shape == size
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_thresholds_of_a_map() -> None:
    made = CandidateMap("residual", (0.5, 0.2, 0.5))
    assert made.levels == (0.2, 0.5)
    assert len(CandidateMap.by_spread("darkness", 0.0, 0.1).levels) == 7
    with pytest.raises(InputError, match="no candidate map"):
        CandidateMap("dark", (0.1,))
