"""A product line checked as a whole before anything is trained on it: every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import numpy as np

from kistdsl.data.images import Image, Mask, read_image, read_mask
from kistdsl.data.layouts import Item, Line
from kistdsl.diagnostics import InputError

_LISTED = 5
"""How many names a note spells out."""

_TWELVE_BIT = 4095
"""16-bit images that stay below this come from a camera of 12 bits or less, and look nearly black."""


@dataclass(frozen=True, slots=True)
class DataReport:
    """What is wrong or worth knowing about a line.

    Attributes:
        problems: what must be put right first; each names its file.
        notes: what was decided for the user, each said once.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Findings:
    """What one pass over all files collects."""

    problems: list[str] = field(default_factory=list)
    gray_masks: list[str] = field(default_factory=list)
    empty_masks: list[str] = field(default_factory=list)
    unmasked: list[str] = field(default_factory=list)
    color: list[str] = field(default_factory=list)
    gray: list[str] = field(default_factory=list)
    dark_16: list[str] = field(default_factory=list)
    train_content: dict[int, str] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)


def check_line(line: Line, *, step: Callable[[], None] = lambda: None) -> DataReport:
    """Read every image and mask of `line` and report all that is wrong.

    Problems: an unreadable image or mask (of weakly labelled images too, where masks are there), a mask of another
    size than its image, a mask without image.
    Notes: gray-valued masks (cut at > 127), empty masks, anomalous test images without mask, a mix of gray
    and colour, 16-bit images that use a small part of the range, test images that are also trained on,
    and what the line lacks.

    Args:
        line: from `read_line`.
        step: called after each image, for a progress display; there are `images_of(line)` of them.
    """
    found = _Findings()
    training = (*line.train_good, *line.train_anomalous)
    for item in training:
        image = _check_image(item, found, trains=True)
        if item.name in line.ceiling_masks:
            _mask_of(line.ceiling_masks[item.name], image, found)
        step()
    for item in line.test:
        image = _check_image(item, found, trains=False)
        if item.mask is not None:
            _check_mask(item, item.mask, image, found)
        elif item.is_anomalous:
            found.unmasked.append(item.name)
        step()
    found.problems.extend(f"{path}: a mask without an image" for path in line.stray_masks)
    return DataReport(tuple(found.problems), (*line.notes, *_notes(found, line), *line.missing))


def images_of(line: Line) -> int:
    """How many images a line holds."""
    return len(line.train_good) + len(line.train_anomalous) + len(line.test)


def require_sound(report: DataReport, root: Path) -> None:
    """Raise when there is any problem.

    Raises:
        InputError: every problem, one a line.
    """
    if report.problems:
        count = len(report.problems)
        listed = "\n".join(f"  {problem}" for problem in report.problems)
        raise InputError(f"{root}: {count} problem{'s' if count > 1 else ''} in the data\n{listed}")


def _check_image(item: Item, found: _Findings, *, trains: bool) -> Image | None:
    try:
        image = read_image(item.path)
    except InputError as error:
        found.problems.append(str(error))
        return None
    (found.color if image.is_color else found.gray).append(item.name)
    if image.pixels.dtype == np.uint16 and image.pixels.max() <= _TWELVE_BIT:
        found.dark_16.append(item.name)
    content = crc32(image.pixels.tobytes(), image.pixels.shape[1])
    if trains:
        found.train_content[content] = item.name
    elif content in found.train_content:
        found.copies.append(f"{item.name} = {found.train_content[content]}")
    return image


def _check_mask(item: Item, path: Path, image: Image | None, found: _Findings) -> None:
    mask = _mask_of(path, image, found)
    if mask is None:
        return
    if mask.gray_valued:
        found.gray_masks.append(item.name)
    if not mask.pixels.any():
        found.empty_masks.append(item.name + _why_empty(mask))


def _mask_of(path: Path, image: Image | None, found: _Findings) -> Mask | None:
    try:
        mask = read_mask(path)
    except InputError as error:
        found.problems.append(str(error))
        return None
    if image is not None and mask.pixels.shape != image.size:
        found.problems.append(
            f"{path}: the mask is {_size(mask.pixels.shape)}, its image {_size(image.size)}"
        )
    return mask


def _why_empty(mask: Mask) -> str:
    return f" (its highest level is {mask.peak:g}; masks are 0 and 255)" if mask.peak > 0 else ""


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _notes(found: _Findings, line: Line) -> Iterator[str]:
    if found.gray_masks:
        yield f"{_some('mask', found.gray_masks)} with gray levels, cut at > 127"
    if found.empty_masks:
        yield f"{_some('empty mask', found.empty_masks)}; these images count as anomalous with no labelled pixel"
    if found.unmasked and any(item.mask for item in line.test):
        yield f"{_some('anomalous test image', found.unmasked)} without a mask, left out of the pixel figures"
    if found.color and found.gray:
        fewer = min(found.color, found.gray, key=len)
        yield f"gray and colour images are mixed: {_some('image', fewer)} {'in colour' if fewer is found.color else 'in gray'}"
    if found.dark_16:
        yield f"{_some('16-bit image', found.dark_16)} below level {_TWELVE_BIT + 1}: nearly black on the scale of 65535"
    if found.copies:
        yield f"{_some('test image', found.copies)} also trained on: the test figures will flatter"


def _some(noun: str, names: list[str]) -> str:
    """`3 masks (a, b, c)`, with the first few names."""
    more = ", ..." if len(names) > _LISTED else ""
    return f"{len(names)} {noun}{'s' if len(names) > 1 else ''} ({', '.join(names[:_LISTED])}{more})"
