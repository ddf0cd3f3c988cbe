"""Candidate maps with a width: `NAME@P`."""

import numpy as np
import pytest

from kistdsl.diagnostics import InputError
from kistdsl.regions.maps import map_values, smoothed, split_name
from kistdsl.regions.picture import Picture


@pytest.mark.parametrize("sigma", [0.8, 1.0, 2.0, 3.0, 5.5])
def test_a_point_spreads_with_the_deviation_asked_for(sigma: float) -> None:
    point = np.zeros((81, 81))
    point[40, 40] = 1.0
    spread = smoothed(point, sigma)
    offsets = np.arange(81) - 40
    assert spread.sum() == pytest.approx(1.0)
    for axis in (0, 1):
        assert np.sqrt((spread.sum(axis) * offsets**2).sum()) == pytest.approx(sigma, rel=0.2)


def test_a_flat_map_stays_flat_up_to_its_edges() -> None:
    np.testing.assert_allclose(smoothed(np.full((7, 30), 0.25), 4.0), 0.25, rtol=1e-6)


def test_the_percentage_is_of_the_shorter_side() -> None:
    gray = np.full((50, 100), 120, np.uint8)
    gray[20:30, 40:60] = 60
    picture = Picture.of(gray, np.zeros((50, 100)))
    plain = map_values("darkness", picture)
    np.testing.assert_array_equal(map_values("darkness@4", picture), smoothed(plain, 2.0))


@pytest.mark.parametrize(
    "name", ["darkness@", "darkness@x", "darkness@0", "darkness@51", "darknes", "darkness@nan"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="candidate map"):
        split_name(name)
