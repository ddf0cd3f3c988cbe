"""Rounding of a program's constants to the dtype it is compiled for."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping

from kistdsl.diagnostics import InputError
from kistdsl.ir.nodes import Dtype
from kistdsl.language.memberships import MEMBERSHIPS, MembershipFunction


def _float32(x: float) -> float:
    return ctypes.c_float(x).value


ROUND: Mapping[Dtype, Callable[[float], float]] = {"float64": float, "float32": _float32}
"""Nearest value of a dtype, as a Python float. On one + - * / or sqrt of two float32 values, rounding
the float64 result gives the float32 result exactly."""


def positive(value: float, dtype: Dtype, what: str) -> float:
    """A scale factor or weight rounded to dtype.

    Raises:
        InputError: it becomes 0 or infinite there.
    """
    rounded = ROUND[dtype](value)
    if not 0.0 < rounded < math.inf:
        raise InputError(f"{what} = {value:g} cannot be held in {dtype}; use float64")
    return rounded


def cast(function: MembershipFunction, dtype: Dtype, what: str) -> MembershipFunction:
    """A membership function with its numbers rounded to dtype.

    Raises:
        InputError: a finite number becomes infinite, or the rounded numbers have no meaning (a sigma of 0).
    """
    rounded = function.cast(ROUND[dtype])
    pairs = zip(function.arguments, rounded.arguments, strict=True)
    lost = any(math.isinf(new) and not math.isinf(old) for old, new in pairs)
    problem = MEMBERSHIPS[function.kind].validate(rounded.arguments)
    if lost or problem:
        raise InputError(f"term {what} cannot be held in {dtype} ({problem or 'too large'}); use float64")
    return rounded
