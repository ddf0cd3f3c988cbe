"""What each region property means: one plain, slow function each, in the order of the schema.

This is the reference that the kernels agree with bit for bit. Declarations (unit, range, default
gamma, doc) are in `kistdsl.schema`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions import formulas
from kistdsl.regions.region import Region


def area(r: Region) -> float:
    height, width = r.picture.shape
    return r.pixels / (height * width)


def gray(r: Region) -> float:
    return int(r.codes.sum()) / r.pixels / r.picture.scale


def shape(r: Region) -> float:
    """Boyce-Clark index: radials from the centroid to the outermost exit from the pixels' unit squares.

    Distances from the centroid are whole numbers of 1/2n pixel, n the number of pixels: exact, so that
    neither the place in the image nor a mirror changes what a radial touches.
    """
    unit = 2 * r.pixels
    left = unit * r.columns - (2 * int(r.columns.sum()) + r.pixels)
    top = unit * r.rows - (2 * int(r.rows.sum()) + r.pixels)
    return formulas.boyce_clark([_radial(left, top, unit, dx, dy) for dx, dy in formulas.INVERSES])


def _radial(left: NDArray[np.int64], top: NDArray[np.int64], unit: int, by_dx: float, by_dy: float) -> float:
    """Distance from (0, 0) along (dx, dy) to the last point of a closed square of side `unit`; 0 for a miss."""
    x_in, x_out = _slab(left, unit, by_dx)
    y_in, y_out = _slab(top, unit, by_dy)
    enter = np.maximum(np.maximum(x_in, y_in), 0.0)
    leave = np.minimum(x_out, y_out)
    hit = enter <= leave
    return float(leave[hit].max()) if hit.any() else 0.0


def _slab(
    start: NDArray[np.int64], unit: int, by_d: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Where a ray enters and leaves the strips [start, start + unit]: all or none of it when parallel."""
    if by_d == 0.0:
        inside = (start <= 0) & (start + unit >= 0)
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    near, far = start * by_d, (start + unit) * by_d
    return (near, far) if by_d > 0 else (far, near)


def unevenness(r: Region) -> float:
    squares = int((r.codes * r.codes).sum())
    return formulas.deviation(int(r.codes.sum()), squares, r.pixels) / r.picture.scale


def symmetry(r: Region) -> float:
    half = (r.mask.shape[1] + 1) // 2
    left, right = r.mask[:, :half], r.mask[:, ::-1][:, :half]
    return int((left & right).sum()) / int((left | right).sum())


def contrast(r: Region) -> float:
    return formulas.over_gray(gray(r), r.picture.median_gray)


def ring_contrast(r: Region) -> float:
    top, left, bottom, right = r.box
    height, width = r.picture.shape
    k = formulas.RING
    y0, x0, y1, x1 = max(top - k, 0), max(left - k, 0), min(bottom + k, height), min(right + k, width)
    near = np.zeros((y1 - y0, x1 - x0), dtype=np.bool_)
    for y, x in zip(r.rows.tolist(), r.columns.tolist(), strict=True):
        near[max(y - k - y0, 0) : y + k + 1 - y0, max(x - k - x0, 0) : x + k + 1 - x0] = True
    near[r.rows - y0, r.columns - x0] = False
    if not near.any():
        return 1.0
    around = int(r.picture.codes[y0:y1, x0:x1][near].sum(dtype=np.int64)) / int(near.sum())
    return formulas.over_gray(gray(r), around / r.picture.scale)


def bright_tenth(r: Region) -> float:
    n = formulas.tenth(r.pixels)
    mean = int(np.sort(r.codes)[-n:].sum()) / n
    return formulas.over_gray(mean / r.picture.scale, r.picture.median_gray)


def dark_tenth(r: Region) -> float:
    n = formulas.tenth(r.pixels)
    mean = int(np.sort(r.codes)[:n].sum()) / n
    return formulas.over_gray(mean / r.picture.scale, r.picture.median_gray)


def variation(r: Region) -> float:
    return formulas.over_gray(unevenness(r), gray(r))


def relative_unevenness(r: Region) -> float:
    return formulas.over_unevenness(unevenness(r), r.picture.typical_unevenness)


def redness(r: Region) -> float:
    return _colour_shift(r, 0) - r.picture.log_red_green if r.picture.colour is not None else 0.0


