"""The first rule file of a new product line: terms read off its normal images, explained in comments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.normal_regions import COLOUR, OF_THE_RESIDUAL, NormalRegions, counted
from kistdsl.diagnostics import Source
from kistdsl.language.layout import formatted
from kistdsl.language.sources import Loaded
from kistdsl.schema import BUILTIN

MOST_VARYING = 6
"""How many properties are listed as following the image."""

_PLACE = ("x", "y")
"""Where a region lies says nothing of how normal images differ."""

_FEWEST = 3
"""Images from which on it can be said how they differ."""

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
# off {regions} of {images} (darker or brighter than what is around them): a term holds fully for
# the 1 % of them that lie farthest out, and not at all for 95 %."""

_UNMEASURED = """\
The terms below are guesses:
# make the file anew with `kistdsl init DIR --images FOLDER` once there are normal images."""


_VARYING = """\
# These properties vary most from one normal image to the next (the third column: the median of each image's
# regions). A rule on one of them may judge the image and not the region: where images are lit
# differently, say `contrast` (relative to the image) and not `gray`."""

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


def measured_names() -> tuple[str, ...]:
    """Built-in properties that an image without a residual has."""
    return tuple(name for name in BUILTIN if name not in OF_THE_RESIDUAL)


def rule_text(name: str, normal: NormalRegions | None, *, colour: bool) -> str:
    """A whole rule file that checks without a warning.

    Args:
        name: of the product.
        normal: regions of its normal images, with all of `measured_names`; None where there are none yet.
        colour: whether the images have colour.
    """
    source = _UNMEASURED
    if normal is not None:
        source = _MEASURED.format(
            regions=counted(normal.regions, "region"), images=counted(normal.images, "normal image")
        )
    starters = [s for s in STARTERS if colour or s.column not in COLOUR]
    parts = [_HEAD.format(name=name, source=source)]
    if normal is not None and normal.images >= _FEWEST:
        parts.append(_varying(normal, colour=colour))
    for column in dict.fromkeys(starter.column for starter in starters):
        terms = [_term(starter, normal) for starter in starters if starter.column == column]
        parts.append("\n".join([f"# {column}: {BUILTIN[column].doc}.", *terms]) + "\n")
    parts.append("alpha 0.8\n")
    parts.append("\n".join(_rule(starter) for starter in starters) + "\n")
    parts.append(_tests(starters, normal))
    return formatted(Loaded(Source("rules.kr", "\n".join(parts)))).text


def _varying(normal: NormalRegions, *, colour: bool) -> str:
    """The properties that vary most between images, as comments."""
    left_out = _PLACE if colour else (*_PLACE, *COLOUR)
    shares = {name: _between(normal, name) for name in normal.columns if name not in left_out}
    ranked = sorted(shares, key=lambda name: -shares[name])[:MOST_VARYING]
    rows = [("property", "regions: 1 %, median, 99 %", "images: 10 %, 90 %", "meaning")]
    for name in ranked:
        low, middle, high = np.quantile(normal.columns[name], [0.01, 0.5, 0.99])
        least, most = _spread(normal.per_image[name])
        cells = (f"{_shown(low)}  {_shown(middle)}  {_shown(high)}", f"{_shown(least)}  {_shown(most)}")
        rows.append((name, *cells, BUILTIN[name].doc))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    table = [
        "# " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([_VARYING, *table]) + "\n"


def _shown(value: float) -> str:
    """Three digits; what is left of a rounding is 0."""
    return f"{value if abs(value) > 1e-6 else 0.0:.3g}"


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
    ignored = _BETWEEN if starter.name == "bright" else ""
    says = (
        f"not at all up to {near}, fully from {far}"
        if starter.high
        else f"fully up to {near}, not at all from {far}"
    )
    return (
        f"# `{starter.name}` holds {says}.\n"
        f"term {starter.name} of {starter.column} = trapmf({points}){ignored}"
    )


def _place(starter: StarterTerm, normal: NormalRegions | None) -> tuple[str, str]:
    """The edge of the trapezoid in rising order, as written.

    Where the regions are too few or too much alike to have a tail, it is as steep as the guess.
    """
    low, high = starter.guess
    if normal is None:
        return f"{low:g}", f"{high:g}"
    steepness = low / high
    values = normal.columns[starter.column]
    low, high = np.quantile(values, [0.95, 0.99] if starter.high else [0.01, 0.05])
    if f"{low:.3g}" == f"{high:.3g}":
        low, high = (low, low / steepness) if starter.high else (high * steepness, high)
    if f"{low:.3g}" == f"{high:.3g}":  # all of them 0
        low, high = starter.guess
    return f"{low:.3g}", f"{high:.3g}"


def _rule(starter: StarterTerm) -> str:
    return f'rule {starter.rule} "{starter.says}": IF {starter.column} is {starter.name} THEN anomalous'


def _tests(starters: list[StarterTerm], normal: NormalRegions | None) -> str:
    """A region that is ordinary in every property that the rules read is no defect; far out in one, it is."""
    guessed = {"contrast": 1.0, "area": 0.001, "relative_unevenness": 0.5, "chroma": 0.0}
    ordinary = {
        column: f"{guessed[column] if normal is None else np.median(normal.columns[column]):.3g}"
        for column in dict.fromkeys(starter.column for starter in starters)
    }
    lines = [
        'test "an ordinary region of a normal image":',
        f"  {_case(ordinary)} => not anomalous",
        "",
        'test "a region far out in one property":',
    ]
    for starter in starters:
        near, far = _place(starter, normal)
        case = _case(ordinary | {starter.column: far if starter.high else near})
        lines.append(f"  {case} => anomalous by {starter.rule}")
    return "\n".join(lines) + "\n"


def _case(values: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())
