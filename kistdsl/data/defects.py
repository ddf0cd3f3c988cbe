"""Generated defects: what each does to the reflectance, and where (the mask)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from kistdsl.data.surfaces import Field, blurred, noise, stroke, walk

Defect = Callable[[np.random.Generator, int], tuple[Field, NDArray[np.bool_]]]
"""Draws a factor on the reflectance, (N, N) float32, and its mask, (N, N) bool."""

_CORE = 0.35
"""Coverage from which a pixel belongs to the defect."""


def blowhole(rng: np.random.Generator, size: int) -> tuple[Field, NDArray[np.bool_]]:
    """One or two small dark pores, round or drawn out, some with a bright rim."""
    factor = np.ones((size, size), np.float32)
    mask = np.zeros((size, size), np.bool_)
    for _ in range(1 + (rng.random() < 0.3)):
        layer = np.zeros((size, size), np.uint8)
        center = tuple(int(v) for v in rng.integers(10, size - 10, 2))
        radius = rng.uniform(1.8, 4.5)
        axes = (max(round(radius), 2), max(round(radius * rng.uniform(0.55, 1.0)), 1))
        cv2.ellipse(layer, center, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        cover = blurred(layer.astype(np.float32) / 255, 0.6)
        rim = np.clip(blurred(cover, 1.6) * 1.5 - cover, 0, 1)
        factor *= 1 - rng.uniform(0.3, 0.65) * cover + rng.uniform(0, 0.25) * rim
        mask |= cover > _CORE
    return factor, mask


def crack(rng: np.random.Generator, size: int) -> tuple[Field, NDArray[np.bool_]]:
    """A thin dark wandering line, often with a branch, of a depth that varies along it."""
    start = (rng.uniform(0.15, 0.85) * size, rng.uniform(0, 0.6) * size)
    path = walk(rng, start, np.pi / 2 + rng.normal(0, 0.45), rng.uniform(0.2, 0.65) * size, 0.28)
    cover = stroke(size, path, int(rng.integers(1, 3)))
    if rng.random() < 0.5:
        fork = path[int(rng.integers(1, len(path) - 1))]
        angle = np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
        branch = walk(rng, (float(fork[0]), float(fork[1])), angle, rng.uniform(0.1, 0.25) * size, 0.25)
        cover = np.maximum(cover, stroke(size, branch, 1))
    cover = blurred(cover, 0.55)
    depth = rng.uniform(0.3, 0.6) * np.clip(0.85 + 0.25 * noise(rng, size, 6.0), 0.3, 1.2)
    return (1 - depth * cover).astype(np.float32), cover > _CORE


def chipped(rng: np.random.Generator, size: int) -> tuple[Field, NDArray[np.bool_]]:
    """A piece broken out of the edge: a jagged, mostly dark, rough face with a bright ridge."""
    corners = int(rng.integers(7, 12))
    angles = np.sort(rng.uniform(0, np.pi, corners))
    reach = rng.uniform(0.06, 0.15) * size * rng.uniform(0.55, 1.2, corners)
    along = rng.uniform(0.15, 0.85) * size
    points = np.stack([along + 1.4 * reach * np.cos(angles), reach * np.sin(angles) - 0.5], axis=1)
    layer = np.zeros((size, size), np.uint8)
    closed = np.vstack([[along + 1.5 * reach[0], -2.0], points, [along - 1.5 * reach[-1], -2.0]])
    cv2.fillPoly(layer, [np.round(closed * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    cover = blurred(layer.astype(np.float32) / 255, 0.6)
    ridge = np.clip(blurred(cover, 1.2) - np.abs(cover - 0.5), 0, 0.4)
    face = -rng.uniform(0.2, 0.5) + 0.11 * noise(rng, size, 1.6) + 0.09 * noise(rng, size, 5.0)
    factor = 1 + cover * face + rng.uniform(0, 0.7) * ridge
    turns = int(rng.integers(4))
    return np.rot90(factor.astype(np.float32), turns), np.rot90(cover > _CORE, turns)


def fray(rng: np.random.Generator, size: int) -> tuple[Field, NDArray[np.bool_]]:
    """A frayed edge: many short bristles, dark with some bright ones, side by side."""
    begin = rng.uniform(0.05, 0.5) * size
    width = rng.uniform(0.15, 0.4) * size
    depth = np.zeros((size, size), np.float32)
    cover = np.zeros((size, size), np.float32)
    longest = rng.uniform(5, 11)
    for x in np.arange(begin, begin + width, rng.uniform(0.9, 1.6)):
        length = longest * rng.uniform(0.3, 1.0)
        root = (float(x + rng.normal(0, 1.0)), -1.0)
        hair = stroke(size, walk(rng, root, np.pi / 2 + rng.normal(0, 0.3), length + 2, 0.25), 1)
        depth += hair * rng.choice([0.3, 0.45, -0.3]) * rng.uniform(0.6, 1.0)
        cover = np.maximum(cover, hair)
    rough = rng.uniform(0.08, 0.2) * blurred(cover, 1.5) * (1 + 0.5 * noise(rng, size, 1.0))
    factor = np.clip(1 - blurred(depth, 0.6) - rough, 0.25, 1.5).astype(np.float32)
    mask = blurred(cover, 1.0) > _CORE / 2
    turns = int(rng.integers(4))
    return np.rot90(factor, turns), np.rot90(mask, turns)


def stain(rng: np.random.Generator, size: int) -> tuple[Field, NDArray[np.bool_]]:
    """A large patch, evenly darker, its texture kept, its outline slightly wavy."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = sum(rng.normal(0, 0.09) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in (1, 2, 3, 5))
    radius = rng.uniform(0.075, 0.15) * size * (1 + waves)
    x, y = rng.uniform(0.2, 0.8, 2) * size
    stretch = rng.uniform(0.7, 1.4)
    points = np.stack([x + stretch * radius * np.cos(angles), y + radius / stretch * np.sin(angles)], axis=1)
    layer = np.zeros((size, size), np.uint8)
    cv2.fillPoly(layer, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    cover = blurred(layer.astype(np.float32) / 255, rng.uniform(0.7, 1.6))
    rim = np.clip(cover * (1 - cover) * 4, 0, 1)
    factor = 1 - rng.uniform(0.16, 0.36) * cover - rng.uniform(0, 0.08) * rim
    return factor.astype(np.float32), cover > 0.5


DEFECTS: dict[str, Defect] = {
    "blowhole": blowhole,
    "break": chipped,
    "crack": crack,
    "fray": fray,
    "stain": stain,
}
"""The defect types of the demo line, by the name that rules and folders use."""
