"""What makes anomaly maps of prepared images: a network in torch, or an exported model in onnxruntime."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings, make_settings
from kistdsl.kist.preparing import Bytes
from kistdsl.metrics import NormalLevels

Maps = NDArray[np.float32]

BACKENDS = {
    "torch": "kistdsl.kist.torch_mapper:TorchMapper",
    "onnx": "kistdsl.kist.onnx_mapper:OnnxMapper",
}
"""Each is imported only where it is used: a line that runs the exported model never loads torch."""

EXPORTED = "model.onnx"
"""Name of the exported model inside a run folder."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a stored model says of itself.

    Attributes:
        settings: of its run.
        channels: 1 or 3.
        levels: of "map" (filtered) and "raw" on normal images.
        rules: their text; "" without.
        silent_rules: names of the rules that took no part in the last iteration.
    """

    settings: Settings
    channels: int
    levels: Mapping[str, NormalLevels]
    rules: str
    silent_rules: tuple[str, ...]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], source: Path, device: str) -> Facts:
        """What `as_json` gave (the rules may be missing).

        Raises:
            InputError: it is of a version that knew no levels.
        """
        if "normal" not in stored:
            raise InputError(
                f"{source}: made by an earlier version of kistdsl, which did not keep what maps reach on normal "
                "images; without it there are no thresholds. Train again with the settings of its config.json"
            )
        return cls(
            make_settings({**stored["settings"], "device": device}),
            stored["channels"],
            {name: NormalLevels.from_json(found) for name, found in stored["normal"].items()},
            stored.get("rules", ""),
            tuple(stored.get("silent_rules", ())),
        )


class Mapper(Protocol):
    """Makes maps."""

    facts: Facts

    def maps(self, images: Sequence[Bytes], *, use_filter: bool) -> Maps:
        """(B, S, S) maps of B images, each (S, S) or (S, S, 3) uint8 (see `kistdsl.kist.preparing.fitted`)."""
        ...


def open_mapper(source: Path, *, device: str, backend: str) -> Mapper:
    """Open a run folder, or a model that `kistdsl export` wrote.

    Args:
        source: the folder, or a `.onnx` file.
        device: auto, cpu or cuda.
        backend: torch, onnx (of a folder its model.onnx), or auto: onnx for a file, and for a folder torch
            where it is installed.

    Raises:
        InputError: nothing there, not finished, or damaged.
    """
    if not source.exists():
        raise InputError(f"{source}: no such run folder or exported model")
    exported = source.is_file()
    if backend == "auto":
        backend = "onnx" if exported or importlib.util.find_spec("torch") is None else "torch"
    if exported and backend == "torch":
        raise InputError(f"{source}: an exported model runs in onnxruntime; name the run folder for torch")
    path = source / EXPORTED if backend == "onnx" and not exported else source
    if not path.exists():
        raise InputError(f"{path}: no exported model; write it with: kistdsl export {source}")
    module, _, name = BACKENDS[backend].partition(":")
    made: Mapper = getattr(importlib.import_module(module), name).open(path, device=device)
    return made
