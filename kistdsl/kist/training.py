"""One stage of training: so many steps of Adam on a loss, resumable at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from math import cos, isfinite, pi
from pathlib import Path

import torch
from torch import Tensor, nn

from kistdsl.diagnostics import InputError, KistError
from kistdsl.kist import tensors
from kistdsl.kist.config import Settings
from kistdsl.kist.distributed import World
from kistdsl.kist.events import Advanced, Listener, StageEnded, StageStarted
from kistdsl.kist.seed import global_draws
from kistdsl.kist.stopping import Stop

REPORT_EVERY = 10
"""Steps between two looks at the loss (each waits for the device); checkpoints fall on them, but for the
one that Ctrl-C asks for."""

StepLoss = Callable[[int], Tensor]
"""Step number to this process's part of the loss; the parts of all processes add up to it."""

HeldOut = Callable[[], float]
"""The network's loss on held-out normal images."""


class Collapse(KistError):
    """A stage ended early: its loss is not a number, or held-out normal images are no longer reconstructed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training.

    Attributes:
        name: names its files and its random draws.
        title: for people.
        steps: of Adam.
        learning_rate: after the warm-up.
        guard_limit: held-out loss above which the stage is given up; inf for none.
        images: that go into a step; 0: not said.
        epochs: passes over the normal images that the steps make; 0: not counted so.
    """

    name: str
    title: str
    steps: int
    learning_rate: float
    guard_limit: float = float("inf")
    images: int = 0
    epochs: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is.

    Attributes:
        done: steps done.
        seconds: time spent on them, over all attempts.
        losses: (steps done, mean loss since the one before) every `REPORT_EVERY` steps.
        pending: sum of the losses since then.
    """

    done: int = 0
    seconds: float = 0.0
    losses: tuple[tuple[int, float], ...] = field(default=())
    pending: float = 0.0


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every stage of a run shares.

    Attributes:
        folder: where checkpoints lie.
        settings, device, world: of the run.
        listener: told what happens.
        stop: whether the run is to end.
    """

    folder: Path
    settings: Settings
    device: torch.device
    world: World
    listener: Listener
    stop: Stop = field(default_factory=Stop)

    @property
    def checkpoint(self) -> Path:
        """The one unfinished stage."""
        return self.folder / "checkpoint.safetensors"

    def stopping(self, *, exchange: bool) -> bool:
        """Whether the run ends here, the same in all processes; several ask each other where `exchange`."""
        if self.world.size == 1:
            return self.stop.asked
        if not exchange:
            return False
        asked = torch.tensor(float(self.stop.asked), device=self.device)
        return bool(self.world.add_up(asked) > 0)

    def autocast(self) -> AbstractContextManager[None]:
        """bfloat16 for the network where the settings ask for it."""
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


