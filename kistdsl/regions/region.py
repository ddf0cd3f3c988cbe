"""One region, as the plain properties and a user's own read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.picture import Picture


@dataclass(frozen=True, eq=False)
class Region:
    """An 8-connected set of pixels of one image.

    Attributes:
        rows: (n,) int64 row of each pixel; pixels in raster order, n at least 1.
        columns: (n,) int64 column of each pixel.
        picture: the image.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    picture: Picture

    @property
    def pixels(self) -> int:
        """How many pixels the region has."""
        return int(self.rows.size)

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right): rows top..bottom-1 and columns left..right-1."""
        return (
            int(self.rows.min()),
            int(self.columns.min()),
            int(self.rows.max()) + 1,
            int(self.columns.max()) + 1,
        )

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(rows of the box, columns of the box): True on the region."""
        top, left, bottom, right = self.box
        mask = np.zeros((bottom - top, right - left), dtype=np.bool_)
        mask[self.rows - top, self.columns - left] = True
        return mask

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """(n,) whole-number gray of the pixels, in units of 1 / picture.scale gray levels."""
        return self.picture.codes[self.rows, self.columns].astype(np.int64)

    @property
    def gray(self) -> NDArray[np.float64]:
        """(n,) gray levels of the pixels, 0..255."""
        levels: NDArray[np.float64] = self.codes / self.picture.scale
        return levels

    @property
    def residual(self) -> NDArray[np.float64]:
        """(n,) residual of the pixels."""
        return self.picture.residual[self.rows, self.columns].astype(np.float64)

    @property
    def colour(self) -> NDArray[np.float64]:
        """(n, 3) red, green and blue levels of the pixels, 0..255; gray three times in a gray image."""
        if self.picture.colour is None:
            return np.repeat(self.gray[:, None], 3, axis=1)
        levels: NDArray[np.float64] = self.picture.colour[self.rows, self.columns] / self.picture.colour_scale
        return levels
