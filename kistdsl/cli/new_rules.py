"""The first rule file of a new product line: terms read off its normal images, explained in comments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.normal_regions import NormalRegions
from kistdsl.schema import BUILTIN

MOST_VARYING = 6
"""How many properties are listed as following the image."""

COLOUR = ("redness", "chroma")
_OF_THE_RESIDUAL = ("residual_mean", "residual_peak")

_HEAD = """\
# Rules for {name}.
#
# A rule says what a region that stands out must look like to be called a defect. {source}
# Change the terms to what you know of the product, then:
#   kistdsl check rules.kr         every problem in this file
#   kistdsl suggest --data data    scale factors from the normal images
#   kistdsl train --data data --rules rules.kr --config kistdsl.toml --out run
product "{name}"
"""

_MEASURED = """\
The terms below were read
# off {regions} regions of {images} normal images: a term holds fully where 1 % of them lie, and not at all for 95 %."""

_UNMEASURED = """\
The terms below are guesses:
# make the file anew with `kistdsl init DIR --images FOLDER` once there are normal images."""


_BETWEEN = "  # kr: ignore[gap-between-terms] the plain surface lies between dark and bright"


@dataclass(frozen=True, slots=True)
class StarterTerm:
    """A term of the first rules: which tail of which property, and its place without any image."""

    name: str
    column: str
    high: bool
    guess: tuple[float, float]
    rule: str
    says: str


STARTERS: tuple[StarterTerm, ...] = (
    StarterTerm("dark", "contrast", False, (0.6, 0.75), "dark_region", "darker than the image"),
    StarterTerm("bright", "contrast", True, (1.25, 1.4), "bright_region", "brighter than the image"),
    StarterTerm(
        "large", "area", True, (0.01, 0.02), "large_region", "larger than what stands out on good ones"
    ),
    StarterTerm("rough", "relative_unevenness", True, (1.5, 2.5), "rough_region", "rougher than the surface"),
    StarterTerm(
        "coloured", "chroma", True, (0.1, 0.2), "coloured_region", "of another colour than the image"
    ),
)


def measured_names(*, colour: bool) -> tuple[str, ...]:
    """Built-in properties that an image without a residual has."""
    left_out = _OF_THE_RESIDUAL if colour else (*_OF_THE_RESIDUAL, *COLOUR)
    return tuple(name for name in BUILTIN if name not in left_out)


def rule_text(name: str, normal: NormalRegions | None, *, colour: bool) -> str:
    """A whole rule file that checks without a warning.

    Args:
        name: of the product.
        normal: regions of its normal images, with all of `measured_names`; None where there are none yet.
        colour: whether the images have colour.
    """
    source = _UNMEASURED if normal is None else _MEASURED.format(regions=normal.regions, images=normal.images)
    starters = [s for s in STARTERS if colour or s.column not in COLOUR]
    parts = [_HEAD.format(name=name, source=source)]
    if normal is not None:
        parts.append(_varying(normal))
    parts.append("\n".join(_term(starter, normal) for starter in starters) + "\n")
    parts.append("alpha 0.8\n")
    parts.append("\n".join(_rule(starter) for starter in starters) + "\n")
    parts.append(_test(starters, normal))
    return "\n".join(parts)


def _varying(normal: NormalRegions) -> str:
    """The properties that vary most between images, as comments."""
    shares = {name: _between(normal, name) for name in normal.columns}
    ranked = sorted(shares, key=lambda name: -shares[name])[:MOST_VARYING]
    rows = [("property", "normal regions, 1 % .. median .. 99 %", "image by image, 10 % .. 90 %")]
    for name in ranked:
        low, middle, high = np.quantile(normal.columns[name], [0.01, 0.5, 0.99])
        least, most = _spread(normal.per_image[name])
        rows.append((name, f"{low:.3g} .. {middle:.3g} .. {high:.3g}", f"{least:.3g} .. {most:.3g}"))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    table = [
        "# " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    head = "# These vary most from one normal image to the next: a rule on one of them may judge the image, not the region."
    return "\n".join([head, *table]) + "\n"


def _between(normal: NormalRegions, name: str) -> float:
    """Spread of the images' medians as a share of the spread of all regions."""
    least, most = _spread(normal.per_image[name])
    low, high = np.quantile(normal.columns[name], [0.01, 0.99])
    return (most - least) / (high - low) if high > low else 0.0


def _spread(medians: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanquantile(medians, [0.1, 0.9])
    return float(low), float(high)


def _term(starter: StarterTerm, normal: NormalRegions | None) -> str:
    near, far = _place(starter, normal)
    points = f"{near}, {far}, inf, inf" if starter.high else f"-inf, -inf, {near}, {far}"
    note = _BETWEEN if starter.name == "bright" else ""
    return f"term {starter.name} of {starter.column} = trapmf({points}){note}"


def _place(starter: StarterTerm, normal: NormalRegions | None) -> tuple[str, str]:
    """The edge of the trapezoid in rising order, as written."""
    if normal is None:
        return f"{starter.guess[0]:g}", f"{starter.guess[1]:g}"
    shares = [0.95, 0.99] if starter.high else [0.01, 0.05]
    low, high = np.quantile(normal.columns[starter.column], shares)
    return f"{low:.3g}", f"{high:.3g}"


def _rule(starter: StarterTerm) -> str:
    return f'rule {starter.rule} "{starter.says}": IF {starter.column} is {starter.name} THEN anomalous'


def _test(starters: list[StarterTerm], normal: NormalRegions | None) -> str:
    """A region that is ordinary in every property that the rules read is no defect."""
    ordinary = {"contrast": 1.0, "area": 0.001, "relative_unevenness": 0.5, "chroma": 0.0}
    columns = dict.fromkeys(starter.column for starter in starters)
    values = {
        name: ordinary[name] if normal is None else float(np.median(normal.columns[name])) for name in columns
    }
    case = ", ".join(f"{name} = {value:.3g}" for name, value in values.items())
    return f'test "an ordinary region of a normal image":\n  {case} => not anomalous\n'
