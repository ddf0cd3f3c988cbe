"""AUPRO and AUROC: the closed form beside the curve-based way, in one run.

    python benchmarks/metrics.py [--images 300] [--size 256] [--repeats 3]

The curve-based way is the published evaluation of MVTec AD, in NumPy: all pixels of all images are ordered by
score, the changes of the false-positive rate and of the mean overlap are summed up along that order, and the
area under the curve is integrated. Each way runs in a process of its own; memory is what the process's peak
rises by during the call, the maps and masks themselves not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Maps = list[NDArray[np.float32]]
Masks = list[NDArray[np.bool_]]
LIMIT = 0.3


def images(count: int, size: int) -> tuple[Maps, Masks]:
    """Smooth noise with one to three raised discs an image."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:size, 0:size]
    maps, masks = [], []
    for _ in range(count):
        scores = rng.normal(size=(size, size)).astype(np.float32)
        mask = np.zeros((size, size), np.bool_)
        for _ in range(rng.integers(1, 4)):
            (cy, cx), r = rng.integers(0, size, 2), size * rng.uniform(0.01, 0.08)
            mask |= (y - cy) ** 2 + (x - cx) ** 2 < r * r
        scores[mask] += np.float32(rng.uniform(0, 3))
        maps.append(scores)
        masks.append(mask)
    return maps, masks


def curve_aupro(maps: Maps, masks: Masks) -> float:
    """The published way: one step of the curve for every pixel."""
    from scipy.ndimage import label

    scores = np.concatenate([m.ravel() for m in maps])
    false_positive = np.concatenate([~k.ravel() for k in masks]).astype(np.float64)
    overlap = np.zeros(len(scores))
    regions, at = 0, 0
    for mask in masks:
        labels, count = label(mask, np.ones((3, 3)))
        flat = labels.ravel()
        sizes = np.bincount(flat, minlength=count + 1)
        part = overlap[at : at + flat.size]
        part[flat > 0] = 1.0 / sizes[flat[flat > 0]]
        regions += count
        at += flat.size
    order = np.argsort(scores)[::-1]
    fpr = np.cumsum(false_positive[order] / false_positive.sum())
    pro = np.cumsum(overlap[order] / regions)
    ordered = scores[order]
    last_of_tie = np.append(np.diff(ordered) != 0, True)
    return _area(fpr[last_of_tie], pro[last_of_tie], LIMIT)


def curve_auroc(maps: Maps, masks: Masks) -> float:
    """The usual way: sort all pixels, sum up, integrate."""
    scores = np.concatenate([m.ravel() for m in maps])
    flags = np.concatenate([k.ravel() for k in masks])
    order = np.argsort(scores, kind="stable")[::-1]
    true = np.cumsum(flags[order], dtype=np.float64)
    false = 1.0 + np.arange(len(flags)) - true
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    true, false = true[last_of_tie], false[last_of_tie]
    return _area(false / false[-1], true / true[-1], 1.0)


def _area(x: NDArray[Any], y: NDArray[Any], limit: float) -> float:
    inside = x <= limit
    xs = np.concatenate([[0.0], x[inside], [limit]])
    ys = np.concatenate([[0.0], y[inside], [np.interp(limit, x, y)]])
    return float(np.trapezoid(ys, xs) / limit)


def closed_aupro(maps: Maps, masks: Masks) -> float:
    from kistdsl.metrics import aupro

    return aupro(maps, masks)


def closed_auroc(maps: Maps, masks: Masks) -> float:
    from kistdsl.metrics import pixel_auroc

    return pixel_auroc(maps, masks)


WAYS: dict[str, Callable[[Maps, Masks], float]] = {
    "curve AUPRO": curve_aupro,
    "closed AUPRO": closed_aupro,
    "curve AUROC": curve_auroc,
    "closed AUROC": closed_auroc,
}


def measure(way: str, count: int, size: int, repeats: int) -> dict[str, float]:
    """Value, best seconds, and the rise of peak memory in MiB; in this process."""
    WAYS[way](*images(2, 32))  # imports
    maps, masks = images(count, size)
    before = _resident()
    seconds, value = [], 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        value = WAYS[way](maps, masks)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"value": value, "seconds": min(seconds), "mib": max(peak - before, 0.0)}


def _resident() -> float:
    with open("/proc/self/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args.way, args.images, args.size, args.repeats)))
        return
    shared = ["--images", str(args.images), "--size", str(args.size), "--repeats", str(args.repeats)]
    found = {
        way: json.loads(subprocess.check_output([sys.executable, __file__, "--way", way, *shared]))
        for way in WAYS
    }
    print(f"{args.images} maps and masks of {args.size}x{args.size}, best of {args.repeats}")
    for way, row in found.items():
        print(f"{way:14} {row['seconds']:7.2f} s {row['mib']:7.0f} MiB   {row['value']:.10f}")
    for metric in ("AUPRO", "AUROC"):
        curve, closed = found[f"curve {metric}"], found[f"closed {metric}"]
        print(
            f"{metric}: {curve['seconds'] / closed['seconds']:.1f} times as fast, "
            f"{closed['mib'] / curve['mib']:.2f} of the memory, difference {abs(curve['value'] - closed['value']):.1e}"
        )


if __name__ == "__main__":
    main()
