"""The steps of rules on tensors: `kistdsl.language.exactmath` and the IR's arithmetic, bit for bit.

Every function is differentiable at finite arguments, works on any device that has the tensors' dtype (and
float64, for the functions that compute in it), and can be traced: no branch depends on a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from kistdsl.language import exactmath as em

_BIAS, _MANTISSA_BITS, _SMALLEST_NORMAL = 1023, 52, 2.0**-1022


def _power_of_two(k: Tensor) -> Tensor:
    """2.0 to the k for int64 k in -1022..1023, exactly: written into the exponent bits."""
    return ((k + _BIAS) << _MANTISSA_BITS).view(torch.float64)


def _scale(x: Tensor, k: Tensor) -> Tensor:
    """x times 2 to the k in two exact factors, so that k may leave the range of one."""
    half = torch.div(k, 2, rounding_mode="floor")
    return (x * _power_of_two(half)) * _power_of_two(k - half)


def _frexp(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mantissa in [0.5, 1) and int64 exponent of finite x > 0."""
    tiny = x < _SMALLEST_NORMAL
    normal = torch.where(tiny, x * 2.0**54, x)
    bits = normal.detach().view(torch.int64) >> _MANTISSA_BITS
    exponent = bits - (_BIAS - 1)
    return _scale(normal, -exponent), exponent - 54 * tiny.to(torch.int64)


def exp(x: Tensor) -> Tensor:
    """See `exactmath.exp`; float64."""
    unknown = torch.isnan(x)
    known = torch.where(unknown, 0.0, x).clamp(-em.EXP_LIMIT, em.EXP_LIMIT)
    k = torch.floor(known.detach() * em.LOG2E)
    r = torch.clamp((known - k * em.LN2_HI) - k * em.LN2_LO, min=0.0)
    p = torch.full_like(r, em.EXP_COEFFICIENTS[0])
    for coefficient in em.EXP_COEFFICIENTS[1:]:
        p = p * r + coefficient
    value = _scale(torch.clamp(p, max=2.0), k.to(torch.int64))
    return torch.where(unknown, x, value)


def log(x: Tensor) -> Tensor:
    """See `exactmath.log`; float64."""
    plain = (x > 0.0) & (x < math.inf)
    mantissa, exponent = _frexp(torch.where(plain, x, 1.0))
    e = (exponent - 1).to(torch.float64)
    s = 1.0 - 2.0 / (1.0 + 2.0 * mantissa)
    z = s * s
    p = torch.full_like(z, em.LOG_COEFFICIENTS[0])
    for coefficient in em.LOG_COEFFICIENTS[1:]:
        p = p * z + coefficient
    value = e * em.LN2_HI + (s * p + e * em.LN2_LO)
    value = torch.minimum(value, (e + 1.0) * em.LN2_HI + (e + 1.0) * em.LN2_LO)
    return torch.where(plain, value, torch.where(x == 0.0, -math.inf, x))


def whole_power(x: Tensor, n: int) -> Tensor:
    """See `exactmath.whole_power`."""
    result: Tensor | None = None
    square = x
    while True:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n == 0 and result is not None:
            return result
        square = square * square


def real_power(x: Tensor, y: Tensor) -> Tensor:
    """`exactmath.power` for y that is no whole number: exp(y log x); float64."""
    plain = (x > 0.0) & (x < math.inf)
    return torch.where(plain, exp(y * log(torch.where(plain, x, 1.0))), x)


def cbrt(x: Tensor) -> Tensor:
    """See `exactmath.cbrt`; float64."""
    plain = (x > 0.0) & (x < math.inf)
    mantissa, exponent = _frexp(torch.where(plain, x, 1.0))
    q = torch.div(exponent - 1, 3, rounding_mode="floor")
    root = torch.clamp(exp(log(_scale(mantissa, exponent - 3 * q)) / 3.0), max=2.0)
    return torch.where(plain, _scale(root, q), x)


# --- the steps of the IR, in its words (`kistdsl.ir.nodes`) ------------------------------------


def step(x: Tensor, at: Tensor, *, falling: bool) -> Tensor:
    holds = x <= at if falling else x >= at
    return torch.where(torch.isnan(x), x, holds.to(x.dtype))


def ramp(x: Tensor, zero: Tensor, width: Tensor, *, falling: bool) -> Tensor:
    return (zero - x if falling else x - zero) / width


