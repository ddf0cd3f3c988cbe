"""Numbers and texts as written, and what they stand for."""

from __future__ import annotations

import math
import re

from kistdsl.language import ast

_PERCENT = re.compile(r"([+-]?[\d.]+)(?:[eE]([+-]?\d+))?%")
_LONGEST_EXPONENT = 18
"""Digits of an exponent beyond which the number is 0 or infinite whatever its mantissa."""


def number_value(text: str) -> float:
    """The float64 nearest to a number as written; `2%` is the float nearest to 0.02.

    A percentage is read by moving the decimal exponent, so it is rounded once: dividing the float 2.0 by
    100 would round twice. A number beyond the float64 range gives an infinity.
    """
    if not text.endswith("%"):
        return float(text)
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a percentage")
    mantissa, exponent = match[1], match[2] or "0"
    if len(exponent.lstrip("+-0")) > _LONGEST_EXPONENT:
        return _extreme(mantissa, negative_exponent=exponent.startswith("-"))
    return float(f"{mantissa}e{int(exponent) - 2}")


def _extreme(mantissa: str, *, negative_exponent: bool) -> float:
    sign = -1.0 if mantissa.startswith("-") else 1.0
    if negative_exponent or not mantissa.strip("+-0."):
        return math.copysign(0.0, sign)
    return sign * math.inf


def written_infinite(text: str) -> bool:
    """True for `inf`, `-inf`; False for a number that only overflows."""
    return text.lstrip("+-").lower() == "inf"


def overflows(number: ast.Number) -> bool:
    """True for a number that is too large to be stored; the parser has reported it."""
    return math.isinf(number.value) and not written_infinite(number.text)


def text_value(token: str) -> str:
    """What stands between the quotes; there are no escapes, so `..\\other.kr` is what it looks like."""
    return token[1:-1]
