"""The same pseudo-labels by the usual libraries: labelled components of every threshold, then statistics.

Each method takes (gray uint8, residual float32, thresholds) and returns either the columns of all
regions (`*_table`) or the mask of the regions that Table I's MTD rules accept.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from math import pi

import numba
import numpy as np
from numpy.typing import NDArray

from kistdsl.engine.rule_set import RuleSet
from kistdsl.regions.picture import Picture
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.region import Region

Gray = NDArray[np.uint8]
Residual = NDArray[np.float32]
Columns = dict[str, NDArray[np.float64]]
Label = Callable[[NDArray[np.bool_]], tuple[int, NDArray[np.integer]]]


def scikit_image_table(gray: Gray, residual: Residual, levels: NDArray[np.float64]) -> list[Columns]:
    """`label` and `regionprops_table`, and the shape index and symmetry as extra properties in NumPy."""
    measure = importlib.import_module("skimage.measure")
    tables = []
    for level in levels:
        labels = measure.label(residual > level, connectivity=2)
        table = measure.regionprops_table(
            labels,
            intensity_image=gray,
            properties=("area", "intensity_mean", "intensity_std"),
            extra_properties=(shape_index, symmetry),
        )
        tables.append({name: np.asarray(column, np.float64) for name, column in table.items()})
    return tables


def shape_index(mask: NDArray[np.bool_]) -> float:
    """Boyce-Clark index of a mask's set pixels: all radials and pixels at once."""
    y, x = np.nonzero(mask)
    angle = np.arange(32)[:, None] * (2 * pi / 32)
    with np.errstate(divide="ignore", invalid="ignore"):
        ax, bx = (x - x.mean() - 0.5) / np.cos(angle), (x - x.mean() + 0.5) / np.cos(angle)
        ay, by = (y - y.mean() - 0.5) / -np.sin(angle), (y - y.mean() + 0.5) / -np.sin(angle)
    leave = np.minimum(np.maximum(ax, bx), np.maximum(ay, by))
    enter = np.maximum(np.maximum(np.minimum(ax, bx), np.minimum(ay, by)), 0)
    radials = np.where(enter <= leave, leave, 0).max(axis=1)
    return float(np.abs(100 * radials / radials.sum() - 100 / 32).sum())


def symmetry(mask: NDArray[np.bool_]) -> float:
    half = (mask.shape[1] + 1) // 2
    left, right = mask[:, :half], mask[:, ::-1][:, :half]
    return float((left & right).sum() / (left | right).sum())


def scipy_mask(
    gray: Gray, residual: Residual, levels: NDArray[np.float64], rules: RuleSet
) -> NDArray[np.bool_]:
    """`ndimage.label`, `sum_labels`, `mean`, `standard_deviation`."""
    ndimage = importlib.import_module("scipy.ndimage")
    mask = np.zeros(gray.shape, np.bool_)
    for level in levels:
        labels, count = ndimage.label(residual > level, np.ones((3, 3)))
        index = np.arange(1, count + 1)
        area = ndimage.sum_labels(np.ones(gray.shape), labels, index)
        mean, deviation = ndimage.mean(gray, labels, index), ndimage.standard_deviation(gray, labels, index)
        columns = {"area": area / gray.size, "gray": mean, "unevenness": deviation}
        mask |= _accepted(gray, residual, labels, columns, rules)[labels]
    return mask


def counted(
    label: Label, gray: Gray, residual: Residual, level: float
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer], Columns]:
    """A labelling function, and `bincount` over the foreground: (labels, pixels, their labels, columns)."""
    count, labels = label(residual > level)
    foreground = np.flatnonzero(labels)
    numbers = labels.ravel()[foreground]
    values = gray.ravel()[foreground].astype(np.float64)
    area = np.bincount(numbers, minlength=count)[1:]
    mean = np.bincount(numbers, values, count)[1:] / area
    squares = np.bincount(numbers, values * values, count)[1:] / area
    deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
    return labels, foreground, numbers, {"area": area / gray.size, "gray": mean, "unevenness": deviation}


def counted_columns(
    label: Label, gray: Gray, residual: Residual, levels: NDArray[np.float64]
) -> list[Columns]:
    """Area, gray and unevenness of all regions: no shape, no symmetry, no decision."""
    return [counted(label, gray, residual, level)[3] for level in levels]


