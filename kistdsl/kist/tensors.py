"""Weights and optimiser state in safetensors files: written whole, nothing in them can run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError

_FACTS = "kistdsl"


def save(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON facts, whole or not at all.

    Raises:
        InputError: the folder cannot be written, or is full.
    """
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        try:
            save_file(stored, temporary, metadata={_FACTS: json.dumps(facts)})
        except SafetensorError as error:  # it wraps what the system says: no room, above all
            raise InputError(f"{path}: cannot be written: {error}") from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors (on the CPU) and facts of a file that `save` wrote.

    Raises:
        InputError: missing, damaged, or not written by kistdsl.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[_FACTS])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a whole safetensors file of kistdsl ({error})") from error


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, without what torch.compile puts before them."""
    return {name.replace("_orig_mod.", ""): tensor for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Set a network's weights.

    Raises:
        InputError: names or shapes are not the network's.
    """
    own = network.state_dict()
    wanted = {name: name.replace("_orig_mod.", "") for name in own}
    try:
        network.load_state_dict({name: tensors[stored] for name, stored in wanted.items()})
    except (KeyError, RuntimeError) as error:
        raise InputError(f"{source}: the weights do not fit this network ({error})") from error


def optimiser_state(optimiser: torch.optim.Adam, network: nn.Module) -> dict[str, Tensor]:
    """Adam's moments and step counts, by the parameters' names."""
    return {
        f"adam.{key}.{name}": value
        for name, parameter in network.named_parameters()
        for key, value in optimiser.state[parameter].items()
    }


def load_optimiser(optimiser: torch.optim.Adam, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Set what `optimiser_state` gave."""
    for name, parameter in network.named_parameters():
        state = dict(_state_of(name, tensors))
        optimiser.state[parameter] = {
            key: value if key == "step" else value.to(parameter.device) for key, value in state.items()
        }


def _state_of(name: str, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for full, tensor in tensors.items():
        if full.startswith("adam."):
            key, _, parameter = full.removeprefix("adam.").partition(".")
            if parameter == name:
                yield key, tensor
