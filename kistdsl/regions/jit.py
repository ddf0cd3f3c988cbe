"""How the kernels of this package are compiled."""

from __future__ import annotations

from collections.abc import Callable
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


def njit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel, kept on disk; it must not make arrays."""
    kernel: Callable[P, R] = numba.njit(cache=True, **_OPTIONS)(function)
    return kernel


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a part of a kernel into each one that calls it: for what is called once a region or more.

    A call between kernels passes every array as seven numbers.
    """
    kernel: Callable[P, R] = numba.njit(inline="always", **_OPTIONS)(function)
    return kernel
