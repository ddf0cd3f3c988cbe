"""Overlays: size, contours around the mask, words beside regions that stay in the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kistdsl.engine.found_regions import FoundRegion
from kistdsl.kist.localization import Localization
from kistdsl.kist.overlays import SMALLEST, overlay, words_of
from kistdsl.metrics import Decision


def found_in(height: int, width: int, *regions: FoundRegion, colour: bool = False) -> Localization:
    """A dark image with a mask and a map of the regions' boxes."""
    mask = np.zeros((height, width), np.bool_)
    for region in regions:
        mask[region.top : region.bottom, region.left : region.right] = True
    shape = (height, width, 3) if colour else (height, width)
    values = (mask * 3.0).astype(np.float32)
    return Localization(
        Path("x.png"), np.full(shape, 40, np.uint8), values, mask, Decision(2.0, 1.0, ""), regions
    )


@pytest.mark.parametrize("colour", [True, False])
def test_small_images_are_enlarged_and_untouched_where_nothing_is_found(colour: bool) -> None:
    picture = overlay(found_in(40, 64, colour=colour))
    factor = SMALLEST // 64
    assert picture.shape == (40 * factor, 64 * factor, 3)
    assert (picture == 40).all()
    assert overlay(found_in(700, 600)).shape == (700, 600, 3)


def test_a_contour_and_a_word_beside_each_region() -> None:
    corner = FoundRegion(0, 54, 10, 64, 100, "crack", 0.9)
    middle = FoundRegion(25, 20, 35, 30, 100, None, 0.1)
    found = found_in(40, 64, corner, middle)
    picture = overlay(found)
    yellow = (picture == (255, 215, 0)).all(2)
    white = (picture > 240).all(2)
    factor = SMALLEST // 64
    for region in (corner, middle):
        box = (
            slice(region.top * factor, region.bottom * factor),
            slice(region.left * factor, region.right * factor),
        )
        assert yellow[box].any()
        assert not white[box].any()  # words lie beside, not on it
    rows, columns = np.nonzero(white)
    assert rows.size
    assert rows.min() > 0
    assert columns.max() < picture.shape[1] - 1
    assert (words_of(found, corner), words_of(found, middle)) == ("crack", "1.5x")
