"""Maps of a run's final network, in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kistdsl.data.images import to_gray
from kistdsl.data.layouts import Item
from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors
from kistdsl.kist.devices import choose_device
from kistdsl.kist.distributed import World
from kistdsl.kist.events import ignore
from kistdsl.kist.inference import filtered, maps_of
from kistdsl.kist.mappers import Facts, Maps
from kistdsl.kist.methods import METHODS, Method
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.preparing import Bytes, exposure_factor
from kistdsl.kist.run_folder import RunFolder, read_json
from kistdsl.kist.stacks import Stack
from kistdsl.kist.training import Workshop


class TorchMapper:
    """Runs the network of a run folder."""

    def __init__(self, facts: Facts, network: torch.nn.Module, shop: Workshop) -> None:
        self.facts, self.network, self.shop = facts, network, shop
        self.method: Method = METHODS[facts.settings.base_method](facts.settings)

    @classmethod
    def open(cls, run: Path, *, device: str) -> TorchMapper:
        """Load the model of a run folder.

        Raises:
            InputError: not finished, or weights that do not fit.
        """
        folder = RunFolder(run)
        if not folder.model.is_file():
            raise InputError(f"{folder.root}: no model.safetensors; is the run finished? (train --resume)")
        weights, stored = tensors.load(folder.model)
        facts = replace(Facts.from_json(stored, folder.model, device), **_rules_of(folder))
        settings = facts.settings
        where = choose_device(settings)
        network = Margin(build(settings.model, settings, facts.channels), settings.margin)
        tensors.load_weights(network, weights, folder.model)
        network = network.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(facts, network.eval(), Workshop(folder.stages, settings, where, World(), ignore))

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


def _rules_of(folder: RunFolder) -> dict[str, Any]:
    """The rules' text, and which of them took no part in the last iteration."""
    if not folder.rules.is_file():
        return {}
    iterations = read_json(folder.firings) if folder.firings.is_file() else []
    last = iterations[-1].get("rules", []) if iterations else []
    silent = tuple(firing["rule"] for firing in last if firing["set_aside"])
    return {"rules": folder.rules.read_text(encoding="utf-8"), "silent_rules": silent}
