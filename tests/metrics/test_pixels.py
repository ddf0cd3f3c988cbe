"""Hand-computed cases, and agreement with the curve walked threshold by threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.metrics import aupro, image_auroc, per_image_auroc, pixel_auroc
from kistdsl.metrics.pixels import best_threshold
from kistdsl.metrics.ranks import standing, top_standing, worth
from kistdsl.metrics.regions import region_ids
from tests.metrics.curves import labelled, slow_aupro, slow_auroc

EXACT = 1e-9
"""Two exact ways of computing the same number differ by rounding alone."""


def row(*values: float) -> NDArray[np.float64]:
    return np.array([values])


def where(*flags: int) -> NDArray[np.bool_]:
    return np.array([flags], np.bool_)


HAND = (row(8.5, 9, 8, 7, 6, 5, 7.5, 0.5, 4, 3, 2, 1, 0), where(1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0))
"""Scores `8.5|9 8 7 6 5|7.5 .5|4 3 2 1 0` with regions {8.5} and {7.5, .5}."""


@pytest.mark.parametrize(("limit", "expected"), [(0.3, 5 / 12), (0.25, 0.35), (1.0, 0.675)])
def test_aupro_of_the_hand_computed_row(limit: float, expected: float) -> None:
    assert aupro([HAND[0]], [HAND[1]], limit=limit) == pytest.approx(expected, abs=EXACT)


def test_a_constant_map_has_half_the_limit() -> None:
    maps, masks = [np.full((4, 5), 3.0)], [np.eye(4, 5, dtype=np.bool_)]
    assert aupro(maps, masks) == pytest.approx(0.15, abs=EXACT)
    assert pixel_auroc(maps, masks) == pytest.approx(0.5, abs=EXACT)


def test_ties_at_the_region_score() -> None:
    scores = row(3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 2)
    assert aupro([scores], [where(*[0] * 10, 1)]) == pytest.approx(1 / 24, abs=EXACT)


def test_a_diagonal_pair_is_one_region() -> None:
    scores = np.random.default_rng(0).uniform(0, 1, (6, 6))
    mask = np.zeros((6, 6), np.bool_)
    for y, x, value in ((0, 0, 5.0), (1, 1, -1.0), (4, 4, 5.0)):
        mask[y, x], scores[y, x] = True, value
    assert aupro([scores], [mask]) == pytest.approx(0.75, abs=EXACT)


def test_perfect_and_inverted() -> None:
    mask = np.zeros((5, 5), np.bool_)
    mask[1:3, 1:4] = True
    scores = mask.astype(np.float32)
    for metric in (aupro, pixel_auroc, per_image_auroc):
        assert metric([scores], [mask]) == pytest.approx(1.0, abs=EXACT)
        assert metric([-scores], [mask]) == pytest.approx(0.0, abs=EXACT)


def test_normal_images_count_among_the_false_positives() -> None:
    scores, mask = HAND
    normal = row(10, 10, 10)
    alone = pixel_auroc([scores], [mask])
    assert pixel_auroc([scores, normal], [mask, None]) < alone
    assert pixel_auroc([scores, normal], [mask, None]) == pixel_auroc(
        [scores, normal], [mask, where(0, 0, 0)]
    )


@pytest.mark.parametrize("metric", [aupro, pixel_auroc, per_image_auroc])
def test_nan_names_the_image(metric: Any) -> None:
    with pytest.raises(InputError, match=r"image 1: the anomaly map holds NaN \(1 pixels\)"):
        metric([row(1, 2), row(1, np.nan)], [where(0, 1), where(0, 1)])


@pytest.mark.parametrize(
    ("maps", "masks", "message"),
    [
        ([row(1, 2)], [where(0, 0)], "no defect region"),
        ([row(1, 2)], [None], "no defect region"),
        ([row(1, 2)], [where(1, 1)], "no normal pixel"),
        ([row(1, 2)], [where(1, 0, 0)], "the mask is"),
        ([row(1, 2)], [], "1 anomaly maps but 0 masks"),
        ([], [], "no anomaly map"),
        ([np.zeros(3)], [None], "rows and columns"),
        ([np.zeros((2, 2), complex)], [None], "real numbers"),
    ],
)
def test_what_cannot_be_measured_is_an_error(maps: Any, masks: Any, message: str) -> None:
    for metric in (aupro, pixel_auroc):
        with pytest.raises(InputError, match=message):
            metric(maps, masks)


@pytest.mark.parametrize("limit", [0.0, -0.1, 1.5, float("nan")])
def test_a_limit_outside_its_range_is_an_error(limit: float) -> None:
    with pytest.raises(InputError, match="false-positive limit"):
        aupro([HAND[0]], [HAND[1]], limit=limit)


def test_infinite_scores_are_ordered() -> None:
    assert pixel_auroc([row(np.inf, 1, -np.inf)], [where(1, 0, 0)]) == 1.0


@st.composite
def scored_images(draw: st.DrawFn) -> tuple[list[NDArray[Any]], list[NDArray[np.bool_]]]:
    """One to three images with many ties, in float32 or float64."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    levels = draw(st.sampled_from([2, 5, 1000]))
    maps, masks = [], []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=7))
        values = draw(hnp.arrays(np.int64, shape, elements=st.integers(-levels, levels)))
        maps.append((values / 7).astype(dtype))
        masks.append(draw(hnp.arrays(np.bool_, shape)))
    assume(any(mask.any() for mask in masks) and not all(mask.all() for mask in masks))
    return maps, masks


