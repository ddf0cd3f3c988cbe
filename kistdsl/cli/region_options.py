"""Options that say what a region is: shared by `label`, `regions` and `audit`."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapSetting:
    """A map asked for by `--maps NAME[:MU:SIGMA]`."""

    name: str
    spread: tuple[float, float] | None

    @classmethod
    def parse(cls, text: str) -> MapSetting:
        """Whether there is such a map shows when it is made.

        Raises:
            argparse.ArgumentTypeError: another form, or MU and SIGMA are no numbers.
        """
        name, *numbers = text.split(":")
        try:
            if len(numbers) not in (0, 2):
                raise ValueError
            return cls(name, (float(numbers[0]), float(numbers[1])) if numbers else None)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r}: write NAME or NAME:MU:SIGMA") from None


def map_settings(text: str) -> tuple[MapSetting, ...]:
    """`residual,darkness:0.1:0.05` as settings."""
    return tuple(MapSetting.parse(part.strip()) for part in text.split(","))


def pixel_count(text: str) -> int:
    """A number of pixels, at least 1."""
    if not text.isdecimal() or not 1 <= int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {2**31 - 1}")
    return int(text)


def add_region_options(parser: argparse.ArgumentParser) -> None:
    """Options that say what a region is."""
    group = parser.add_argument_group("regions")
    group.add_argument(
        "--mu", type=float, help="mean residual of normal images (default: of the residuals given)"
    )
    group.add_argument("--sigma", type=float, help="standard deviation of the residual of normal images")
    group.add_argument(
        "--step", type=float, default=0.3, help="thresholds every STEP sigma, from 1 to 3 sigma (default 0.3)"
    )
    group.add_argument(
        "--min-area", type=pixel_count, default=1, metavar="PIXELS", help="smallest region (default 1)"
    )
    group.add_argument(
        "--maps",
        type=map_settings,
        default=(MapSetting("residual", None),),
        metavar="NAME[:MU:SIGMA],...",
        help="where regions come from: residual, darkness, brightness, colour; NAME@P smoothed over P %% of"
        " the side (default: residual)",
    )
    group.add_argument(
        "--threads",
        type=worker_count,
        default=1,
        metavar="N",
        help="images at once; 0: one a core (default 1)",
    )


def worker_count(text: str) -> int:
    """A number of threads; 0 for as many as there are cores."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text) or os.cpu_count() or 1
