"""Masks of the fused kernel are those of the plain reference, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kistdsl.regions import reference
from kistdsl.regions.cuts import All, Cut, Some, Within, holds, jumps, names
from kistdsl.regions.measure import ORDER
from kistdsl.regions.picture import Picture
from kistdsl.regions.pseudo_labels import mask_by_cut, mask_by_grades
from kistdsl.regions.thresholds import checked, thresholds
from kistdsl.regions.workspace import Workspace
from tests.regions.shapes import smooth_noise

_SCALES = {
    "area": 0.05,
    "gray": 255,
    "shape": 150,
    "unevenness": 60,
    "perimeter": 60,
    "orientation": 180,
    "border": 9,
}


@st.composite
def cuts(draw: st.DrawFn, depth: int = 3) -> Cut:
    kind = draw(st.integers(0, 3 if depth else 0))
    if kind == 0:
        name = draw(st.sampled_from(sorted(ORDER)))
        ends = draw(st.lists(st.floats(0, 1.2), min_size=0, max_size=4, unique=True))
        scaled = [x * _SCALES.get(name, 2) for x in sorted(ends)]
        return Within(name, tuple(zip(scaled[::2], scaled[1::2], strict=False)))
    parts = tuple(draw(st.lists(cuts(depth=depth - 1), max_size=3)))
    return All(parts) if kind == 1 else Some(parts)


def _picture(seed: int, height: int, width: int, times: int) -> Picture:
    rng = np.random.default_rng(seed)
    residual = smooth_noise(rng, (height, width), times).astype([np.float32, np.float64][seed % 2])
    gray = (smooth_noise(rng, (height, width), 2) * 60 + 120).clip(0, 255).astype(np.uint8)
    image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Picture.of(gray, residual, image=image)


@settings(max_examples=60)
@given(
    cut=cuts(),
    seed=st.integers(0, 10**6),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    times=st.integers(0, 3),
    min_area=st.integers(1, 4),
)
def test_generated_cuts(cut: Cut, seed: int, size: tuple[int, int], times: int, min_area: int) -> None:
    picture = _picture(seed, *size, times)
    tested = sorted(set(names(cut)))
    levels = checked(np.quantile(picture.residual, [0.6, 0.7, 0.8, 0.9, 0.97]))

    def decide(columns: dict[str, np.ndarray]) -> np.ndarray:
        n = len(next(iter(columns.values()), ()))
        return np.array([holds(cut, {k: v[i] for k, v in columns.items()}) for i in range(n)], np.bool_)

    asked = tested or ["area"]
    plain = reference.pseudo_label(picture.residual, levels.tolist(), picture, asked, decide, min_area)
    fused = np.zeros(picture.shape, np.bool_)
    mask_by_cut(Workspace(frozenset(tested)), picture.residual, levels, picture, jumps(cut), min_area, fused)
    np.testing.assert_array_equal(fused, plain)
    graded = np.zeros(picture.shape, np.bool_)
    workspace = Workspace(frozenset(asked))
    mask_by_grades(
        workspace,
        picture.residual,
        levels,
        picture,
        asked,
        lambda layer: decide(layer.columns),
        min_area,
        graded,
    )
    np.testing.assert_array_equal(graded, plain)


def test_one_workspace_serves_images_of_all_sizes() -> None:
    cut = Some((Within("gray", ((0.0, 110.0),)), Within("ring_contrast", ((1.2, np.inf),))))
    shared = Workspace(frozenset(names(cut)))
    for seed, size in enumerate([(5, 7), (64, 40), (1, 1), (40, 64), (3, 200), (64, 40)]):
        picture = _picture(seed, *size, 1)
        levels = checked(np.quantile(picture.residual, [0.5, 0.8]))
        masks = [np.zeros(size, np.bool_) for _ in range(2)]
        for workspace, mask in zip((shared, Workspace(frozenset(names(cut)))), masks, strict=True):
            mask_by_cut(workspace, picture.residual, levels, picture, jumps(cut), 1, mask)
        np.testing.assert_array_equal(*masks)


def test_accepted_regions_are_counted_once() -> None:
    residual = np.zeros((5, 9), np.float32)
    residual[1:4, 1:4], residual[2, 2], residual[2, 7] = 1, 2, 3
    picture = Picture.of(np.full((5, 9), 50, np.uint8), residual)
    mask = np.zeros((5, 9), np.bool_)
    everything = jumps(All(()))
    count = mask_by_cut(Workspace(frozenset()), residual, np.array([0.5, 1.5]), picture, everything, 1, mask)
    assert count == 2
    np.testing.assert_array_equal(mask, residual > 0.5)
    mask[:] = False
    assert mask_by_cut(Workspace(frozenset()), residual, np.array([0.5]), picture, everything, 2, mask) == 1
    assert mask.sum() == 9


def test_pixels_at_a_threshold_are_outside() -> None:
    """eq. 9's regions have residuals larger than t; compared in float64 whatever the residual's dtype."""
    level = 0.1  # lies below the nearest float32
    residual = np.array([[0.0, np.float32(0.1), 0.2]], np.float32)
    picture = Picture.of(np.zeros((1, 3), np.uint8), residual)
    for values, expected in (
        (residual, [False, True, True]),
        (np.array([[0.0, 0.1, 0.2]]), [False, False, True]),
    ):
        mask = np.zeros((1, 3), np.bool_)
        mask_by_cut(Workspace(frozenset()), values, np.array([level]), picture, jumps(All(())), 1, mask)
        assert mask[0].tolist() == expected


@pytest.mark.parametrize("count", [1, 7, 255])
def test_many_thresholds(count: int) -> None:
    picture = _picture(count, 20, 20, 1)
    levels = checked(np.linspace(-1, 1, count))
    cut = Within("area", ((0.02, 0.05),))
    mask = np.zeros(picture.shape, np.bool_)
    mask_by_cut(Workspace(frozenset(["area"])), picture.residual, levels, picture, jumps(cut), 1, mask)

    def decide(columns: dict[str, np.ndarray]) -> np.ndarray:
        return (columns["area"] >= 0.02) & (columns["area"] <= 0.05)

    plain = reference.pseudo_label(picture.residual, levels.tolist(), picture, ["area"], decide)
    np.testing.assert_array_equal(mask, plain)


def test_nan_names_the_image_and_the_place() -> None:
    residual = np.ones((4, 5), np.float32)
    residual[2, 3] = np.nan
    with pytest.raises(Exception, match=r"tile_7: the residual is NaN at row 3, column 4"):
        Picture.of(np.zeros((4, 5), np.uint8), residual, name="tile_7")


class TestThresholds:
    """eq. 9"""

    def test_seven_for_a_step_of_three_tenths(self) -> None:
        np.testing.assert_allclose(thresholds(1.0, 2.0), 1 + 0.6 * np.arange(4, 11), rtol=1e-15)

    @pytest.mark.parametrize(
        ("step", "count"), [(0.1, 21), (0.2, 11), (0.3, 7), (0.5, 5), (1.0, 3), (3.0, 1)]
    )
    def test_counts(self, step: float, count: int) -> None:
        assert len(thresholds(0.0, 1.0, step)) == count

    @pytest.mark.parametrize(
        "arguments", [(np.nan, 1), (0, -1), (0, 1, 0), (0, 1, -0.3), (0, 1, 3.5), (0, 1, 0.001), (0, np.inf)]
    )
    def test_unfit_numbers(self, arguments: tuple[float, ...]) -> None:
        with pytest.raises(Exception, match=r"step|sigma|finite"):
            thresholds(*arguments)

    def test_a_sigma_of_zero_gives_one_threshold(self) -> None:
        assert checked(thresholds(0.5, 0.0)).tolist() == [0.5]

    @pytest.mark.parametrize("values", [[], [np.nan], [0, np.inf], np.arange(256)])
    def test_lists_that_cannot_be_used(self, values: object) -> None:
        with pytest.raises(Exception, match="threshold"):
            checked(values)