@given(data=scored_images(), limit=st.sampled_from([0.05, 0.3, 0.5, 1.0]))
def test_agreement_with_the_curve(
    data: tuple[list[NDArray[Any]], list[NDArray[np.bool_]]], limit: float
) -> None:
    maps, masks = data
    assert pixel_auroc(maps, masks) == pytest.approx(slow_auroc(maps, masks), abs=EXACT)
    assert aupro(maps, masks, limit=limit) == pytest.approx(slow_aupro(maps, masks, limit), abs=EXACT)


@given(data=scored_images())
def test_per_image_auroc_is_the_mean_over_images_with_a_mask(
    data: tuple[list[NDArray[Any]], list[NDArray[np.bool_]]],
) -> None:
    maps, masks = data
    each = [slow_auroc([m], [k]) for m, k in zip(maps, masks, strict=True) if k.any() and not k.all()]
    found = per_image_auroc(maps, masks)
    assert found == (pytest.approx(np.mean(each), abs=EXACT) if each else None)


@given(
    normals=st.lists(st.integers(0, 12), min_size=1, max_size=60),
    scores=st.lists(st.integers(-1, 13), min_size=1, max_size=20),
    limit=st.sampled_from([0.01, 0.3, 0.7, 1.0]),
)
def test_sorting_the_top_alone_gives_the_same_worth(
    normals: list[int], scores: list[int], limit: float
) -> None:
    ordered, asked = np.sort(np.array(normals, np.float32)), np.sort(np.array(scores, np.float32))
    whole = worth(*standing(ordered, asked), len(ordered), limit)
    shuffled = np.random.default_rng(0).permutation(ordered)
    np.testing.assert_array_equal(worth(*top_standing(shuffled, asked, limit), len(ordered), limit), whole)


@given(
    normals=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    scores=st.lists(st.integers(0, 9), min_size=1, max_size=20),
)
def test_no_threshold_beats_the_best_one(normals: list[int], scores: list[int]) -> None:
    ordered, asked = np.sort(np.array(normals, float)), np.sort(np.array(scores, float))
    best = best_threshold(asked, standing(ordered, asked)[1])
    tried = []
    for t in range(11):
        true, false = (asked >= t).sum(), (ordered >= t).sum()
        tried.append((2 * true / (true + false + len(asked)), true / (false + len(asked))))
    assert best.f1 == pytest.approx(max(f1 for f1, _ in tried))
    assert best.iou == pytest.approx(max(iou for _, iou in tried))


@given(mask=hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_regions_are_those_of_a_flood_fill(mask: NDArray[np.bool_]) -> None:
    ids, count = region_ids(mask)
    places = [(int(y), int(x)) for y, x in np.argwhere(mask)]
    found = {frozenset(p for p, i in zip(places, ids, strict=True) if i == r) for r in range(count)}
    assert found == {frozenset(region) for region in labelled(mask)}


def test_image_auroc() -> None:
    assert image_auroc([0.1, 0.4, 0.4, 0.9], [False, True, False, True]) == 0.875
    assert image_auroc([1.0, 2.0], [True, True]) is None
    assert image_auroc([], []) is None
