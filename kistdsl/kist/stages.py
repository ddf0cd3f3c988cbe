"""Stages of a run: networks trained on normal images, each stored when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors
from kistdsl.kist.batches import NormalBatches, steps_for
from kistdsl.kist.config import Settings
from kistdsl.kist.inference import held_out_loss
from kistdsl.kist.methods import METHODS, Method
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.product_data import RunData
from kistdsl.kist.training import HeldOut, Progress, Stage, StepLoss, Workshop, run_stage


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished stage.

    Attributes:
        name: of the stage and its file.
        steps, seconds: of this stage alone (labelling included).
        held_out: its loss on held-out normal images.
        loss: last mean training loss; None where nothing was trained.
        facts: what else is known of it, as JSON (see `kistdsl.kist.iterations`).
    """

    name: str
    steps: int
    seconds: float
    held_out: float
    loss: float | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class LabelSource:
    """Whose residuals the labels come from.

    Attributes:
        stage: its name.
        network, method: whose residual is judged.
    """

    stage: str
    network: nn.Module
    method: Method


TEACHER = "teacher"
"""Name of the stage in which another network learns, for the first labels."""


def labelling_method(stage: str, settings: Settings) -> tuple[str, str]:
    """Network and method, by name, of a stage that labels came from."""
    if stage == TEACHER and settings.teacher:
        return settings.teacher, settings.teacher_method
    return settings.model, settings.base_method


class Stages:
    """The stages of one run on loaded data; each is stored, and taken from its file if it is there.

    Args:
        data: images.
        shop: settings, device, processes, listener, and the folder of the stages.
    """

    def __init__(self, data: RunData, shop: Workshop) -> None:
        self.data = data
        self.shop = shop
        self.settings: Settings = shop.settings
        self.method: Method = METHODS[self.settings.base_method](self.settings)

    # ---- models

    def network(self, name: str, *, purpose: str = "model") -> nn.Module:
        """A fresh network on the device."""
        made = build(name, self.settings, self.data.channels, purpose=purpose)
        network = Margin(made, self.settings.margin).eval()
        network.to(self.shop.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.settings.compile:
            network.compile()
        return network

    def stored(self, name: str, network: nn.Module) -> Trained | None:
        """Load a finished stage into `network`; None where there is none."""
        path = self.shop.folder / f"{name}.safetensors"
        if not path.is_file():
            return None
        found, facts = tensors.load(path)
        tensors.load_weights(network, found, path)
        return Trained(**facts)

    def store(
        self, trained: Trained, network: nn.Module, extra: Mapping[str, Tensor] | None = None
    ) -> Trained:
        """Write a finished stage (and `extra` tensors); the unfinished one's checkpoint goes."""
        if self.shop.world.writes:
            path = self.shop.folder / f"{trained.name}.safetensors"
            tensors.save(path, {**tensors.weights(network), **(extra or {})}, asdict(trained))
            self.shop.checkpoint.unlink(missing_ok=True)
        self.shop.world.wait()
        return trained

    def held_out(self, network: nn.Module, method: Method) -> HeldOut:
        return lambda: held_out_loss(network, method, self.data.held_out, self.shop)

    def run(self, stage: Stage, network: nn.Module, loss: StepLoss, method: Method) -> Trained:
        """Run a stage and describe it; the caller stores it."""
        watch = self.held_out(network, method)
        progress = run_stage(stage, network, loss, watch, self.shop)
        return trained(stage.name, progress, watch())

    def label_source(self, stage: str) -> LabelSource:
        """A finished stage, from its file, to look at what the labels came from.

        Raises:
            InputError: the file is gone.
        """
        model, method = labelling_method(stage, self.settings)
        network = self.network(model, purpose="teacher" if stage == TEACHER else "model")
        if self.stored(stage, network) is None:
            raise InputError(
                f"{self.shop.folder / stage}.safetensors: missing; the labels came from this network"
            )
        return LabelSource(stage, network, METHODS[method](self.settings))

    # ---- stages on normal images

    def initial(self, network: nn.Module) -> Trained:
        """Eq. 8 on the normal images."""
        return self.on_normal("initial", "initial model", network, self.method, self.settings.epochs)

    def teacher(self, network: nn.Module, method: Method) -> Trained:
        """Another network, for the first labels."""
        return self.on_normal(TEACHER, "teacher", network, method, self.settings.teacher_epochs)

    def on_normal(self, name: str, title: str, network: nn.Module, method: Method, epochs: int) -> Trained:
        """`epochs` passes over the normal images."""
        found = self.stored(name, network)
        if found:
            return found
        settings = self.settings
        steps = steps_for(epochs, len(self.data.fit), settings.batch)
        loss = NormalBatches(name, network, method, self.data.fit, settings.batch, self.shop)
        stage = Stage(name, title, steps, settings.learning_rate, images=settings.batch, epochs=epochs)
        return self.store(self.run(stage, network, loss, method), network)

    def continued(self, network: nn.Module, number: int) -> Trained:
        """The baseline trained on: as many steps, as large batches, as one model update (lambda 0)."""
        name = f"continued-{number}"
        found = self.stored(name, network)
        if found:
            return found
        settings = self.settings
        stage = Stage(
            name,
            f"baseline, going on {number}",
            settings.iteration_steps,
            settings.iteration_rate,
            images=settings.iteration_batch,
        )
        loss = NormalBatches(name, network, self.method, self.data.fit, settings.iteration_batch, self.shop)
        return self.store(self.run(stage, network, loss, self.method), network)


def trained(name: str, progress: Progress, held_out: float) -> Trained:
    """What a stage that ran to its end came to."""
    loss = progress.losses[-1][1] if progress.losses else None
    return Trained(name, progress.done, progress.seconds, held_out, loss, {})