def counted_mask(
    label: Label, gray: Gray, residual: Residual, levels: NDArray[np.float64], rules: RuleSet
) -> NDArray[np.bool_]:
    """The same and the mask, as an expert of NumPy and Numba would: shape and symmetry compiled, and only
    of the regions whose gray no rule of Table I turns down."""
    mask = np.zeros(gray.size, np.bool_)
    for level in levels:
        _, foreground, numbers, columns = counted(label, gray, residual, level)
        open_ = np.flatnonzero((columns["gray"] <= DARK) | (columns["gray"] >= BRIGHT))
        if not open_.size:
            continue
        order = np.argsort(numbers, kind="stable")
        begin = np.searchsorted(numbers[order], open_ + 1)
        end = begin + np.rint(columns["area"][open_] * gray.size).astype(np.int64)
        shape, symmetric = _outlines(foreground[order], begin, end, gray.shape[1])
        kept = {name: column[open_] for name, column in columns.items()}
        accepted = np.zeros(len(columns["gray"]) + 1, np.bool_)
        accepted[open_ + 1] = rules.decide({**kept, "shape": shape, "symmetry": symmetric})
        mask[foreground] |= accepted[numbers]
    return mask.reshape(gray.shape)


DARK, BRIGHT = 0.24 * 255 + 1e-9, 0.76 * 255 - 1e-9
"""No rule of Table I (MTD) reaches alpha between these gray levels."""

_ANGLES = np.arange(32) * (2 * pi / 32)
_DX, _DY = np.cos(_ANGLES).round(15), -np.sin(_ANGLES).round(15)


@numba.njit(cache=True)
def _outlines(
    pixels: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shape index and symmetry of regions given as stretches of pixel numbers in raster order."""
    shapes, symmetries = np.empty(begin.size), np.empty(begin.size)
    for r in range(begin.size):
        part = pixels[begin[r] : end[r]]
        y, x = part // width, part % width
        cy, cx = y.mean() + 0.5, x.mean() + 0.5
        radials = np.zeros(32)
        for k in range(32):
            dx, dy = _DX[k], _DY[k]
            for i in range(part.size):
                enter, leave = 0.0, np.inf
                for near, d in ((x[i] - cx, dx), (y[i] - cy, dy)):
                    if d == 0.0:
                        if near > 0.0 or near < -1.0:
                            leave = -1.0
                    else:
                        a, b = near / d, (near + 1.0) / d
                        enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
                if enter <= leave:
                    radials[k] = max(radials[k], leave)
        shapes[r] = np.abs(100.0 * radials / radials.sum() - 100.0 / 32).sum()
        left, top = x.min(), y.min()
        box = np.zeros((y.max() - top + 1, x.max() - left + 1), np.bool_)
        for i in range(part.size):
            box[y[i] - top, x[i] - left] = True
        both = any_ = 0
        for row in range(box.shape[0]):
            for column in range((box.shape[1] + 1) // 2):
                one, other = box[row, column], box[row, box.shape[1] - 1 - column]
                both += one and other
                any_ += one or other
        symmetries[r] = both / any_
    return shapes, symmetries


def opencv_label(foreground: NDArray[np.bool_]) -> tuple[int, NDArray[np.integer]]:
    cv2 = importlib.import_module("cv2")
    count, labels = cv2.connectedComponents(foreground.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return count, labels


def cc3d_label(foreground: NDArray[np.bool_]) -> tuple[int, NDArray[np.integer]]:
    cc3d = importlib.import_module("cc3d")
    labels, count = cc3d.connected_components(foreground, connectivity=8, return_N=True)
    return count + 1, labels.astype(np.int32, copy=False)


def _accepted(
    gray: Gray, residual: Residual, labels: NDArray[np.integer], columns: Columns, rules: RuleSet
) -> NDArray[np.bool_]:
    """(count + 1,) decisions by label; shape and symmetry only where they can still matter.

    They cannot where the other properties decide alike for the lowest and the highest value of both.
    """
    n = len(columns["area"])
    answers = [
        rules.decide({**columns, "shape": np.full(n, shape), "symmetry": np.full(n, symmetric)})
        for shape in (0.0, 193.75)
        for symmetric in (0.0, 1.0)
    ]
    decided = np.all(answers, axis=0)
    open_ = np.flatnonzero(np.any(answers, axis=0) & ~decided)
    if open_.size:
        picture = Picture.of(gray, residual)
        boxes = importlib.import_module("scipy.ndimage").find_objects(labels)
        exact = {name: column[open_] for name, column in columns.items()}
        regions = [_region(labels, boxes[c], c + 1, picture) for c in open_]
        for name in ("shape", "symmetry"):
            exact[name] = np.array([PROPERTIES[name](region) for region in regions])
        decided[open_] = rules.decide(exact)
    return np.concatenate([[False], decided])


def _region(labels: NDArray[np.integer], box: tuple[slice, slice], number: int, picture: Picture) -> Region:
    rows, columns = np.nonzero(labels[box] == number)
    return Region(rows + box[0].start, columns + box[1].start, picture)
