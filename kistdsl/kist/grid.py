"""The grid of `kistdsl reproduce`: which runs it holds, where they lie, and how they are gone through."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kistdsl.data.layouts import Line
from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist.config import Settings, initial_key, make_settings
from kistdsl.kist.events import Listener
from kistdsl.kist.run_folder import RunFolder, read_json
from kistdsl.kist.self_training import Request, asked, train
from kistdsl.kist.stopping import Stop

PROPER = "kist"
"""Variant: KIST as the settings say."""

DEPARTURES: tuple[str, ...] = (
    "exposure",
    "anomalous_weight",
    "anomalous_bound",
    "anomalous_form",
    "anomalous_average",
    "background_weight",
    "paste",
    "paste_decoys",
    "label_sigma",
    "min_area",
    "accumulate",
    "candidate_maps",
    "threshold_reach",
    "rule_check",
    "usual_places",
    "teacher",
    "schedule",
)
"""Settings whose departure from the paper an ablation takes back, one at a time."""

WITH: Mapping[str, tuple[str, ...]] = {"anomalous_bound": ("anomalous_form",)}
"""What an ablation takes back beside its setting, which has no meaning without: only the square can be unbounded."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product line of the grid.

    Attributes:
        name: of its folder.
        line: images.
        rules: or None; then only methods without rules are run.
        rules_text: their text.
    """

    name: str
    line: Line
    rules: RuleSet | None
    rules_text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the grid.

    Attributes:
        product: name of the line.
        model, method, seed: of the run.
        variant: "kist", a method's name, "control <name>", "without <setting>" or "without rule <name>".
        settings: of the run.
    """

    product: str
    model: str
    method: str
    seed: int
    variant: str
    settings: Settings

    @property
    def folder(self) -> str:
        """Path of the run folder within the grid's."""
        model = self.model.replace(":", ".")
        return f"runs/{self.product}/{model}-{self.variant.replace(' ', '-')}-seed{self.seed}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        methods, models, seeds: every combination; `memae` among the methods is the MemAE network with l2, once a
            seed, whatever the networks are.
        controls: of KIST, see `control` of `kistdsl.kist.config.Settings`.
        ablations: settings to put back to the paper's, see `DEPARTURES`.
        left_out: by product line, rules to leave out of KIST, one at a time.
        values: settings on top of the preset.
        preset: its name.
    """

    methods: Sequence[str]
    models: Sequence[str]
    seeds: Sequence[int]
    controls: Sequence[str]
    ablations: Sequence[str]
    left_out: Mapping[str, Sequence[str]]
    values: dict[str, Any]
    preset: str

    def cells(self, product: str) -> list[Cell]:
        """The runs on one line, those that share an initial model behind each other."""
        cells = (
            cell
            for seed, model in itertools.product(self.seeds, self.models)
            for cell in self._of(product, model, seed)
        )
        return list({cell.folder: cell for cell in cells}.values())

    def _of(self, product: str, model: str, seed: int) -> Iterable[Cell]:
        for method in self.methods:
            network, trained_by = ("memae", "l2") if method == "memae" else (model, method)
            yield self._cell(product, network, trained_by, seed, method, {})
        if "kist" not in self.methods:
            return
        for control in self.controls:
            yield self._cell(product, model, "kist", seed, f"control {control}", {"control": control})
        for name in self.ablations:
            paper = make_settings({}, preset="paper")
            changes = {each: getattr(paper, each) for each in (name, *WITH.get(name, ()))}
            if changes[name] != getattr(self._settings(model, "kist", seed, {}), name):
                yield self._cell(product, model, "kist", seed, f"without {name}", changes)
        for rule in self.left_out.get(product, ()):
            left_out = {"left_out_rules": (rule,)}
            yield self._cell(product, model, "kist", seed, f"without rule {rule}", left_out)

    def _cell(
        self, product: str, model: str, method: str, seed: int, variant: str, changes: dict[str, Any]
    ) -> Cell:
        others = {"baselines": False, **changes} if changes else changes
        settings = self._settings(model, method, seed, others)
        return Cell(product, model, method, seed, variant, settings)

    def _settings(self, model: str, method: str, seed: int, changes: dict[str, Any]) -> Settings:
        own = {"model": model, "method": method, "seed": seed}
        return make_settings({**self.values, **own, **changes}, preset=self.preset)


def run_cells(
    product: Product,
    cells: Sequence[Cell],
    out: Path,
    started: Callable[[Cell, bool], None],
    listener: Listener,
    stop: Stop,
) -> None:
    """Run what is not finished; a run that was stopped goes on, an initial model is trained once.

    A finished run is taken as it is if its settings and rules are those asked for; whether its images are is not
    looked at.

    Args:
        product: images and rules.
        cells: of this line.
        out: the grid's folder.
        started: told of each cell, and whether it was found finished.
        listener: of each run.
        stop: ends the grid early, the run at hand behind a checkpoint.

    Raises:
        InputError: a finished run is of other settings or rules; or as `train`.
    """
    initial: dict[str, Path] = {}
    for cell in cells:
        folder = RunFolder(out / cell.folder)
        started(cell, folder.finished)
        request = _request(product, cell, folder, initial.get(initial_key(cell.settings)))
        if not folder.finished:
            train(request, listener, stop)
        elif differing := folder.differing(asked(request)):
            raise InputError(
                f"{folder.root}: was run with other {', '.join(differing)}; give another --out, or delete that folder"
            )
        stored = folder.stages / "initial.safetensors"
        if stored.is_file():
            initial.setdefault(initial_key(cell.settings), stored)


def _request(product: Product, cell: Cell, folder: RunFolder, initial: Path | None) -> Request:
    folder.root.parent.mkdir(parents=True, exist_ok=True)
    return Request(
        line=product.line,
        rules=product.rules if cell.method == "kist" else None,
        rules_text=product.rules_text if cell.method == "kist" else "",
        settings=cell.settings,
        out=folder.root,
        resume=folder.config.is_file(),
        initial=initial,
    )


def read_metrics(out: Path, cell: Cell) -> dict[str, Any] | None:
    """metrics.json of a finished cell, else None."""
    folder = RunFolder(out / cell.folder)
    if not folder.finished:
        return None
    found: dict[str, Any] = read_json(folder.metrics)
    return found
