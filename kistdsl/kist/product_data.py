"""The images of a run: what trains, what watches, what is labelled, what tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from kistdsl.data.layouts import Item, Line
from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings
from kistdsl.kist.events import Advanced, Listener, StageEnded, StageStarted
from kistdsl.kist.preparing import load_masks
from kistdsl.kist.seed import numpy_generator
from kistdsl.kist.stacks import Stack, channels_of, load_stack

_STAGE = "images"


@dataclass(frozen=True, slots=True, eq=False)
class RunData:
    """All images of a run, resident.

    Attributes:
        fit: normal images that train.
        held_out: normal images that never train.
        anomalous: weakly labelled images; may be empty.
        test: test images; may be empty.
        masks: ground truth of test images by name, at the metric's size.
        ceiling: (N, S, S) bool ground truth of the weakly labelled images, for the control `true-masks`
            alone; None in every other run.
        channels: 1 or 3.
    """

    fit: Stack
    held_out: Stack
    anomalous: Stack
    test: Stack
    channels: int
    masks: dict[str, NDArray[np.bool_]] = field(repr=False)
    ceiling: NDArray[np.bool_] | None = field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """Identifies the images, by name and by pixel, and their parts in the run."""
        found = hashlib.sha256()
        for part in (self.fit, self.held_out, self.anomalous, self.test):
            found.update("\n".join((*(item.name for item in part.items), "")).encode())
            found.update(part.pixels.cpu().contiguous().numpy().tobytes())
        return found.hexdigest()[:16]


def hold_out(items: Sequence[Item], share: float, seed: int) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Normal images that train, and those that watch: whole groups, about `share` of all, at least one.

    Raises:
        InputError: fewer than two groups.
    """
    groups = sorted({item.group for item in items})
    if len(groups) < 2:
        raise InputError(f"{len(groups)} group of normal training images: at least 2 are needed")
    order = numpy_generator(seed, "held out").permutation(len(groups))
    watching: set[str] = set()
    count = 0
    for index in order[:-1]:
        watching.add(groups[index])
        count += sum(item.group == groups[index] for item in items)
        if count >= share * len(items):
            break
    return (
        tuple(item for item in items if item.group not in watching),
        tuple(item for item in items if item.group in watching),
    )


def load_data(line: Line, settings: Settings, device: torch.device, listener: Listener) -> RunData:
    """Read all images of a line.

    Raises:
        InputError: an image cannot be read, too few normal ones, or masks that say nothing.
    """
    fit, held_out = hold_out(line.train_good, settings.held_out, settings.seed)
    total = len(line.train_good) + len(line.train_anomalous) + len(line.test)
    listener(StageStarted(_STAGE, "reading images", total, 0, "images"))
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        listener(Advanced(_STAGE, done))

    channels = channels_of(line, settings)

    def stack(items: Sequence[Item]) -> Stack:
        return load_stack(items, settings, channels, device, step)

    data = RunData(
        fit=stack(fit),
        held_out=stack(held_out),
        anomalous=stack(line.train_anomalous),
        test=stack(line.test),
        channels=channels,
        masks=load_masks(line.test, settings.metric_size or settings.size),
        ceiling=_ceiling(line, settings.size) if settings.control == "true-masks" else None,
    )
    listener(StageEnded(_STAGE))
    _require_defects(line, data, settings)
    return data


def _require_defects(line: Line, data: RunData, settings: Settings) -> None:
    """Masks that mark nothing give no figures: that is said before the training, not after it.

    Raises:
        InputError: no mask marks a pixel, of all test images or of those that the figures are given for.
    """
    excluded = {item.defect for item in line.test} & set(settings.exclude)
    for left_out in (set(), excluded):
        items = [item for item in line.test if item.defect not in left_out]
        masks = [data.masks[item.name] for item in items if item.name in data.masks]
        if (masks or not items) and line.test and not any(mask.any() for mask in masks):
            side = settings.metric_size or settings.size
            types = f" without {', '.join(sorted(left_out))}" if left_out else ""
            raise InputError(
                f"{line.root}: no mask of the test images{types} marks a pixel at {side}x{side}, so there are no "
                "figures; masks are 0 and 255"
            )


def _ceiling(line: Line, side: int) -> NDArray[np.bool_]:
    """Ground truth of the weakly labelled images; of one without any, nothing.

    Raises:
        InputError: there is none at all.
    """
    if not line.ceiling_masks:
        raise InputError(f"{line.root}: control true-masks: no mask of a weakly labelled image is known")
    known = line.ceiling_masks
    masked = [replace(item, mask=known.get(item.name)) for item in line.train_anomalous]
    found = load_masks(masked, side)
    empty = np.zeros((side, side), np.bool_)
    return np.stack([found.get(item.name, empty) for item in masked])
