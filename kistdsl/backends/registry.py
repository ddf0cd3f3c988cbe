"""Backends by name, imported only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from kistdsl.backends.base import Backend
from kistdsl.diagnostics import InputError

BACKENDS: Mapping[str, str] = {
    "numba": "kistdsl.backends.numba_backend:NumbaBackend",
    "numpy": "kistdsl.backends.numpy_backend:NumpyBackend",
    "torch": "kistdsl.backends.torch_backend:TorchBackend",
}
"""Name -> "module:Class"."""


def backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        InputError: there is none, or what it needs is not installed.
    """
    try:
        module, _, attribute = BACKENDS[name].partition(":")
    except KeyError:
        raise InputError(f"no backend {name!r}: choose one of {', '.join(BACKENDS)}") from None
    try:
        made: Backend = getattr(importlib.import_module(module), attribute)()
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == "kistdsl":
            raise
        raise InputError(f"backend {name!r} needs the package {error.name}, which is not installed") from None
    return made
