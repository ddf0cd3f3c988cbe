"""What a column of a region table is: name, unit, range, default gamma, meaning.

One fact in one place: the language, the checks, the region kernels, the table writers and the
documentation all read these declarations. A user's own property is one more `ColumnSpec`
(see `kistdsl.property`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One region property.

    Attributes:
        name: the word used in rules and as a column name.
        unit: how a value is read ("fraction", "gray levels", "ratio", "pixels", ...).
        low: smallest possible value (closed; -inf when unbounded).
        high: largest possible value (closed; inf when unbounded).
        gamma: default scale factor, v' = v / gamma (eq. 16).
        doc: one sentence for an expert.
        formula: how it is computed.
    """

    name: str
    unit: str
    low: float
    high: float
    gamma: float
    doc: str
    formula: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"property name {self.name!r} is not a word (letters, digits, _)")
        if not self.low < self.high:
            raise ValueError(f"property {self.name!r}: range {self.low}..{self.high} is empty")
        if not 0.0 < self.gamma < inf:
            raise ValueError(f"property {self.name!r}: gamma {self.gamma} is not a positive number")


class Schema(Mapping[str, ColumnSpec]):
    """An ordered, immutable set of columns, by name."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Iterable[ColumnSpec]) -> None:
        by_name: dict[str, ColumnSpec] = {}
        for column in columns:
            if column.name in by_name:
                raise ValueError(f"property {column.name!r} is declared twice")
            by_name[column.name] = column
        self._columns = by_name

    def __getitem__(self, name: str) -> ColumnSpec:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def extended(self, columns: Iterable[ColumnSpec]) -> Schema:
        """This schema and `columns` behind it; a name that is taken is an error."""
        return Schema([*self.values(), *columns])


BUILTIN_COLUMNS: tuple[ColumnSpec, ...] = (
    # --- the five of the paper's Table I, in the order of eq. 16 ---------------------------------
    ColumnSpec(
        "area",
        "fraction",
        0.0,
        1.0,
        1.0,
        "share of the image that the region covers",
        "pixels of r / pixels of the image",
    ),
    ColumnSpec("gray", "gray levels", 0.0, 255.0, 255.0, "mean gray of the region", "mean of gray over r"),
    ColumnSpec(
        "shape",
        "index",
        0.0,
        193.75,
        193.75,
        "Boyce-Clark index: 0 for a disc, high for slender regions",
        "sum |100 r_i / sum r - 100/n|, n = 32 radials",
    ),
    ColumnSpec(
        "unevenness",
        "gray levels",
        0.0,
        127.5,
        127.5,
        "standard deviation of gray in the region",
        "sqrt(mean of (gray - mean)^2 over r)",
    ),
    ColumnSpec(
        "symmetry",
        "ratio",
        0.0,
        1.0,
        1.0,
        "overlap of the region's left half with its mirrored right half",
        "IoU of the halves of r in its bounding box",
    ),
    # --- gray against the image and the surroundings ---------------------------------------------
    ColumnSpec(
        "contrast",
        "ratio",
        0.0,
        255.0,
        2.0,
        "gray of the region over the image's: 1 as bright as the image, below 1 darker",
        "gray / max(median gray of the image, 1)",
    ),
    ColumnSpec(
        "ring_contrast",
        "ratio",
        0.0,
        255.0,
        2.0,
        "gray of the region over its surroundings': 1 as bright, below 1 darker; 1 without surroundings",
        "gray / max(mean gray of the pixels within 3 pixels of r, 1)",
    ),
    ColumnSpec(
        "bright_tenth",
        "ratio",
        0.0,
        255.0,
        2.0,
        "gray of the region's brightest tenth over the image's",
        "mean of the ceil(n / 10) brightest pixels of r / max(median gray of the image, 1)",
    ),
    ColumnSpec(
        "dark_tenth",
        "ratio",
        0.0,
        255.0,
        2.0,
        "gray of the region's darkest tenth over the image's",
        "mean of the ceil(n / 10) darkest pixels of r / max(median gray of the image, 1)",
    ),
    ColumnSpec(
        "variation",
        "ratio",
        0.0,
        127.5,
        0.5,
        "unevenness of the region relative to its gray",
        "unevenness / max(gray, 1)",
    ),
    ColumnSpec(
        "relative_unevenness",
        "ratio",
        0.0,
        255.0,
        4.0,
        "unevenness of the region over the image's typical one: 1 as even as the surface is",
        "unevenness / max(median unevenness of the image's 16x16 blocks, 0.5)",
    ),
    # --- colour ----------------------------------------------------------------------------------
    ColumnSpec(
        "redness",
        "log ratio",
        -12.0,
        12.0,
        0.5,
        "colour shift towards red, below 0 towards green; 0 in gray images",
        "log((R + 1) / (G + 1)) of the region's mean colour - the image's median of it",
    ),
    ColumnSpec(
        "chroma",
        "log ratio",
        0.0,
        17.0,
        0.5,
        "distance of the region's colour from the image's, brightness aside; 0 in gray images",
        "hypot of redness and the like shift of log((B + 1) / (G + 1))",
    ),
    # --- outline ---------------------------------------------------------------------------------
    ColumnSpec(
        "aspect",
        "ratio",
        0.0,
        inf,
        2.0,
        "width over height of the region's bounding box",
        "columns of the box / rows of the box",
    ),
    ColumnSpec(
        "elongation",
        "ratio",
        1.0,
        inf,
        5.0,
        "length over breadth along the region's own axes: 1 for a disc or a square",
        "sqrt(l1 / l2), l1 >= l2 the principal second moments of r's unit squares",
    ),
    ColumnSpec(
        "eccentricity",
        "ratio",
        0.0,
        1.0,
        1.0,
        "eccentricity of the ellipse with the region's second moments: 0 round, near 1 slender",
        "sqrt(1 - l2 / l1)",
    ),
    ColumnSpec(
        "orientation",
        "degrees",
        0.0,
        180.0,
        180.0,
        "direction of the region's long axis: 0 (or 180) lies flat, 90 stands, 45 rises to the right",
        "angle of the axis of l1, counter-clockwise from the horizontal",
    ),
    ColumnSpec(
        "extent",
        "ratio",
        0.0,
        1.0,
        1.0,
        "share of its bounding box that the region fills",
        "pixels of r / pixels of the box",
    ),
    ColumnSpec(
        "solidity",
        "ratio",
        0.0,
        1.0,
        1.0,
        "share of its convex hull that the region fills: 1 without dents, holes or bends",
        "pixels of r / area of the convex hull of r's unit squares",
    ),
    ColumnSpec(
        "perimeter",
        "pixels",
        0.0,
        inf,
        500.0,
        "length of the region's outlines, holes included",
        "border pixels weighted 1, sqrt 2 or (1 + sqrt 2) / 2 by their neighbours (Benkrid)",
    ),
    ColumnSpec(
        "diameter",
        "pixels",
        0.0,
        inf,
        100.0,
        "diameter of the disc of the region's area",
        "sqrt(4 pixels / pi)",
    ),
    # --- position --------------------------------------------------------------------------------
    ColumnSpec(
        "x",
        "fraction",
        0.0,
        1.0,
        1.0,
        "horizontal position of the region's centroid: 0 at the image's left edge, 1 at the right",
        "(mean column of r + 0.5) / columns of the image",
    ),
    ColumnSpec(
        "y",
        "fraction",
        0.0,
        1.0,
        1.0,
        "vertical position of the region's centroid: 0 at the image's top edge, 1 at the bottom",
        "(mean row of r + 0.5) / rows of the image",
    ),
    ColumnSpec(
        "border",
        "pixels",
        0.0,
        inf,
        40.0,
        "pixels between the region and the nearest edge of the image; 0 when it touches",
        "min distance of r's bounding box to the four edges",
    ),
    # --- residual --------------------------------------------------------------------------------
    ColumnSpec(
        "residual_mean",
        "residual",
        -inf,
        inf,
        1.0,
        "mean residual of the region",
        "mean of e over r",
    ),
    ColumnSpec(
        "residual_peak",
        "residual",
        -inf,
        inf,
        1.0,
        "highest residual in the region",
        "max of e over r",
    ),
)
"""What can be said about a region: the paper's five, and more that inspectors use."""

BUILTIN = Schema(BUILTIN_COLUMNS)
"""The built-in properties alone. With users' own: `kistdsl.language.user_properties.installed()`."""
