"""A whole run: data, initial model, Algorithm 1, the baseline trained as long, figures, the run folder."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from kistdsl._version import __version__
from kistdsl.atomic import atomic_path, write_text
from kistdsl.data.layouts import Line
from kistdsl.diagnostics import InputError
from kistdsl.engine.rule_set import RuleSet
from kistdsl.kist import tensors
from kistdsl.kist.config import Settings, settings_json
from kistdsl.kist.devices import choose_device
from kistdsl.kist.distributed import World, world
from kistdsl.kist.distributions import distributions
from kistdsl.kist.events import Listener, Measured, Note, ignore, told
from kistdsl.kist.evidence import Evidence, write_labels
from kistdsl.kist.inference import normal_levels, raw_map, test_map
from kistdsl.kist.iterations import Iterations, guard_limit
from kistdsl.kist.labelling import rules_taking_part
from kistdsl.kist.measuring import RawMaps
from kistdsl.kist.methods import METHODS
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.memae import MemoryAutoencoder
from kistdsl.kist.product_data import RunData, load_data
from kistdsl.kist.results import ModelResult, history_row, metrics_json
from kistdsl.kist.run_folder import RunFolder, write_arrays, write_csv, write_json
from kistdsl.kist.seed import deterministic
from kistdsl.kist.stages import LabelSource, Stages, Trained
from kistdsl.kist.stopping import Stop
from kistdsl.kist.thresholds import decision_of
from kistdsl.kist.training import Workshop
from kistdsl.metrics import Decision, DecisionFigures, Evaluation, NormalLevels


@dataclass(frozen=True, slots=True)
class Request:
    """What to train.

    Attributes:
        line: the product line.
        rules: its rules; None trains the baseline alone.
        rules_text: their text, included files in place.
        settings: all of them.
        out: the run folder.
        preset: its name, for the record.
        resume: go on with what `out` holds.
        initial: the stored initial model of a run whose settings up to there are the same (see
            `kistdsl.kist.config.initial_key`), to be taken instead of training it again.
    """

    line: Line
    rules: RuleSet | None
    rules_text: str
    settings: Settings
    out: Path
    preset: str | None = None
    resume: bool = False
    initial: Path | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run.

    Attributes:
        folder: where everything lies.
        settings: of the run.
        models: initial model, baseline trained as long, KIST: those that were trained, in this order.
        writes: whether this process (of several) is the one that writes and tells.
    """

    folder: RunFolder
    settings: Settings
    models: tuple[ModelResult, ...]
    writes: bool = True


def train(request: Request, listener: Listener = ignore, stop: Stop | None = None) -> Result:
    """Train and measure one run.

    Every stage is stored as it ends, and within a stage a checkpoint every few seconds: a run that was
    stopped at any moment goes on with `resume`, to the same result (bit for bit on a CPU with the same
    number of threads).

    Args:
        request: what to train.
        listener: told what happens; called in one process only.
        stop: says when to end early, behind a checkpoint (see `Stop.on_signals`); None: never.

    Raises:
        InputError: unfit data or settings, a folder that exists, a run to resume that is another one.
        KeyboardInterrupt: `stop` asked for the end.
        Collapse: the initial model diverged.
    """
    if request.rules is not None:
        rules_taking_part(request.rules, request.settings)  # a wrong name is said before the data are read
    device = choose_device(request.settings)
    folder = RunFolder(request.out)
    with deterministic(), world(device) as processes:
        heard = listener if processes.writes else ignore
        shop = Workshop(folder.stages, request.settings, device, processes, heard, stop or Stop())
        processes.require(request.settings.batch, "batch")
        processes.require(request.settings.anomalous_batch, "anomalous images in iteration_batch")
        data = load_data(request.line, request.settings, device, heard)
        if processes.writes:
            _open_folder(folder, request, data, device)
        processes.wait()
        return _Run(request, folder, data, shop).finish()


def _open_folder(folder: RunFolder, request: Request, data: RunData, device: torch.device) -> None:
    """Make the run folder and write what repeats the run, or see that it is the same run."""
    config = _config(request, data, device)
    if not request.resume or not folder.config.is_file():
        folder.create()
        if request.rules is not None:
            write_text(folder.rules, request.rules_text)
        if request.initial is not None:
            with atomic_path(folder.stage("initial")) as copy:
                shutil.copyfile(request.initial, copy)
        write_json(folder.config, config)
        return
    differing = folder.differing({"images_digest": data.digest, **asked(request)})
    if differing:
        raise InputError(f"{folder.root}: was started with other {', '.join(differing)}; nothing is resumed")
    for left in folder.unfinished():
        left.unlink()


def asked(request: Request) -> dict[str, Any]:
    """What makes a run another one, as config.json has it; the images aside."""
    return {
        "settings": settings_json(request.settings),
        "rules_hash": hashlib.sha256(request.rules_text.encode()).hexdigest()[:16],
    }


