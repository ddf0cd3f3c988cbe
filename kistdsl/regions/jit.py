"""How the kernels of this package are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile without the interpreter and its lock, IEEE arithmetic as written, kept on disk."""
    kernel: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(function)
    return kernel


njit = compiled
"""The same, as a decorator."""


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """The same, merged into each kernel that calls it: for what is called once a region or more.

    A call between kernels passes every array as seven numbers, and takes 0.1 us and more.
    """
    kernel: Callable[P, R] = numba.njit(nogil=True, error_model="numpy", inline="always", _nrt=False)(
        function
    )
    return kernel
