"""From sums over a region to its properties: scalar formulas, the same for the plain and the fast way.

Plain Python on purpose: the kernels compile these very functions, so both ways round alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import atan2, cos, log, pi, radians, sin, sqrt

RADIALS = 32
"""Directions of the Boyce-Clark index."""


def _direction(k: int) -> tuple[float, float]:
    """(dx, dy) of radial k, counter-clockwise from +x with y downwards; exactly 0 on the axes.

    Every direction comes from one of the first octant, and at 45 degrees dx and dy are equally large to
    the bit: regions that mirror each other have the same lengths, and a corner of a pixel that lies on a
    diagonal is met whatever the rounding.
    """
    quarter, step = divmod(k, RADIALS // 4)
    angle = radians(360.0 * min(step, RADIALS // 4 - step) / RADIALS)
    near, far = (sqrt(0.5), sqrt(0.5)) if step == RADIALS // 8 else (cos(angle), sin(angle))
    dx, dy = (near, -far) if step <= RADIALS // 8 else (far, -near)
    for _ in range(quarter):
        dx, dy = dy, -dx
    return dx, dy


INVERSES: tuple[tuple[float, float], ...] = tuple(
    (1.0 / dx if dx else 0.0, 1.0 / dy if dy else 0.0) for dx, dy in map(_direction, range(RADIALS))
)
"""(1 / dx, 1 / dy) of each radial, 0 where a radial stands still along an axis; radial 0 along +x."""

RING = 3
"""Pixels around a region (in rows and columns) that are its surroundings."""

MIN_GRAY = 1.0
"""A gray level that divides is at least this, so that black images do not give infinities."""

MIN_UNEVENNESS = 0.5
"""A typical unevenness that divides is at least this, in gray levels."""


def deviation(total: int, squares: int, n: int) -> float:
    """Standard deviation with divisor n from the sum and the sum of squares; never NaN."""
    mean = total / n
    return sqrt(max(squares / n - mean * mean, 0.0))


def over_gray(gray: float, reference: float) -> float:
    """Ratio of two gray levels."""
    return gray / max(reference, MIN_GRAY)


def over_unevenness(unevenness: float, reference: float) -> float:
    """Ratio of a standard deviation to the typical one."""
    return unevenness / max(reference, MIN_UNEVENNESS)


def log_ratio(first: float, second: float) -> float:
    """Logarithm of a colour ratio; one level is added so that black has one."""
    return log((first + 1.0) / (second + 1.0))


def tenth(n: int) -> int:
    """How many pixels are a tenth of n, at least one."""
    return (n + 9) // 10


def boyce_clark(radials: Iterable[float]) -> float:
    """Boyce-Clark index of the lengths along the radials, in any unit; summed in order."""
    total = 0.0
    for length in radials:
        total += length
    index = 0.0
    for length in radials:
        index += abs(100.0 * length / total - 100.0 / RADIALS)
    return index


def central_moments(n: int, sx: int, sy: int, sxx: int, syy: int, sxy: int) -> tuple[float, float, float]:
    """(mxx, myy, mxy) of a union of n unit squares from sums over their centres.

    A unit square has a second moment of 1/12 of its own, so that a single pixel is as long as broad.
    n * sxx - sx * sx in whole numbers would overflow on large regions: sx = qx * n + rx keeps them small, and
    what is left over in the end is below n, so that equal moments are equal floats, and what vanishes is 0.
    """
    qx, qy = sx // n, sy // n
    rx, ry = sx - qx * n, sy - qy * n
    xx, yy, xy = rx * rx, ry * ry, rx * ry
    mxx = (sxx - qx * (sx + rx) - xx // n - xx % n / n) / n
    myy = (syy - qy * (sy + ry) - yy // n - yy % n / n) / n
    return mxx + 1.0 / 12.0, myy + 1.0 / 12.0, (sxy - qx * sy - qy * rx - xy // n - xy % n / n) / n


def principal_moments(mxx: float, myy: float, mxy: float) -> tuple[float, float]:
    """(l1, l2), l1 >= l2: eigenvalues of the matrix of second moments."""
    spread = sqrt((mxx - myy) * (mxx - myy) + 4.0 * mxy * mxy)
    return (mxx + myy + spread) / 2.0, (mxx + myy - spread) / 2.0


def axis_angle(mxx: float, myy: float, mxy: float) -> float:
    """Direction of the long axis in degrees, 0 <= angle < 180, counter-clockwise from the horizontal.

    The moments are of x to the right and y downwards; without a long axis the angle is 0.
    """
    angle = -0.5 * atan2(2.0 * mxy, mxx - myy) * (180.0 / pi)
    angle = angle + 180.0 if angle < 0.0 else angle + 0.0
    return angle if angle < 180.0 else 0.0  # a little below 0 rounds to 180


def border_kind(sides: int, corners: int) -> int:
    """How a border pixel goes on, by its border neighbours: 0 not at all, 1 straight, 2 diagonal, 3 mixed."""
    if corners <= 2 and 2 <= sides <= 3:
        return 1
    if (sides == 0 and corners == 2) or (sides == 1 and corners == 3):
        return 2
    return 3 if sides == 1 and 1 <= corners <= 2 else 0


def outline_length(straight: int, diagonal: int, mixed: int) -> float:
    """Length of an outline from how many of its pixels go on in which way (Benkrid and Crookes)."""
    return straight + diagonal * sqrt(2.0) + mixed * ((1.0 + sqrt(2.0)) / 2.0)
