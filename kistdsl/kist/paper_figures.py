"""Tables II (AUROC) and III (AUPRO) of the paper, in percent, to print beside what was measured."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

LINES = ("MTD", "Kole", "Leather", "Wood")
"""The paper's data sets, in the order of its columns."""


class Row(NamedTuple):
    """Figures of one method and network on `LINES`: AUROC and AUPRO, filtered and without the filter."""

    auroc: tuple[float, ...]
    aupro: tuple[float, ...]
    raw_auroc: tuple[float, ...]
    raw_aupro: tuple[float, ...]


PAPER: MappingProxyType[tuple[str, str], Row] = MappingProxyType(
    {
        ("l2", "cae"): Row(
            (85.2, 81.3, 79.8, 74.4),
            (78.1, 75.2, 51.2, 52.3),
            (83.8, 77.5, 75.1, 73.0),
            (76.5, 73.2, 50.8, 50.5),
        ),
        ("ssim", "cae"): Row(
            (84.3, 82.0, 83.1, 75.4),
            (77.9, 74.0, 57.5, 61.6),
            (81.3, 79.0, 78.0, 73.0),
            (76.4, 71.5, 56.1, 60.5),
        ),
        ("ffl", "cae"): Row(
            (90.1, 83.4, 78.2, 77.2),
            (84.2, 73.2, 76.3, 65.4),
            (88.9, 79.3, 75.1, 74.5),
            (82.4, 72.0, 75.3, 61.3),
        ),
        ("riad", "cae"): Row(
            (79.6, 76.5, 88.7, 75.8),
            (76.5, 68.5, 78.2, 64.2),
            (78.7, 71.4, 87.1, 74.8),
            (72.4, 65.5, 77.2, 62.5),
        ),
        ("memae", "memae"): Row(
            (88.4, 83.2, 82.3, 76.0),
            (81.3, 79.8, 78.9, 56.7),
            (85.4, 80.5, 78.2, 75.8),
            (77.8, 74.7, 77.9, 53.5),
        ),
        ("kist", "cae"): Row(
            (94.5, 88.3, 93.4, 78.6),
            (84.6, 82.5, 74.4, 66.5),
            (92.4, 85.5, 90.1, 76.5),
            (83.2, 80.5, 72.3, 65.0),
        ),
        ("l2", "unet"): Row(
            (88.3, 75.6, 82.1, 80.5),
            (74.2, 73.4, 66.4, 61.2),
            (86.3, 72.9, 78.5, 76.8),
            (70.1, 70.5, 65.4, 60.8),
        ),
        ("ssim", "unet"): Row(
            (91.1, 76.3, 79.3, 82.1),
            (80.3, 73.5, 66.8, 60.9),
            (90.4, 74.2, 76.3, 79.0),
            (74.2, 71.5, 65.2, 61.2),
        ),
        ("ffl", "unet"): Row(
            (93.9, 84.5, 89.2, 83.3),
            (85.1, 74.8, 72.2, 66.8),
            (93.7, 81.6, 88.5, 80.3),
            (83.2, 73.4, 68.8, 65.9),
        ),
        ("riad", "unet"): Row(
            (83.2, 75.6, 98.6, 86.8),
            (75.3, 77.7, 96.6, 75.5),
            (80.1, 70.1, 96.7, 85.8),
            (72.2, 75.2, 96.5, 72.6),
        ),
        ("kist", "unet"): Row(
            (96.1, 95.2, 99.2, 88.7),
            (86.7, 92.5, 98.5, 78.0),
            (94.5, 93.2, 97.8, 86.8),
            (83.4, 92.1, 98.2, 75.4),
        ),
    }
)
"""By (method, network); MemAE, which the paper lists with the CAEs, is a network of its own. There is no row of WFD: the text names it, the tables have FFL in its place."""


def column_of(line: str) -> int | None:
    """The paper's column for a line's folder name; None where it has none.

    >>> column_of("mtd"), column_of("KolektorSDD2"), column_of("screws")
    (0, 1, None)
    """
    for number, name in enumerate(LINES):
        if name.lower() in line.lower():
            return number
    return None