def _config(request: Request, data: RunData, device: torch.device) -> dict[str, Any]:
    parts = {
        "train": len(data.fit),
        "held_out": len(data.held_out),
        "anomalous": len(data.anomalous),
        "test": len(data.test),
    }
    return {
        "kistdsl": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "threads": torch.get_num_threads(),
        "data": str(request.line.root),
        "layout": request.line.layout,
        "images": parts,
        "images_digest": data.digest,
        "channels": data.channels,
        "rules": None if request.rules is None else request.rules.program.name,
        "preset": request.preset,
        **asked(request),
    }


def _usual(decision: Decision) -> NDArray[np.float64]:
    """What is usual at each place, ones where the thresholds are the same everywhere."""
    return np.ones((1, 1)) if decision.usual is None else decision.usual


@dataclass(frozen=True, slots=True, eq=False)
class _Taught:
    """What Algorithm 1 came to: the network, its stages, the labels, and its maps of the test set."""

    network: nn.Module
    teacher: Trained | None
    updates: tuple[Trained, ...]
    iterations: Iterations
    maps: RawMaps | None


class _Run:
    """The course of one run, after its data are read."""

    def __init__(self, request: Request, folder: RunFolder, data: RunData, shop: Workshop) -> None:
        self.request, self.folder, self.data, self.shop = request, folder, data, shop
        self.settings = request.settings
        self.stages = Stages(data, shop)
        self.history: list[dict[str, Any]] = []
        self.levels: dict[str, dict[str, NormalLevels]] = {}  # by model; of "map" (filtered) and "raw"

    def finish(self) -> Result:
        """Every stage, the figures, the files."""
        network = self.stages.network(self.settings.model)
        initial = self.stages.initial(network)
        self._look_at_memory(network)
        maps = self._measured(initial, network, 0)
        title = "baseline (initial model)" if self.settings.method == "kist" else self.settings.method
        models = [self._result("initial", title, network, [initial], maps)]
        taught = self._teach(network, initial) if self._teaches() else None
        if taught:
            models += self._compared(network, initial, taught)
        if self.shop.world.writes:
            self._write(network, taught, models)
        self.shop.world.wait()
        return Result(self.folder, self.settings, tuple(models), self.shop.world.writes)

    def _teaches(self) -> bool:
        """Whether there is all that KIST needs; says what is missing otherwise."""
        if self.settings.method != "kist":
            return False
        lacks = [] if len(self.data.anomalous) else ["no anomalous training images (train/anomalous)"]
        lacks += [] if self.request.rules is not None else ["no rules (--rules FILE)"]
        if lacks:
            message = f"only the baseline is trained: {' and '.join(lacks)}"
            self.shop.listener(Note(message, warning=True))
        return not lacks

    def _look_at_memory(self, network: nn.Module) -> None:
        """Say how much of MemAE's memory is dead."""
        if isinstance(network, Margin) and isinstance(network.network, MemoryAutoencoder):
            used = [
                network.network.rows_used(self.data.fit.inputs(slice(i, i + 1)))
                for i in range(len(self.data.fit))
            ]
            dead = 1 - float(torch.stack(used).any(0).float().mean())
            message = f"memory: {dead:.0%} of {self.settings.memory_items} rows are never read"
            self.shop.listener(Note(message, warning=dead > 0.9))

    # ---- Algorithm 1

    def _teach(self, start: nn.Module, initial: Trained) -> _Taught:
        """Algorithm 1 on a copy of the initial model."""
        assert self.request.rules is not None
        network = self.stages.network(self.settings.model)
        network.load_state_dict(start.state_dict())
        limit = guard_limit(self.stages, initial.held_out)
        iterations = Iterations(self.stages, self.request.rules, limit)
        teacher, teaching = self._teacher()
        updates: list[Trained] = []
        maps = None
        before = initial.name
        for number in range(1, self.settings.iterations + 1):
            source = LabelSource(before, network, self.stages.method)
            if teacher is not None and number <= self.settings.teacher_iterations:
                source = teacher
            update = iterations.update(number, network, source)
            before = update.name
            maps = self._measured(update, network, number)
            updates.append(update)
            if update.facts["stopped"]:
                break
        return _Taught(network, teaching, tuple(updates), iterations, maps)

    def _teacher(self) -> tuple[LabelSource | None, Trained | None]:
        settings = self.settings
        if not settings.teacher:
            return None, None
        method = METHODS[settings.teacher_method](settings)
        network = self.stages.network(settings.teacher, purpose="teacher")
        trained = self.stages.teacher(network, method)
        return LabelSource(trained.name, network, method), trained

    def _compared(self, network: nn.Module, initial: Trained, taught: _Taught) -> list[ModelResult]:
        """The baseline trained as long (`network` goes on), and KIST."""
        models = []
        steps = [update for update in taught.updates if update.steps]
        if self.settings.baselines and steps:
            going_on = [self.stages.continued(network, number) for number in range(1, len(steps) + 1)]
            title, maps = "baseline, trained as long", self._maps(network)
            models.append(self._result("baseline", title, network, [initial, *going_on], maps))
        control = self.settings.control
        title = "KIST" if control == "none" else f"KIST, control {control}"
        teaching = [taught.teacher] if taught.teacher else []
        stages = [initial, *teaching, *taught.updates]
        models.append(self._result("kist", title, taught.network, stages, taught.maps))
        return models

    # ---- figures

    def _maps(self, network: nn.Module) -> RawMaps | None:
        """The model's maps of the test set, in the process that writes; None elsewhere, and without a test set."""
        if not self.shop.world.writes or not len(self.data.test):
            return None
        return RawMaps(network, self.stages.method, self.data, self.shop)

    def _measured(self, trained: Trained, network: nn.Module, iteration: int) -> RawMaps | None:
        """A line of the history; the maps for the figures that follow."""
        maps = self._maps(network)
        found = maps.figures(test_map(self.settings)) if maps else None
        self.history.append(history_row(iteration, trained, found))
        if found:
            overall = found.overall
            self.shop.listener(
                Measured(trained.name, overall.pixel_auroc, overall.aupro, overall.per_image_auroc)
            )
        return maps

    def _result(
        self, name: str, title: str, network: nn.Module, stages: list[Trained], maps: RawMaps | None
    ) -> ModelResult:
        parts: dict[str, Callable[[], Any]] = {
            "figures": lambda: self._figures(maps, use_filter=True),
            "raw": lambda: self._figures(maps, use_filter=False),
            "without": lambda: self._without(maps, use_filter=True),
            "raw_without": lambda: self._without(maps, use_filter=False),
            "decision": lambda: self._decided(name, network, maps),
        }
        said = told(self.shop.listener, "figures", f"figures of {title}", parts.items(), len(parts), "parts")
        found = {part: make() for part, make in said}
        return ModelResult(
            name=name,
            title=title,
            seconds=sum(stage.seconds for stage in stages),
            steps=sum(stage.steps for stage in stages),
            held_out=stages[-1].held_out,
            **found,
        )

    def _figures(
        self, maps: RawMaps | None, *, use_filter: bool, exclude: Collection[str] = ()
    ) -> Evaluation | None:
        """Figures on the test set, with intervals of the filtered map's."""
        if maps is None:
            return None
        transform = test_map(self.settings) if use_filter else raw_map
        return maps.figures(transform, intervals=use_filter, exclude=exclude)

    def _without(self, maps: RawMaps | None, *, use_filter: bool) -> Evaluation | None:
        """Figures without the defect types that the settings exclude; None where there are none of them."""
        left_out = {item.defect for item in self.data.test.items} & set(self.settings.exclude)
        return self._figures(maps, use_filter=use_filter, exclude=left_out) if left_out else None

    def _decided(self, name: str, network: nn.Module, maps: RawMaps | None) -> DecisionFigures | None:
        """Look at the normal images for the model's thresholds, and judge the test set by them."""
        if not self.shop.world.writes:
            return None
        shop, data, transform = replace(self.shop, world=World()), self.data, test_map(self.settings)
        transforms = {"map": transform, "raw": raw_map}
        self.levels[name] = normal_levels(
            network, self.stages.method, data.fit, data.held_out, shop, transforms
        )
        return maps.judged(transform, decision_of(self.settings, self.levels[name]["map"])) if maps else None

    # ---- files

    def _write(self, baseline: nn.Module, taught: _Taught | None, models: list[ModelResult]) -> None:
        final = taught.network if taught else baseline
        before, last = models[-2 if taught and len(models) > 1 else -1].name, models[-1].name
        if len(self.data.test):
            evidence = Evidence(self.data, replace(self.shop, world=World()), self.stages.method)
            panels = evidence.panels(baseline, final)
            limits = [decision_of(self.settings, self.levels[name]["map"]) for name in (before, last)]
            panels["thresholds"] = np.array([(d.image, d.pixel, d.reach) for d in limits])
            panels["usual"] = np.stack([_usual(limit) for limit in limits])
            write_arrays(self.folder.root / "panels.npz", panels)
            write_arrays(self.folder.root / "residuals.npz", evidence.histograms((baseline, final), limits))
        if taught:
            names = [rule["rule"] for rule in taught.updates[-1].facts["rules"]]
            write_labels(self.folder, self.data.anomalous, taught.iterations, names)
            assert self.request.rules is not None
            shop = replace(self.shop, world=World())
            source = self.stages.label_source(taught.updates[-1].facts.get("labelled_by", "initial"))
            found = distributions(self.request.rules, self.data, source, shop)
            write_arrays(self.folder.root / "properties.npz", found)
            kept = ("iteration", "labelled_by", "thresholds", "rules", "by_image")
            rules = [{name: u.facts[name] for name in kept if name in u.facts} for u in taught.updates]
            write_json(self.folder.firings, rules)
        write_csv(self.folder.history, self.history)
        self._write_model(final, self.levels[last])
        write_json(self.folder.metrics, metrics_json(models, self.settings))

    def _write_model(self, network: nn.Module, levels: Mapping[str, NormalLevels]) -> None:
        """The final network with all that localizing needs."""
        facts = {
            "settings": settings_json(self.settings),
            "channels": self.data.channels,
            "normal": {name: found.as_json() for name, found in levels.items()},
        }
        tensors.save(self.folder.model, tensors.weights(network), facts)
