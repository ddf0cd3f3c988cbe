"""A small run folder, made by hand: what a run writes, without training one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIDE, NORMAL, KINDS = 24, 2, ("crack", "hole & <edge>")

RULES = """# two rules <of a tile>
product "Tile"
term dark of gray = trapmf(0, 0, 60, 90)
alpha 0.7
rule hole "dark and large":
  IF gray is dark AND area is NOT low THEN anomalous
"""


def figures(level: float, *, intervals: bool = True) -> dict[str, Any]:
    """An evaluation as metrics.json holds it; figures follow from `level`."""
    names = ("pixel_auroc", "aupro", "per_image_auroc", "image_auroc")
    values: dict[str, Any] = {name: level - 0.01 * i for i, name in enumerate(names)}
    spans = {name: [values[name] - 0.02, values[name] + 0.02] for name in names} if intervals else {}
    one = {**values, "images": 3, "regions": 3, "intervals": spans}
    return {**one, "size": [SIDE, SIDE], "by_type": {kind: dict(one) for kind in KINDS}}


def model(name: str, title: str, level: float | None) -> dict[str, Any]:
    """A model of metrics.json; level None: nothing was measured."""
    found = None if level is None else figures(level)
    raw = None if level is None else figures(level - 0.1, intervals=False)
    facts = {"name": name, "title": title, "seconds": 12.3, "steps": 40, "held_out_loss": 0.01}
    decision = {"image_threshold": 0.5, "pixel_threshold": 0.4, "rule": "1 % of normal images"}
    decision |= {"normal_images": 3, "false_alarms": 1, "anomalous_images": 6, "found": 4}
    decision |= {"precision": 0.5, "recall": 0.75, "iou": 0.4, "area_ratio": 1.5}
    facts["decision"] = None if level is None else decision
    return {**facts, "figures": found, "raw": raw, "without": None, "raw_without": None}


def write_models(folder: Path, *models: dict[str, Any]) -> None:
    text = json.dumps({"size": SIDE, "exclude": [], "models": models})
    (folder / "metrics.json").write_text(text, encoding="utf-8")


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A finished run with rules and a test set; gray images."""
    folder = tmp_path / "tile run"
    folder.mkdir()
    config = {
        "kistdsl": "0.1.0",
        "torch": "2.13.0",
        "data": "lines/tile",
        "images": {"train": 20, "held_out": 4, "anomalous": 3, "test": 8},
        "settings": {
            "seed": 3,
            "model": "cae",
            "method": "kist",
            "size": SIDE,
            "exclude": [],
            "mask_sigmas": 2.0,
        },
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_models(
        folder,
        model("initial", "initial model", 0.70),
        model("baseline", "baseline trained as long", 0.72),
        model("kist", "KIST", 0.91),
    )
    (folder / "rules.kr").write_text(RULES, encoding="utf-8")
    rule = {"rule": "hole", "normal_share": 0.001, "anomalous_share": 0.03, "normal_images": 1}
    rule |= {"anomalous_images": 3, "anomalous_pixels": 90, "set_aside": False}
    (folder / "rules.json").write_text(
        json.dumps([{"iteration": 1, "rules": [rule], "by_image": [{}, {"hole": 36}, {"hole": 30}]}]),
        encoding="utf-8",
    )
    _write_history(folder / "history.csv")
    _write_arrays(folder, colour=False)
    return folder


def _write_history(path: Path) -> None:
    rows = [
        {"iteration": 0, "seconds": 9, "held_out_loss": 0.01, "pixel_auroc": 0.7, "aupro": 0.69},
        {"iteration": 1, "seconds": 3, "held_out_loss": 0.02, "pixel_auroc": 0.91, "aupro": 0.9}
        | {"labelled_images": 3, "regions": 4, "labelled_pixels": 90, "stopped": ""},
    ]
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[1]))
        writer.writeheader()
        writer.writerows(rows)


def _write_arrays(folder: Path, *, colour: bool) -> None:
    random = np.random.default_rng(1)
    kinds = [kind for kind in (*KINDS, "good") for _ in range(3)]
    shape = (len(kinds), SIDE, SIDE)
    images = random.integers(60, 190, (*shape, 3) if colour else shape, dtype=np.uint8)
    truths = np.zeros(shape, np.bool_)
    truths[:6, 8:14, 8:14] = True
    maps = (random.random(shape) * 0.4 + 0.5 * truths).astype(np.float32)
    np.savez_compressed(
        folder / "panels.npz",
        names=np.array([f"{kind}/{i}" for i, kind in enumerate(kinds)]),
        kinds=np.array(kinds),
        images=images,
        truths=truths,
        baseline=maps[::-1],
        kist=maps,
        usual=np.ones((2, 1, 1)),
        thresholds=np.array([[0.6, 0.5, 0.0], [0.45, 0.4, 0.25]]),
    )
    np.savez_compressed(
        folder / "labels.npz",
        names=np.array(["a", "b", "c"]),
        images=images[:3],
        first=truths[:3],
        last=truths[:3],
    )
    counts = np.arange(12)
    np.savez_compressed(
        folder / "properties.npz",
        names=np.array(["gray", "area"]),
        edges=np.stack([np.linspace(0, 255, 13), np.linspace(0, 0.5, 13)]),
        normal=np.stack([counts, counts[::-1]]),
        anomalous=np.stack([counts[::-1], np.zeros(12, int)]),
    )
    np.savez_compressed(
        folder / "residuals.npz",
        edges=np.linspace(0, 1, 13),
        baseline_top=np.array(0.8),
        kist_top=np.array(0.9),
        baseline_normal=counts[::-1],
        baseline_anomalous=counts,
        kist_normal=counts[::-1],
        kist_anomalous=counts,
    )


@pytest.fixture
def in_colour(run_folder: Path) -> Path:
    """The same with colour images."""
    _write_arrays(run_folder, colour=True)
    return run_folder
