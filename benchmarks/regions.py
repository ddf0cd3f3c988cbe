"""Regions and pseudo-labels: scikit-image, scipy, OpenCV, connected-components-3d and this, in one run.

    python -m benchmarks.regions [--data DIR] [--images N] [--repeats R] [--json FILE]

On photographs (`DIR/mtd`, by default $KISTDSL_DATA or ../shared/data; generated tiles without them),
256x256, the seven thresholds of eq. 9, Table I's MTD rules. The speckled residual is the difference from
a blurred copy, the smooth one that, blurred. Methods take turns, so that a busy machine slows all alike;
times are the processor's, the best of the repeats counts. Every mask is compared with this package's.
Peers come with `pip install kistdsl[bench]`; one that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks import region_peers as peers
from kistdsl.engine.pseudo_labels import PseudoLabeller, pseudo_labels
from kistdsl.engine.rule_set import RuleSet, load
from kistdsl.regions.maps import CandidateMap
from kistdsl.regions.measure import ORDER
from kistdsl.regions.picture import Picture
from kistdsl.regions.table import measure_regions
from kistdsl.regions.thresholds import thresholds
from kistdsl.regions.workspace import Workspace
from kistdsl.resources import resource as packaged

ROOT = Path(__file__).resolve().parents[1]
SIZE = 256
SMOOTH = {"speckled": 0.0, "smooth": 1.5}
"""Deviation of the blur of each kind of residual, in pixels."""

FIVE = ("area", "gray", "shape", "unevenness", "symmetry")


@dataclass(frozen=True, eq=False)
class Case:
    gray: NDArray[np.uint8]
    residual: NDArray[np.float32]
    levels: NDArray[np.float64]

    @property
    def source(self) -> CandidateMap:
        return CandidateMap("residual", tuple(self.levels.tolist()))


def grays(data: Path, count: int) -> list[NDArray[np.uint8]]:
    """Photographs scaled to 256x256, or generated tiles."""
    folder = data / "mtd" / "train" / "anomalous"
    if folder.is_dir():
        images = [cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in sorted(folder.iterdir())[:count]]
        return [cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for image in images]
    rng = np.random.default_rng(0)
    noise = [cv2.GaussianBlur(rng.standard_normal((SIZE, SIZE)), (0, 0), 1.0) for _ in range(count)]
    return [(120 + 60 * n).clip(0, 255).astype(np.uint8) for n in noise]


def case(gray: NDArray[np.uint8], smooth: float) -> Case:
    values = gray.astype(np.float32) / np.float32(255)
    residual = np.abs(values - cv2.GaussianBlur(values, (0, 0), 4))
    if smooth:
        residual = cv2.GaussianBlur(residual, (0, 0), smooth)
    return Case(gray, residual, thresholds(float(residual.mean()), float(residual.std())))


def methods(rules: RuleSet) -> dict[str, Callable[[Case], object]]:
    """Every method as a function of a case."""
    five, all_ = Workspace(frozenset(FIVE)), Workspace(frozenset(ORDER))
    kept: dict[int, PseudoLabeller] = {}

    def ours(c: Case) -> NDArray[np.bool_]:
        labeller = kept.setdefault(id(c), PseudoLabeller(rules, [c.source]))
        return labeller.mask(Picture.of(c.gray, c.residual))

    def table(workspace: Workspace, names: tuple[str, ...], c: Case) -> object:
        return measure_regions(workspace, Picture.of(c.gray, c.residual), [c.source], names, {})

    found = {
        "scikit-image, all five properties": lambda c: peers.scikit_image_table(c.gray, c.residual, c.levels),
        "scipy.ndimage, masks": lambda c: peers.scipy_mask(c.gray, c.residual, c.levels, rules),
        "OpenCV + bincount, area, gray, unevenness only": lambda c: peers.counted_columns(
            peers.opencv_label, c.gray, c.residual, c.levels
        ),
        "OpenCV + bincount, masks": lambda c: peers.counted_mask(
            peers.opencv_label, c.gray, c.residual, c.levels, rules
        ),
    }
    if importlib.util.find_spec("cc3d") is None:
        print("left out: connected-components-3d, which is not installed")
    else:
        found["connected-components-3d + bincount, those three"] = lambda c: peers.counted_columns(
            peers.cc3d_label, c.gray, c.residual, c.levels
        )
        found["connected-components-3d + bincount, masks"] = lambda c: peers.counted_mask(
            peers.cc3d_label, c.gray, c.residual, c.levels, rules
        )
    return {
        **found,
        "kistdsl, table of all 26 properties": partial(table, all_, tuple(ORDER)),
        "kistdsl, table of the five": partial(table, five, FIVE),
        "kistdsl, masks": ours,
    }


def times(
    functions: dict[str, Callable[[Case], object]], cases: list[Case], repeats: int
) -> dict[str, float]:
    """Milliseconds an image of each method: the mean over images of the best over repeats.

    Methods and images take turns, so that no method has its image, or its branches, fresh in the
    processor's memory. Slow methods run three times.
    """
    best = {name: np.full(len(cases), np.inf) for name in functions}
    for repeat in range(repeats):
        for name, function in functions.items():
            if repeat > 2 and best[name].mean() > 0.05:
                continue
            for i, c in enumerate(cases):
                start = time.process_time()
                function(c)
                best[name][i] = min(best[name][i], time.process_time() - start)
    return {name: 1000 * float(values.mean()) for name, values in best.items()}


@numba.njit(cache=True, fastmath=True)
def _stream(residual: NDArray[np.float32], gray: NDArray[np.uint8]) -> float:
    total = np.float32(0)
    for i in range(residual.size):
        total += residual[i]
    whole = 0
    for i in range(gray.size):
        whole += gray[i]
    return total + whole


def roofline(count: int = 400) -> float:
    """Milliseconds to read residual and gray of one image once from memory: the best of 15 passes."""
    residual = np.ones((count, SIZE * SIZE), np.float32)
    gray = np.ones((count, SIZE * SIZE), np.uint8)
    _stream(residual[0], gray[0])
    best = np.inf
    for _ in range(15):
        start = time.process_time()
        for i in range(count):
            _stream(residual[i], gray[i])
        best = min(best, (time.process_time() - start) / count)
    return 1000 * best


def labelled_stream(rules: RuleSet, cases: list[Case], count: int = 400) -> float:
    """Milliseconds an image to label a batch from memory, nothing in between: the roofline's own conditions.

    Every image has memory of its own, so that it comes from memory and not from a cache, as in `roofline`.
    """
    own = [
        replace(c, gray=c.gray.copy(), residual=c.residual.copy()) for c, _ in zip(cycle(cases), range(count))
    ]
    labellers = {c.levels.tobytes(): PseudoLabeller(rules, [c.source]) for c in cases}
    work = [(labellers[c.levels.tobytes()], c) for c in own]
    best = np.inf
    for _ in range(15):
        start = time.process_time()
        for labeller, c in work:
            labeller.mask(Picture.of(c.gray, c.residual))
        best = min(best, (time.process_time() - start) / count)
    return 1000 * best


def threaded(rules: RuleSet, cases: list[Case], threads: int) -> float:
    """Images a second of a batch of 20 rounds over the cases."""
    batch = cases * 20
    levels = cases[0].levels
    start = time.perf_counter()
    pseudo_labels(rules, [c.gray for c in batch], [c.residual for c in batch], levels, threads=threads)
    return len(batch) / (time.perf_counter() - start)


def large(side: int, kind: str, what: str) -> dict[str, float]:
    """Seconds, processor seconds and peak megabytes of one large image, in a process of its own."""
    script = f"from benchmarks.regions import large_image; large_image({side}, {kind!r}, {what!r})"
    for _ in range(2):  # the first one may compile, which takes memory
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
        )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def large_image(side: int, kind: str, what: str) -> None:
    """Label one side x side image, or measure its region table of the five or of all properties; print what it took."""
    rules = load(packaged("rules/mtd.kr"))
    small = case(grays(_data(None), 1)[0], SMOOTH[kind])
    labeller = PseudoLabeller(rules, [small.source])
    work = _large_work(labeller, what)
    work(Picture.of(small.gray, small.residual))  # compiles, or loads what was compiled
    gray = np.ascontiguousarray(np.tile(small.gray, (side // SIZE, side // SIZE)))
    residual = np.tile(small.residual, (side // SIZE, side // SIZE))
    rng = np.random.default_rng(0)
    for row in residual if kind == "speckled" else ():
        row += rng.standard_normal(side, dtype=np.float32) * np.float32(0.002)
    labeller = PseudoLabeller(rules, [small.source])
    work = _large_work(labeller, what)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    start, used = time.perf_counter(), time.process_time()
    work(Picture.of(gray, residual))
    seconds, used = time.perf_counter() - start, time.process_time() - used
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    inputs = (gray.nbytes + residual.nbytes) / 2**20
    peak = int(status.split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "cpu_seconds": used, "peak_mb": peak, "inputs_mb": inputs}))


def _large_work(labeller: PseudoLabeller, what: str) -> Callable[[Picture], object]:
    names = {"label": None, "five": FIVE, "table": tuple(ORDER)}[what]
    return labeller.mask if names is None else partial(labeller.regions, names=names)


def _data(given: Path | None) -> Path:
    return given or Path(os.environ.get("KISTDSL_DATA", ROOT.parent / "shared" / "data"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rules = load(packaged("rules/mtd.kr"))
    functions = methods(rules)
    ceiling = roofline()
    results: dict[str, object] = {"streaming_ms": ceiling}
    for kind, smooth in SMOOTH.items():
        cases = [case(gray, smooth) for gray in grays(_data(args.data), args.images)]
        results[kind] = report(kind, functions, cases, args.repeats, ceiling)
        stream = labelled_stream(rules, cases)
        results[f"{kind} stream_ms"] = stream
        print(
            f"  a batch of 400, nothing in between: {stream:.3f} ms, {100 * ceiling / stream:.1f} % of the roofline"
        )
        rates = {n: threaded(rules, cases, n) for n in (1, 2)}
        print(f"  threads: {rates[1]:.0f} images/s on 1, {rates[2]:.0f} on 2")
    print("one 4096x4096 image, imports and inputs included")
    for kind in SMOOTH:
        for what in ("label", "five", "table"):
            results[f"4096x4096 {kind} {what}"] = big = large(4096, kind, what)
            print(
                f"  {kind} {what}: {big['seconds']:.2f} s ({big['cpu_seconds']:.2f} s of the processor), "
                f"{big['peak_mb']:.0f} MB at the peak"
            )
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")


def report(
    kind: str, functions: dict[str, Callable[[Case], object]], cases: list[Case], repeats: int, ceiling: float
) -> dict[str, float]:
    """Print one table; milliseconds by method."""
    rows = [
        measure_regions(Workspace(frozenset()), Picture.of(c.gray, c.residual), [c.source], (), {})
        for c in cases
    ]
    count = np.mean([len(r["threshold"]) for r in rows])
    for name, function in functions.items():
        if name.endswith("masks"):
            for c in cases:
                if not np.array_equal(function(c), functions["kistdsl, masks"](c)):
                    raise SystemExit(f"{name}: another mask than kistdsl's")
    ms = times(functions, cases, repeats)
    ours = ms["kistdsl, masks"]
    print(f"{kind} residual, {count:.0f} regions an image, one thread")
    for name, value in ms.items():
        print(f"  {name:48s} {value:9.3f} ms  {value / ours:8.1f}x")
    print(
        f"  streaming residual and gray once {ceiling:.4f} ms: {100 * ceiling / ours:.1f} % of the roofline, taking turns"
    )
    return ms


if __name__ == "__main__":
    main()
