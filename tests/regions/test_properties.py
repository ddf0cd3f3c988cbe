"""Each property against shapes computed by hand, and against scikit-image where it has it."""

from __future__ import annotations

from fractions import Fraction
from math import cos, inf, pi, sin, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import measure as sk

from kistdsl.regions.formulas import RADIALS, RING, axis_angle, central_moments
from kistdsl.regions.layers import layers
from kistdsl.regions.measure import _central_moments as compiled_moments
from kistdsl.regions.outline import COLUMNS
from kistdsl.regions.picture import Picture
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.reference import connected_regions, regions_above
from kistdsl.regions.workspace import Workspace
from kistdsl.schema import BUILTIN
from tests.regions.shapes import box, diagonal, disc, ell, measured, picture_of, region_of, ring, smooth_noise

ONE = box(1, 1)
EDGE = np.pad(np.ones((3, 5), np.bool_), ((0, 6), (2, 3)))  # touches the top
HORSESHOE = box(9, 9) & ~np.pad(np.ones((7, 7), np.bool_), ((4, 6), (5, 5)))  # centroid outside
LINE = box(1, 10)
R2 = sqrt(2.0)
BY_HAND = {
    "area": [(ONE, 1 / 81), (box(2, 3, 1), 6 / 20), (EDGE, 15 / 90), (diagonal(2, 1), 2 / 16)],
    "aspect": [(ONE, 1), (box(2, 3), 1.5), (LINE, 10), (diagonal(5), 1), (ell(6, 1), 1)],
    "extent": [(ONE, 1), (box(2, 3), 1), (diagonal(2), 0.5), (ell(4, 1), 7 / 16), (HORSESHOE, 32 / 81)],
    "diameter": [(ONE, sqrt(4 / pi)), (box(5, 5), 10 / sqrt(pi))],
    # unit squares: l1 / l2 of a w x h box is (w / h)^2; two squares on a diagonal have moments 1/3, 1/3, 1/4
    "elongation": [(ONE, 1), (box(7, 7), 1), (box(2, 6), 3), (LINE, 10), (diagonal(2), sqrt(7))],
    "eccentricity": [(ONE, 0), (box(3, 3), 0), (box(3, 5), 0.8), (diagonal(2), sqrt(6 / 7))],
    "orientation": [(ONE, 0), (LINE, 0), (LINE.T, 90), (diagonal(5), 135), (diagonal(5)[::-1], 45)],
    # hulls of corners: the diagonal pair's is a hexagon of area 3, the L's a square less a triangle; the
    # ring's (204 pixels) has 20 sides through (9.5, 0.5), (8.5, 4.5), (4.5, 8.5), (0.5, 9.5): area 277
    "solidity": [(ONE, 1), (box(3, 8), 1), (diagonal(2), 2 / 3), (ell(4, 1), 7 / (16 - 4.5)), (ring(9, 4, 25), 204 / 277)],
    "perimeter": [(ONE, 0), (box(2, 2), 4), (box(3, 3), 8), (box(4, 6), 16), (LINE, 8), (diagonal(5), 3 * R2)],
    "symmetry": [(ONE, 1), (box(2, 3), 1), (diagonal(2), 0), (diagonal(3), 1 / 3), (ell(3, 1), 1 / 2), (HORSESHOE, 1)],
    "x": [(ONE, 0.5), (EDGE, 4.5 / 10), (np.eye(1, 5, 4, dtype=np.bool_), 0.9)],
    "y": [(ONE, 0.5), (EDGE, 1.5 / 9)],
    "border": [(ONE, 4), (EDGE, 0), (box(2, 3, 7), 7)],
    "residual_mean": [(ONE, 1), (ell(5, 2), 1)],
    "residual_peak": [(ONE, 1), (EDGE, 1)],
    "redness": [(ONE, 0)],
    "chroma": [(ONE, 0)],
    "ring_contrast": [(ONE, 1), (np.ones((3, 3), np.bool_), 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_shapes_by_hand(name: str) -> None:
    for mask, expected in BY_HAND[name]:
        assert measured(mask, name) == pytest.approx(expected, rel=1e-12, abs=1e-12), mask.shape


def test_every_declared_property_is_measured_and_in_order() -> None:
    assert list(PROPERTIES) == list(BUILTIN)


@pytest.mark.parametrize(
    ("mask", "expected", "tolerance"),
    [
        (disc(199.5, 400), 0.0, 0.3),
        (box(200, 200), 9.66, 0.005),
        (box(100, 200), 27.1, 0.05),
        (box(60, 180), 39.0, 0.1),
        (box(30, 300), 66.5, 0.05),
        (box(1, 6000, 1), 187.5, 1.0),
        (ONE, 9.66, 0.005),
    ],
    ids=["disc", "square", "2:1", "3:1", "10:1", "line", "one pixel"],
)
def test_shape_index_of_known_shapes(mask: NDArray[np.bool_], expected: float, tolerance: float) -> None:
    assert measured(mask, "shape") == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(("radius", "expected", "tolerance"), [(5.0, 4.6, 0.1), (1.38, 14.5, 2.0)])
def test_shape_index_of_small_discs(radius: float, expected: float, tolerance: float) -> None:
    """Areas 78 and 6 on average: the pixels' corners show."""
    rng = np.random.default_rng(0)
    discs = [disc(radius, 15, *(7 + rng.random(2))) for _ in range(150)]
    assert np.mean([measured(d, "shape") for d in discs]) == pytest.approx(expected, abs=tolerance)


def test_shape_index_when_the_centroid_lies_outside() -> None:
    """Radials that miss count 0; those that hit go to the outermost exit, not to the first crossing."""
    thin, thick = ring(20, 17, 45), ring(20, 8, 45)
    assert measured(thin, "shape") == pytest.approx(measured(thick, "shape"), abs=1e-9)
    assert measured(HORSESHOE, "shape") > measured(box(9, 9), "shape")


GRAZED = np.array([[0, 1], [1, 0], [0, 1], [1, 0]], np.bool_)
"""The centroid is a corner; the radials at 45 degrees touch the outer pixels at a corner alone."""


def _exact_index(mask: NDArray[np.bool_]) -> float:
    """The index of the closed unit squares; along axes and diagonals in fractions."""
    pixels = [(int(x), int(y)) for y, x in np.argwhere(mask)]
    cx = Fraction(sum(2 * x + 1 for x, _ in pixels), 2 * len(pixels))
    cy = Fraction(sum(2 * y + 1 for _, y in pixels), 2 * len(pixels))
    lengths = []
    for k in range(RADIALS):
        dx, dy, scale = cos(2 * pi * k / RADIALS), -sin(2 * pi * k / RADIALS), 1.0
        if k % (RADIALS // 8) == 0:
            dx, dy = Fraction(round(dx)), Fraction(round(dy))
            scale = sqrt(dx * dx + dy * dy)
        exits = [Fraction(0)]
        for x, y in pixels:
            spans = [_span(x - cx, dx), _span(y - cy, dy)]
            enter, leave = max(spans[0][0], spans[1][0], 0), min(spans[0][1], spans[1][1])
            exits += [leave] if enter <= leave else []
        lengths.append(float(max(exits)) * scale)
    return sum(abs(100 * length / sum(lengths) - 100 / RADIALS) for length in lengths)


def _span(start: Fraction, step: Fraction | float) -> tuple[Fraction | float, Fraction | float]:
    """When a point that moves from 0 by `step` a unit of time is within start..start + 1."""
    if step == 0:
        return (-inf, inf) if start <= 0 <= start + 1 else (inf, -inf)
    first, second = start / step, (start + 1) / step
    return min(first, second), max(first, second)


def _connected(seed: int) -> NDArray[np.bool_]:
    """A small random region that fills its box."""
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 8, 2)) < 0.55
    rows, columns = max(connected_regions(mask), key=lambda r: r[0].size, default=(np.zeros(1, int),) * 2)
    region = np.zeros((rows.max() + 1, columns.max() + 1), np.bool_)
    region[rows, columns] = True
    return region[rows.min() :, columns.min() :]


def _in_place(mask: NDArray[np.bool_], top: int, left: int) -> NDArray[np.bool_]:
    return np.pad(mask, ((top, 3), (left, 2)))


@pytest.mark.parametrize("mask", [GRAZED, *map(_connected, range(60))], ids=["grazed", *map(str, range(60))])
def test_shape_index_neither_by_place_nor_by_symmetry(mask: NDArray[np.bool_]) -> None:
    value = measured(_in_place(mask, 0, 0), "shape")
    assert value == pytest.approx(_exact_index(mask), abs=1e-9)
    for top, left in [(1, 2), (7, 13), (100, 3), (33, 201)]:
        assert measured(_in_place(mask, top, left), "shape") == value
    for turns in range(4):
        turned = np.rot90(mask, turns)
        for other in (turned, turned[:, ::-1]):
            assert measured(_in_place(other, 5, 11), "shape") == pytest.approx(value, abs=1e-9)


FLAT = np.array([[0, 1, 0, 0, 1, 0], [1, 0, 1, 1, 0, 1]], np.bool_)


@pytest.mark.parametrize("mask", [FLAT, *map(_connected, range(60))], ids=["flat", *map(str, range(60))])
def test_orientation_is_exact_for_what_mirrors_itself(mask: NDArray[np.bool_]) -> None:
    """A region beside its mirror image has its axes along the image's; one that is its transpose, at 45 degrees."""
    doubled = np.concatenate([mask[:, ::-1], mask], axis=1)
    for flat in (doubled, np.concatenate([doubled, doubled[::-1]])):
        angle = PROPERTIES["orientation"](region_of(_in_place(flat, 2, 3)))
        assert angle in (0.0, 90.0)
        assert (
            PROPERTIES["orientation"](region_of(_in_place(flat.T, 2, 3)))
            in {0.0: (0.0, 90.0), 90.0: (0.0,)}[angle]
        )
    side = max(mask.shape)
    square = np.pad(mask, ((0, side - mask.shape[0]), (0, side - mask.shape[1])))
    assert PROPERTIES["orientation"](region_of(square | square.T)) in (0.0, 45.0, 135.0)


def test_orientation_of_the_flat_one_by_the_kernel() -> None:
    assert measured(_in_place(FLAT, 4, 4), "orientation") == 0.0


def test_an_angle_a_little_below_zero_is_zero() -> None:
    assert axis_angle(2.0, 1.0, 1e-18) == 0.0
    assert axis_angle(2.0, 1.0, 1e-10) == pytest.approx(180.0)


def test_moments_of_large_regions_are_exact() -> None:
    """A full image of 20000 x 30000 pixels: sums beyond what two of them multiplied fit into 64 bits."""
    height, width = 20000, 30000
    n, sx, sy = height * width, height * width * (width - 1) // 2, width * height * (height - 1) // 2
    sxx = height * (width - 1) * width * (2 * width - 1) // 6
    syy = width * (height - 1) * height * (2 * height - 1) // 6
    sums = (n, sx, sy, sxx, syy, sx * sy // n)
    mxx, myy, mxy = central_moments(*sums)
    assert (mxx, myy, mxy) == (
        pytest.approx(width**2 / 12, rel=1e-14),
        pytest.approx(height**2 / 12, rel=1e-14),
        0.0,
    )
    assert compiled_moments(*sums) == (mxx, myy, mxy)


def test_gray_statistics_by_hand() -> None:
    mask = box(1, 4)
    gray = np.full(mask.shape, 50, np.uint8)
    gray[mask] = [10, 20, 30, 40]
    values = {
        "gray": 25.0,
        "unevenness": sqrt(125.0),
        "contrast": 0.5,
        "ring_contrast": 0.5,
        "bright_tenth": 0.8,
        "dark_tenth": 0.2,
        "variation": sqrt(125.0) / 25,
    }
    for name, expected in values.items():
        assert measured(mask, name, gray) == pytest.approx(expected, rel=1e-14), name
    # the 16x16 block that holds the whole image: 4 pixels of 76 differ from 50
    typical = float(np.std(gray))
    assert measured(mask, "relative_unevenness", gray) == pytest.approx(sqrt(125.0) / typical, rel=1e-12)


def test_gray_of_sixteen_bits_and_fractions() -> None:
    mask = box(1, 2)
    wide = np.full(mask.shape, 257 * 40, np.uint16)
    wide[mask] = [257 * 10, 257 * 20]
    assert measured(mask, "gray", wide) == 15.0
    assert measured(mask, "unevenness", wide) == 5.0
    fractions = np.full(mask.shape, 40.25, np.float32)
    assert measured(mask, "gray", fractions) == 40.25
    assert measured(mask, "unevenness", fractions) == 0.0


def test_black_images_divide_by_one_level() -> None:
    mask = box(2, 2)
    black = np.zeros(mask.shape, np.uint8)
    black[mask] = 3
    assert measured(mask, "contrast", black) == 3.0
    assert measured(mask, "ring_contrast", black) == 3.0


def test_colour_shift_by_hand() -> None:
    mask = box(3, 3)
    image = np.full((*mask.shape, 3), 99, np.uint8)
    image[mask] = (199, 99, 49)
    picture = Picture.of(np.full(mask.shape, 99, np.uint8), mask.astype(np.float64), image=image)
    (layer,) = layers(
        Workspace(frozenset(["redness", "chroma"])),
        picture.residual,
        np.array([0.5]),
        picture,
        ["redness", "chroma"],
    )
    assert layer.columns["redness"][0] == pytest.approx(np.log(2.0), rel=1e-12)
    assert layer.columns["chroma"][0] == pytest.approx(R2 * np.log(2.0), rel=1e-12)


def test_the_ring_is_cut_off_at_the_image() -> None:
    gray = np.arange(36, dtype=np.uint8).reshape(6, 6)
    mask = np.zeros((6, 6), np.bool_)
    mask[0, 0] = True
    around = gray[:4, :4].sum() / 15
    assert measured(mask, "ring_contrast", gray) == pytest.approx(0.0 / around)
    mask[0, 0], mask[5, 5] = False, True
    around = (gray[2:, 2:].sum() - 35) / 15
    assert measured(mask, "ring_contrast", gray) == pytest.approx(35 / around, rel=1e-14)


def _noise_case(seed: int, shape: tuple[int, int], times: int, gray_kind: int) -> Picture:
    rng = np.random.default_rng(seed)
    residual = smooth_noise(rng, shape, times).astype([np.float32, np.float64][seed % 2])
    levels = smooth_noise(rng, shape, 2) * 40 + 120
    gray = [
        levels.clip(0, 255).astype(np.uint8),
        (levels.clip(0, 255) * 257).astype(np.uint16),
        levels.clip(0, 255).astype(np.float32),
    ][gray_kind]
    image = rng.integers(0, 256, (*shape, 3)).astype(np.uint8) if seed % 3 else None
    return Picture.of(gray, residual, image=image)


@pytest.mark.parametrize("columns", range(COLUMNS - 2 * RING - 2, COLUMNS + 3))
@pytest.mark.parametrize("left", [0, 2, 40])
def test_rings_on_both_sides_of_the_widest_narrow_region(columns: int, left: int) -> None:
    mask = np.zeros((12, 110), np.bool_)
    mask[4, left : left + columns] = True
    mask[6, left : left + columns : 3] = mask[5, left] = mask[5, left + columns - 1] = True
    mask[5, left : left + columns : 3] = True
    gray = np.random.default_rng(columns).integers(0, 256, mask.shape).astype(np.uint8)
    near = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        near[max(y - RING, 0) : y + RING + 1, max(x - RING, 0) : x + RING + 1] = True
    expected = gray[mask].mean() / gray[near & ~mask].mean()
    assert measured(mask, "ring_contrast", gray) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    height=st.integers(1, 32),
    width=st.integers(1, 32) | st.integers(50, 90),  # regions of up to COLUMNS columns go another way
    times=st.integers(0, 4),
    kind=st.integers(0, 2),
)
def test_the_kernel_gives_the_plain_values_to_the_bit(
    seed: int, height: int, width: int, times: int, kind: int
) -> None:
    picture = _noise_case(seed, (height, width), times, kind)
    names = list(PROPERTIES)
    levels = np.quantile(picture.residual, [0.5, 0.7, 0.85, 0.95]).astype(np.float64)
    found = {}
    for layer in layers(Workspace(frozenset(names)), picture.residual, np.unique(levels), picture, names):
        for c in range(layer.last.size):
            for k in range(layer.first[c], layer.last[c] + 1):
                key = (k, int(layer.boxes[c, 1]), int(layer.boxes[c, 5]))
                found[key] = [layer.columns[name][c] for name in names]
    for k, level in enumerate(np.unique(levels)):
        for region in regions_above(picture.residual, level, picture):
            key = (k, int(region.rows[0]), int(region.columns[0]))
            assert found.pop(key) == [PROPERTIES[name](region) for name in names]
    assert not found


@pytest.mark.parametrize("seed", range(4))
def test_regions_and_properties_against_scikit_image(seed: int) -> None:
    picture = _noise_case(seed, (60, 70), seed, 0)
    level = float(np.quantile(picture.residual, 0.75))
    foreground = picture.residual > level
    labels = sk.label(foreground, connectivity=2)
    peers = sk.regionprops(labels, intensity_image=picture.codes)
    ours = list(regions_above(picture.residual, level, picture))
    assert len(peers) == len(ours) == len(connected_regions(foreground))
    for peer, region in zip(peers, ours, strict=True):
        expected = _of_scikit_image(peer, foreground.shape)
        for name, value in expected.items():
            assert PROPERTIES[name](region) == pytest.approx(value, rel=1e-9, abs=1e-9), name


def _of_scikit_image(peer: sk._regionprops.RegionProperties, shape: tuple[int, int]) -> dict[str, float]:
    top, left, bottom, right = peer.bbox
    tensor = peer.inertia_tensor + np.eye(2) / 12  # pixels as unit squares, not points
    minor, major = np.linalg.eigvalsh(tensor)
    cy, cx = peer.centroid
    return {
        "area": peer.area / (shape[0] * shape[1]),
        "gray": peer.intensity_mean,
        "unevenness": peer.intensity_std,
        "aspect": (right - left) / (bottom - top),
        "elongation": sqrt(major / minor),
        "eccentricity": sqrt(max(1 - minor / major, 0)),
        "extent": peer.extent,
        "diameter": peer.equivalent_diameter_area,
        "perimeter": peer.perimeter,
        "x": (cx + 0.5) / shape[1],
        "y": (cy + 0.5) / shape[0],
    }


@pytest.mark.parametrize("seed", range(3))
def test_orientation_against_scikit_image(seed: int) -> None:
    picture = _noise_case(seed, (50, 60), 3, 0)
    level = float(np.quantile(picture.residual, 0.7))
    peers = sk.regionprops(sk.label(picture.residual > level, connectivity=2))
    for peer, region in zip(peers, regions_above(picture.residual, level, picture), strict=True):
        if peer.area >= 5 and peer.eccentricity > 0.3:
            angle = PROPERTIES["orientation"](region)  # theirs: from the row axis, counter-clockwise
            turn = (angle - (np.degrees(peer.orientation) + 90)) % 180
            assert min(turn, 180 - turn) < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_solidity_against_an_independent_hull(seed: int) -> None:
    scipy_spatial = pytest.importorskip("scipy.spatial")
    picture = _noise_case(seed, (40, 40), 2, 0)
    for region in regions_above(picture.residual, float(np.quantile(picture.residual, 0.7)), picture):
        corners = np.concatenate(
            [np.stack([region.columns + i, region.rows + j], 1) for i in (0, 1) for j in (0, 1)]
        )
        hull = scipy_spatial.ConvexHull(corners)
        assert PROPERTIES["solidity"](region) == pytest.approx(region.pixels / hull.volume, rel=1e-12)


def test_values_lie_in_the_declared_ranges() -> None:
    for seed in range(6):
        picture = _noise_case(seed, (30, 40), seed % 4, seed % 3)
        for region in regions_above(picture.residual, float(np.quantile(picture.residual, 0.8)), picture):
            for name, spec in BUILTIN.items():
                value = PROPERTIES[name](region)
                assert spec.low <= value <= spec.high, (name, value)


def test_a_region_shows_its_pixels_to_users_properties() -> None:
    mask = ell(3, 1, 2)
    region = region_of(mask)
    assert region.pixels == 5
    assert region.box == (2, 2, 5, 5)
    assert region.mask.tolist() == [[True, False, False], [True, False, False], [True, True, True]]
    assert region.gray.tolist() == [100.0] * 5
    assert region.residual.tolist() == [1.0] * 5
    assert region.colour.shape == (5, 3)
    assert picture_of(mask).median_gray == 100.0
