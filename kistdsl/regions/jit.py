"""How the kernels of this package are compiled."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core.options import DefaultOptions

P = ParamSpec("P")
R = TypeVar("R")

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
"""Without the interpreter and its lock; IEEE arithmetic as written, nothing reordered."""

if hasattr(DefaultOptions, "_nrt"):
    # The kernels make no arrays, so their references need no counting: callers hold them. Counting is an
    # atomic operation for each array and call, and took two thirds of the time of a pseudo-label.
    _OPTIONS["_nrt"] = False


_SOURCES = sha256(b"".join(p.read_bytes() for p in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


def njit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel, kept on disk where that is possible; it must not make arrays."""
    try:
        kernel: Any = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no folder to keep it in: neither beside this file nor in the user's home
        kernel = numba.njit(**_OPTIONS)(function)
    # A kernel holds the kernels that it calls, but numba looks at the date of its own file only: after a
    # change to another one it would run the old code.
    file: Any = getattr(kernel._cache, "_cache_file", None)
    if hasattr(file, "_source_stamp"):
        file._source_stamp = _SOURCES
    compiled: Callable[P, R] = kernel
    return compiled


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a part of a kernel into each one that calls it: for what is called once a region or more.

    A call between kernels passes every array as seven numbers.
    """
    kernel: Callable[P, R] = numba.njit(inline="always", **_OPTIONS)(function)
    return kernel
