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
)
"""The five properties of the paper's Table I, in the order of eq. 16."""

BUILTIN = Schema(BUILTIN_COLUMNS)
