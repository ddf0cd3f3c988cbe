"""Options that choose where an anomaly map becomes a decision, for `localize` and `evaluate`."""

from __future__ import annotations

import argparse
from math import inf, isfinite

NAMES = ("threshold", "sigmas", "false_alarms", "false_pixels")
"""Where the options are stored."""


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("thresholds, in place of the run's own (docs/localize.md)")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--false-alarms", type=_share, metavar="RATE", help="share of normal images that may be an alarm"
    )
    one.add_argument("--sigmas", type=_finite, metavar="K", help="mu + K sigma of normal images")
    one.add_argument("--threshold", type=_finite, metavar="VALUE", help="this value of the map")
    group.add_argument(
        "--false-pixels",
        type=_share,
        metavar="SHARE",
        help="a found region reaches as far as the map exceeds what this share of normal pixels does",
    )


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = inf
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def _share(text: str) -> float:
    """`0.01` or `1%`, between 0 and 1."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; write 0.01 or 1%")
    return value