def unit(x: Tensor) -> Tensor:
    return torch.where(x <= 0.0, 0.0, torch.where(x >= 1.0, 1.0, x))


def smooth(x: Tensor) -> Tensor:
    u = 1.0 - x
    return torch.where(x <= 0.5, 2.0 * (x * x), 1.0 - 2.0 * (u * u))


def gauss(x: Tensor, mean: Tensor, sigma: Tensor) -> Tensor:
    t = (x - mean) / sigma
    return exp((-0.5 * (t * t)).to(torch.float64)).to(x.dtype)


def bell(x: Tensor, width: Tensor, exponent: Tensor, center: Tensor, whole: int | None) -> Tensor:
    """`whole`: the exponent, where `exactmath.power` multiplies; None where it takes logarithms."""
    t = torch.abs((x - center) / width).to(torch.float64)
    power = real_power(t, exponent.to(torch.float64)) if whole is None else whole_power(t, whole)
    return 1.0 / (1.0 + power.to(x.dtype))


def logistic(x: Tensor, slope: Tensor, center: Tensor) -> Tensor:
    t = (x - center) * slope
    return 1.0 / (1.0 + exp((-t).to(torch.float64)).to(x.dtype))


def segment(x: Tensor, start: Tensor, end: Tensor, low: Tensor, high: Tensor) -> Tensor:
    line = low + (high - low) * ((x - start) / (end - start))
    return torch.clamp(line, torch.minimum(low, high), torch.maximum(low, high))


def _rounded_root(x: Tensor) -> Tensor:
    """Square root of 0 < x <= 1, correctly rounded: torch's own may be off by one ulp on some processors."""
    scaled = x * 2.0**600  # no product below underflows
    s = torch.sqrt(scaled)
    c = s * 134217729.0
    high = c - (c - s)
    low = s - high
    square = s * s
    error = ((high * high - square) + 2.0 * high * low) + low * low
    rest = (scaled - square) - error
    above, below = torch.nextafter(s, torch.full_like(s, math.inf)), torch.nextafter(s, torch.zeros_like(s))
    root = torch.where(rest > s * (above - s), above, torch.where(rest <= -s * (s - below), below, s))
    return root * 2.0**-300


def square_root(x: Tensor) -> Tensor:
    """Square root of x in [0, 1], with a gradient at 0 too (1, where the slope is infinite)."""
    plain = x > 0.0
    safe = torch.where(plain, x, 1.0)
    root = torch.sqrt(safe)
    correction = _rounded_root(safe.detach().to(torch.float64)).to(x.dtype) - root.detach()
    return torch.where(plain, root + correction, x)


HEDGES: dict[str, Callable[[Tensor], Tensor]] = {
    "very": lambda x: x * x,
    "extremely": lambda x: (x * x) * x,
    "somewhat": square_root,
    "slightly": lambda x: cbrt(x.to(torch.float64)).to(x.dtype),
}
"""Every hedge of the language."""


def bounded_difference(a: Tensor, b: Tensor) -> Tensor:
    t = (a + b) - 1.0
    return torch.where(t <= 0.0, 0.0, t)


def probabilistic_sum(a: Tensor, b: Tensor) -> Tensor:
    return a + b * (1.0 - a)


def bounded_sum(a: Tensor, b: Tensor) -> Tensor:
    t = a + b
    return torch.where(t >= 1.0, 1.0, t)


CONJUNCTION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "zadeh": torch.minimum,
    "product": torch.mul,
    "lukasiewicz": bounded_difference,
}
DISJUNCTION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "zadeh": torch.maximum,
    "product": probabilistic_sum,
    "lukasiewicz": bounded_sum,
}


def winners(grades: list[Tensor], skip_missing: bool) -> tuple[Tensor, Tensor]:
    """(grade, index among `grades` or -1): the first highest; NaN and -1 where unknown. At least one."""
    best = torch.full_like(grades[0], math.nan)
    index = torch.full(best.shape, -1, dtype=torch.int64, device=best.device)
    missing = torch.zeros(best.shape, dtype=torch.bool, device=best.device)
    for i, grade in enumerate(grades):
        unknown = torch.isnan(grade)
        better = ~(grade <= best) & ~unknown
        best, index = torch.where(better, grade, best), torch.where(better, i, index)
        missing = missing | unknown
    if not skip_missing:
        best, index = torch.where(missing, math.nan, best), torch.where(missing, -1, index)
    return best, index
