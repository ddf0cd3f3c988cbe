"""Memory that a thread reuses from image to image: level map, runs of two generations, scratch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.measure import Pixels, Scratch, allocate_scratch
from kistdsl.regions.picture import Picture
from kistdsl.regions.runs import (
    Generation,
    Links,
    Runs,
    allocate_generation,
    allocate_links,
    allocate_runs,
    fill_levels,
    floor_thresholds,
    padded_width,
)

COLOUR = frozenset({"redness", "chroma"})
RESIDUAL = frozenset({"residual_mean", "residual_peak"})
OVER_MEDIAN = frozenset({"contrast", "bright_tenth", "dark_tenth"})

SPARE = 1 << 16
"""Runs that there is room for beyond those of the image at hand."""

KEPT = 16 << 20
"""Bytes of levels and runs that a workspace keeps between images."""

# Of the usual dtypes, so that the kernels are not compiled once more for images without.
_NO_COLOUR = np.empty((0, 0, 3), np.uint8)
_NO_RESIDUAL = np.empty((0, 0), np.float32)


@dataclass(eq=False)
class Workspace:
    """One thread's memory for images of any size; it grows to the largest one met.

    A 256x256 image takes about 0.1 MB for levels and 50 bytes a run: at most 1.7 MB, a tenth of it on
    ordinary residuals.

    Attributes:
        names: the properties that will be measured.
    """

    names: frozenset[str]
    levels: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    found: Runs = field(default_factory=lambda: allocate_runs(0))
    now: Generation = field(default_factory=lambda: allocate_generation(0))
    links: Links = field(default_factory=lambda: allocate_links(0))
    scratch: Scratch = field(default_factory=lambda: allocate_scratch(0, 0, frozenset()))

    @property
    def words(self) -> NDArray[np.uint64]:
        """The level map eight columns at a time."""
        return self.levels.view(np.uint64)

    def load(self, values: NDArray[np.floating], thresholds: NDArray[np.float64]) -> None:
        """Make the level map of `values` (no NaN) and room for its regions."""
        height, width = values.shape
        if self.levels.shape != (height, padded_width(width)):
            self.levels = np.empty((height, padded_width(width)), np.uint8)
            self.scratch = allocate_scratch(height, width, self.names)
        floors = floor_thresholds(thresholds, values.dtype)
        runs = fill_levels(values, floors, self.levels, self.words)
        if runs > self.links.parent.size:
            self._grow(runs + min(runs // 4, SPARE))

    def shrink(self) -> None:
        """Give the memory of a large image back; what a usual one takes stays for the next."""
        if self.levels.size + self.found.nbytes > KEPT:
            self.levels = np.empty((0, 0), np.uint8)
            self.scratch = allocate_scratch(0, 0, frozenset())
            self._grow(0)

    def _grow(self, runs: int) -> None:
        self.found, self.now, self.links = (
            allocate_runs(runs),
            allocate_generation(runs),
            allocate_links(runs),
        )


def pixels_of(picture: Picture, names: frozenset[str]) -> Pixels:
    """What the kernels need of a picture to measure `names`; the rest stays empty and uncounted."""
    colour = picture.colour if names & COLOUR else None
    height, width = picture.shape
    return Pixels(
        picture.codes,
        _NO_COLOUR if colour is None else colour,
        picture.residual if names & RESIDUAL else _NO_RESIDUAL,
        height,
        width,
        picture.scale,
        picture.colour_scale,
        picture.median_gray if names & OVER_MEDIAN else 0.0,
        picture.typical_unevenness if "relative_unevenness" in names else 0.0,
        picture.log_red_green if names & COLOUR else 0.0,
        picture.log_blue_green if names & COLOUR else 0.0,
    )
