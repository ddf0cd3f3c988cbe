"""A run folder: its files, and how they are written and read.

config.json          settings, data, versions: everything needed to repeat the run
rules.kr             the rules, included files in place
model.safetensors    the final network; its metadata hold settings, channels and what its maps
                     reach on normal images (`metrics.decisions.NormalLevels`)
metrics.json         figures of each model: `models`, a list in the order of the table, each with
                     `name`, `title`, `seconds`, `steps`, `figures` (filtered map) and `raw`,
                     `decision` (see `metrics.decisions.DecisionFigures`)
history.csv          one row an iteration (0: the initial model)
rules.json           one object an iteration: `iteration`, `labelled_by` (the stage whose residual gave the
                     labels), `thresholds` (of each candidate map), `rules` (firing counts, set aside or
                     not), `by_image` (for each anomalous training image, {rule: pixels that it labelled})
pseudo_labels/       the last label of each anomalous training image, <folder>_<stem>_mask.png (0/255)
panels.npz           chosen test images: `names`, `kinds` (N,), `images` (N, S, S[, 3]) uint8, `truths`
                     (N, S, S) bool, `baseline`, `kist` (N, S, S) float32 maps, `thresholds` (2, 2): for
                     baseline and KIST the thresholds of an image and of a pixel, `usual` (2, G, G)
                     their relief (see `metrics.decisions`)
labels.npz           anomalous training images: `names`, `images`, `first`, `last` (N, S, S) bool labels; where rules
                     gave them, their names `rules` (R,) and what each gave, `parts` (see `kist.label_parts`)
properties.npz       histograms over candidate regions of each property that rules read: `names` (P,), `edges`
                     (P, B + 1), `normal`, `anomalous` (P, B) counts (held-out normal, anomalous training images),
                     of the residual that gave the last labels
residuals.npz        histograms of the maps of test pixels over what is usual at the place: `edges` (B + 1,), `baseline_normal`,
                     `baseline_anomalous`, `kist_normal`, `kist_anomalous` (B,) counts
report.html          made of the files above
stages/              weights after each stage, and the checkpoint of an unfinished one; with a KIST iteration its labels,
                     the part of each rule in them, and the places usual for each rule
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.atomic import atomic_path, write_text
from kistdsl.diagnostics import InputError

MACHINE_SETTINGS = {"device", "infer_batch", "checkpoint_seconds"}
"""What may differ between a run and its continuation."""

_UNFINISHED = re.compile(
    r"\.(?:config|rules|model|metrics|history|panels|labels|properties|residuals|report|checkpoint|initial|teacher"
    r"|continued-\d+|kist-\d+|.+_mask)\.[a-z0-9_]{8}\.[a-z]+"
)
_INCLUDE = re.compile(r'^\s*include\s+"([^"\n]+)"\s*(?:#.*)?$', re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def rules(self) -> Path:
        return self.root / "rules.kr"

    @property
    def model(self) -> Path:
        return self.root / "model.safetensors"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.json"

    @property
    def history(self) -> Path:
        return self.root / "history.csv"

    @property
    def firings(self) -> Path:
        return self.root / "rules.json"

    @property
    def labels(self) -> Path:
        return self.root / "pseudo_labels"

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    def stage(self, name: str) -> Path:
        """The weights of a finished stage."""
        return self.stages / f"{name}.safetensors"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.model.is_file() and self.metrics.is_file()

    @property
    def taken(self) -> bool:
        """Whether it holds more than what a run that was stopped before its config.json leaves."""
        if not self.root.is_dir():
            return self.root.exists()
        begun = {self.stages, self.labels, self.rules, self.stage("initial"), *self.unfinished()}
        inside = (path for folder in (self.root, self.stages, self.labels) for path in _listed(folder))
        return not begun.issuperset(inside)

    def unfinished(self) -> list[Path]:
        """What a kill left of this run's own writes (see `kistdsl.atomic`); no other hidden file is touched."""
        folders = (self.root, self.stages, self.labels)
        return [path for folder in folders for path in _listed(folder) if _UNFINISHED.fullmatch(path.name)]

    def differing(self, asked: Mapping[str, Any]) -> list[str]:
        """Names of what its config.json says otherwise than `asked`, the machine's own settings aside.

        Raises:
            InputError: config.json is missing or damaged.
        """
        stored = read_config(self)
        differing = [
            name
            for name, value in asked["settings"].items()
            if name not in MACHINE_SETTINGS and stored["settings"].get(name) != value
        ]
        return differing + [name for name in asked if name != "settings" and stored[name] != asked[name]]

    def create(self) -> None:
        """Make the folder; what a run that was stopped at its very beginning left there goes.

        Raises:
            InputError: it exists and holds something (but the beginnings of a run), or cannot be made.
        """
        try:
            if self.taken:
                raise InputError(f"{self.root}: exists already; give another --out, or --resume to go on")
            for left in (*self.unfinished(), self.stage("initial")):
                left.unlink(missing_ok=True)
            self.stages.mkdir(parents=True, exist_ok=True)
            self.labels.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.root}: cannot be made: {error.strerror or error}") from error


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all; NaN and infinity are kept as Python's words for them."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        InputError: missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: no JSON ({error})") from error


_CONFIG: Mapping[str, type | tuple[type, ...]] = {
    "settings": dict,
    "data": str,
    "preset": (str, type(None)),
    "images_digest": str,
    "rules_hash": (str, type(None)),
}
"""What is read back from config.json, and its kind."""


def read_config(folder: RunFolder) -> dict[str, Any]:
    """config.json of a run.

    Raises:
        InputError: missing, damaged, or not what a run writes.
    """
    found = read_json(folder.config)
    if not isinstance(found, dict):
        raise InputError(f"{folder.config}: not the configuration of a run")
    wrong = [name for name, kind in _CONFIG.items() if not isinstance(found.get(name, ...), kind)]
    if wrong:
        raise InputError(f"{folder.config}: not the configuration of a run: no fit {', '.join(wrong)} in it")
    return found


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows under the union of their keys; None is an empty field."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a compressed `.npz` without pickles, whole or not at all."""
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **dict(arrays))  # type: ignore[arg-type]


def flattened_rules(path: str | os.PathLike[str]) -> str:
    """The text of a rule file with what it includes in place of the `include` lines.

    Raises:
        InputError: a file cannot be read, or includes itself.
    """
    return _flattened(Path(path), ())


def _flattened(path: Path, within: tuple[Path, ...]) -> str:
    if path.resolve() in within:
        raise InputError(f"{path}: includes itself")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    inside = (*within, path.resolve())
    return _INCLUDE.sub(lambda found: _flattened(path.parent / found[1], inside), text)
