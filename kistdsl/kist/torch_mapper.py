"""Maps of a run's networks, in torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kistdsl.data.images import to_gray
from kistdsl.data.layouts import Item
from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors
from kistdsl.kist.batches import iteration_name
from kistdsl.kist.devices import choose_device
from kistdsl.kist.distributed import World
from kistdsl.kist.events import ignore
from kistdsl.kist.inference import filtered, maps_of
from kistdsl.kist.labelling import Mask
from kistdsl.kist.mappers import Facts, Maps
from kistdsl.kist.methods import METHODS, Method
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.preparing import Bytes, exposure_factor
from kistdsl.kist.rule_check import unpacked_usual
from kistdsl.kist.run_folder import RunFolder, read_json
from kistdsl.kist.stacks import Stack
from kistdsl.kist.stages import labelling_method
from kistdsl.kist.training import Workshop


@dataclass(frozen=True, slots=True, eq=False)
class LabelView:
    """What a run's last labels came from.

    Attributes:
        mapper: the network whose residual was judged.
        thresholds: of each candidate map.
        usual: (S, S) bool by rule, where what it found was dropped.
    """

    mapper: TorchMapper
    thresholds: Mapping[str, Sequence[float]]
    usual: Mapping[str, Mask]


class TorchMapper:
    """Runs a network of a run folder: the final one, or that of a stage.

    Args:
        facts: of the run.
        weights: file of the network.
        stage: its name; "" for the final network.
    """

    def __init__(self, facts: Facts, weights: Path, stage: str = "") -> None:
        self.facts = facts
        settings = facts.settings
        model, method = labelling_method(stage, settings)
        self.method: Method = METHODS[method](settings)
        network = Margin(build(model, settings, facts.channels), settings.margin)
        found, _ = tensors.load(weights)
        tensors.load_weights(network, found, weights)
        where = choose_device(settings)
        network = network.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network.eval()
        self.shop = Workshop(weights.parent, settings, where, World(), ignore)

    @classmethod
    def open(cls, run: Path, *, device: str) -> TorchMapper:
        """Load the model of a run folder.

        Raises:
            InputError: not finished, or weights that do not fit.
        """
        folder = RunFolder(run)
        return cls(_facts_of(folder, device), folder.model)

    @classmethod
    def of_labels(cls, run: Path, *, device: str) -> LabelView | None:
        """The network whose residual gave a run's last labels, its thresholds, and what was dropped.

        None where that is not known: a run without labels, of an earlier version, or without its stages.

        Raises:
            InputError: as `open`.
        """
        folder = RunFolder(run)
        facts = _facts_of(folder, device)
        last = _last_labels(folder)
        stage = last.get("labelled_by", "")
        weights = folder.stage(stage)
        if not stage or not weights.is_file():
            return None
        return LabelView(cls(facts, weights, stage), last["thresholds"], _usual_of(folder, last, facts))

    def maps(self, images: Sequence[Bytes], *, use_filter: bool) -> Maps:
        """See `kistdsl.kist.mappers.Mapper`."""
        settings = self.facts.settings
        pixels = np.stack([image[:, :, None] if image.ndim == 2 else image for image in images])
        levels = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        factors = [exposure_factor(image, settings) for image in images]
        items = tuple(Item(str(i), Path(str(i)), "", str(i)) for i in range(len(images)))
        where = self.shop.device
        stack = Stack(items, levels.to(where), torch.tensor(factors, dtype=torch.float32).to(where))
        raws = maps_of(self.network, self.method, stack, self.shop)
        if not use_filter:
            return np.stack(list(raws))
        return np.stack([filtered(settings, to_gray(i), raw) for i, raw in zip(images, raws, strict=True)])


def _facts_of(folder: RunFolder, device: str) -> Facts:
    if not folder.root.is_dir():
        raise InputError(f"{folder.root}: no such run folder")
    if not folder.model.is_file():
        raise InputError(f"{folder.root}: no model.safetensors; is the run finished? (train --resume)")
    _, stored = tensors.load(folder.model)
    return replace(Facts.from_json(stored, folder.model, device), **_rules_of(folder))


def _last_labels(folder: RunFolder) -> dict[str, Any]:
    """What rules.json says of the last iteration."""
    iterations = read_json(folder.firings) if folder.firings.is_file() else []
    return dict(iterations[-1]) if iterations else {}


def _usual_of(folder: RunFolder, last: Mapping[str, Any], facts: Facts) -> dict[str, Mask]:
    """Where each rule's finds were dropped in an iteration; nowhere for a run that did not write it down."""
    path = folder.stage(iteration_name(last["iteration"]))
    stored = tensors.load(path)[0] if path.is_file() else {}
    return unpacked_usual({name: found.numpy() for name, found in stored.items()}, facts.settings.size)


def _rules_of(folder: RunFolder) -> dict[str, Any]:
    """The rules' text, and which of them took no part in the last iteration."""
    if not folder.rules.is_file():
        return {}
    last = _last_labels(folder).get("rules", [])
    silent = tuple(firing["rule"] for firing in last if firing["set_aside"])
    return {"rules": _text(folder.rules), "silent_rules": silent}


def _text(rules: Path) -> str:
    try:
        return rules.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{rules}: is not UTF-8 text") from error