def chroma(r: Region) -> float:
    if r.picture.colour is None:
        return 0.0
    blue = _colour_shift(r, 2) - r.picture.log_blue_green
    red = redness(r)
    return sqrt(red * red + blue * blue)


def _colour_shift(r: Region, channel: int) -> float:
    colour = r.picture.colour
    assert colour is not None  # the callers have looked
    sums = colour[r.rows, r.columns].sum(axis=0, dtype=np.int64)
    scale = r.picture.colour_scale
    first, green = int(sums[channel]) / r.pixels / scale, int(sums[1]) / r.pixels / scale
    return formulas.log_ratio(first, green)


def aspect(r: Region) -> float:
    top, left, bottom, right = r.box
    return (right - left) / (bottom - top)


def elongation(r: Region) -> float:
    major, minor = formulas.principal_moments(*_moments(r))
    return sqrt(major / minor)


def eccentricity(r: Region) -> float:
    major, minor = formulas.principal_moments(*_moments(r))
    return sqrt(max(1.0 - minor / major, 0.0))


def orientation(r: Region) -> float:
    return formulas.axis_angle(*_moments(r))


def _moments(r: Region) -> tuple[float, float, float]:
    top, left, _, _ = r.box
    x, y = r.columns - left, r.rows - top
    sums = (x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum())
    return formulas.central_moments(r.pixels, *map(int, sums))


def extent(r: Region) -> float:
    return r.pixels / r.mask.size


def solidity(r: Region) -> float:
    """Pixels over the area of the convex hull of all corners (a monotone chain, in whole numbers)."""
    corners = {
        (int(x) + i, int(y) + j)
        for x, y in zip(r.columns, r.rows, strict=True)
        for i in (0, 1)
        for j in (0, 1)
    }
    hull = [*_chain(sorted(corners)), *_chain(sorted(corners, reverse=True))]
    twice: int = sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(hull, [*hull[1:], hull[0]], strict=True))
    return r.pixels / (abs(twice) / 2.0)


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One side of the hull of sorted points, without its last point."""
    side: list[tuple[int, int]] = []
    for p in points:
        while len(side) > 1 and _turn(side[-2], side[-1], p) <= 0:
            side.pop()
        side.append(p)
    return side[:-1]


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def perimeter(r: Region) -> float:
    """Border pixels (those with a side neighbour outside) weighted by the border pixels around them."""
    inside = np.pad(r.mask, 2)
    border = inside & ~(
        inside
        & np.roll(inside, 1, 0)
        & np.roll(inside, -1, 0)
        & np.roll(inside, 1, 1)
        & np.roll(inside, -1, 1)
    )
    counts = [0, 0, 0, 0]
    for y, x in np.argwhere(border):
        near = border[y - 1 : y + 2, x - 1 : x + 2]
        corners = int(near[::2, ::2].sum())
        counts[formulas.border_kind(int(near.sum()) - corners - 1, corners)] += 1
    return formulas.outline_length(counts[1], counts[2], counts[3])


def diameter(r: Region) -> float:
    return sqrt(4.0 * r.pixels / pi)


def x(r: Region) -> float:
    return (int(r.columns.sum()) / r.pixels + 0.5) / r.picture.shape[1]


def y(r: Region) -> float:
    return (int(r.rows.sum()) / r.pixels + 0.5) / r.picture.shape[0]


def border(r: Region) -> float:
    top, left, bottom, right = r.box
    height, width = r.picture.shape
    return float(min(top, left, height - bottom, width - right))


def residual_mean(r: Region) -> float:
    # cumsum adds in raster order, one by one, as a loop does; sum() would add in pairs.
    return float(np.cumsum(r.residual)[-1]) / r.pixels


def residual_peak(r: Region) -> float:
    return float(r.residual.max())


PROPERTIES: dict[str, Callable[[Region], float]] = {
    function.__name__: function
    for function in (
        area, gray, shape, unevenness, symmetry,
        contrast, ring_contrast, bright_tenth, dark_tenth, variation, relative_unevenness,
        redness, chroma,
        aspect, elongation, eccentricity, orientation, extent, solidity, perimeter, diameter,
        x, y, border,
        residual_mean, residual_peak,
    )
}  # fmt: skip
"""Every built-in property by name, in the schema's order."""