def rate(stage: Stage, step: int, settings: Settings) -> float:
    """Learning rate of step `step` (from 0): a linear warm-up, then constant or a cosine to 0."""
    warmup = min(settings.warmup, stage.steps // 2)
    if step < warmup:
        return stage.learning_rate * (step + 1) / warmup
    if settings.schedule == "constant":
        return stage.learning_rate
    return stage.learning_rate * 0.5 * (1 + cos(pi * (step - warmup) / (stage.steps - warmup)))


def run_stage(
    stage: Stage, network: nn.Module, loss: StepLoss, held_out: HeldOut, shop: Workshop
) -> Progress:
    """Train `network` through `stage`, from its checkpoint where there is one.

    Raises:
        Collapse: the loss is not finite, or the held-out loss passed the stage's limit.
        InputError: the device's memory does not suffice, naming the batch settings.
        KeyboardInterrupt: the end was asked for; the checkpoint holds every step that was made.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=stage.learning_rate)
    progress = _resume(stage, network, optimiser, shop)
    shop.listener(
        StageStarted(
            stage.name, stage.title, stage.steps, progress.done, epochs=stage.epochs, images=stage.images
        )
    )
    network.train()
    try:
        progress = _steps(stage, network, optimiser, loss, held_out, progress, shop)
    except torch.OutOfMemoryError as error:
        raise _out_of_memory(shop.settings) from error
    finally:
        network.eval()
    shop.listener(StageEnded(stage.name))
    return progress


def _out_of_memory(settings: Settings) -> InputError:
    return InputError(
        f"out of memory on the device with batch = {settings.batch}, iteration_batch = "
        f"{settings.iteration_batch}, size = {settings.size}: take a smaller batch (--set batch=...)"
    )


def _steps(
    stage: Stage,
    network: nn.Module,
    optimiser: torch.optim.Adam,
    loss: StepLoss,
    held_out: HeldOut,
    progress: Progress,
    shop: Workshop,
) -> Progress:
    begun = time.monotonic()
    before = progress.seconds
    saved = begun
    total = torch.full((), progress.pending, dtype=torch.float64, device=shop.device)
    with shop.stop.noted():
        for step in range(progress.done, stage.steps):
            total += _step(stage, network, optimiser, loss, step, shop)
            done = step + 1
            progress = replace(progress, done=done, seconds=before + time.monotonic() - begun)
            look = done % REPORT_EVERY == 0 or done == stage.steps
            if look:
                progress = _reported(progress, stage, total, shop)
                total.zero_()
            if done % shop.settings.guard_every == 0 or done == stage.steps:
                _guard(stage, network, held_out)
            stopping = shop.stopping(exchange=look)
            due = time.monotonic() - saved >= shop.settings.checkpoint_seconds
            if stopping or (due and look and done < stage.steps):
                _save(stage, network, optimiser, replace(progress, pending=float(total)), shop)
                saved = time.monotonic()
            if stopping:
                shop.world.wait()  # one that ended before the checkpoint is whole might have the others killed
                raise KeyboardInterrupt
    return progress


def _step(
    stage: Stage,
    network: nn.Module,
    optimiser: torch.optim.Adam,
    loss: StepLoss,
    step: int,
    shop: Workshop,
) -> Tensor:
    """One step of Adam; this process's part of its loss."""
    for group in optimiser.param_groups:
        group["lr"] = rate(stage, step, shop.settings)
    optimiser.zero_grad()
    with global_draws(shop.device, shop.settings.seed, stage.name, "network", shop.world.rank, step):
        value = loss(step)
        value.backward()  # type: ignore[no-untyped-call]
    shop.world.add_gradients(network.parameters())
    optimiser.step()
    return value.detach()


def _reported(progress: Progress, stage: Stage, total: Tensor, shop: Workshop) -> Progress:
    since = progress.done - (progress.losses[-1][0] if progress.losses else 0)
    mean = float(shop.world.add_up(total.clone())) / since
    if not isfinite(mean):
        raise Collapse(f"{stage.title}: the loss is not a number after {progress.done} steps")
    shop.listener(Advanced(stage.name, progress.done, f"loss {mean:.5f}"))
    return replace(progress, losses=(*progress.losses, (progress.done, mean)))


def _guard(stage: Stage, network: nn.Module, held_out: HeldOut) -> None:
    network.eval()
    value = held_out()
    network.train()
    if not isfinite(value):
        raise Collapse(f"{stage.title}: the loss on held-out normal images is not a number")
    if value > stage.guard_limit:
        raise Collapse(
            f"{stage.title}: the loss on held-out normal images rose to {value:.5f}, "
            f"limit {stage.guard_limit:.5f}"
        )


def _save(
    stage: Stage, network: nn.Module, optimiser: torch.optim.Adam, progress: Progress, shop: Workshop
) -> None:
    if not shop.world.writes:
        return
    facts = {
        "stage": stage.name,
        "done": progress.done,
        "seconds": progress.seconds,
        "losses": progress.losses,
        "pending": progress.pending,
    }
    state = {f"model.{name}": value for name, value in tensors.weights(network).items()}
    tensors.save(shop.checkpoint, {**state, **tensors.optimiser_state(optimiser, network)}, facts)


def _resume(stage: Stage, network: nn.Module, optimiser: torch.optim.Adam, shop: Workshop) -> Progress:
    if not shop.checkpoint.is_file():
        return Progress()
    stored, facts = tensors.load(shop.checkpoint)
    if facts["stage"] != stage.name:
        return Progress()
    model = {name.removeprefix("model."): t for name, t in stored.items() if name.startswith("model.")}
    tensors.load_weights(network, model, shop.checkpoint)
    tensors.load_optimiser(optimiser, network, stored)
    losses = tuple((int(done), float(mean)) for done, mean in facts["losses"])
    pending = facts.get("pending", 0.0)  # earlier versions saved only where there is none
    return Progress(facts["done"], facts["seconds"], losses, pending)
