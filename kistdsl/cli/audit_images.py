"""The images that `audit` looks at: normal and anomalous ones of a line, with residuals and masks."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.region_inputs import Pair, candidate_maps
from kistdsl.data.images import read_image, read_mask, to_uint8
from kistdsl.data.layouts import Item, Line
from kistdsl.data.resizing import resize_mask
from kistdsl.diagnostics import InputError
from kistdsl.regions.maps import CandidateMap
from kistdsl.regions.picture import Picture

Mask = NDArray[np.bool_]

SPREAD_IMAGES = 50
"""Normal images that mu and sigma of a map are measured on where no figures are given."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One image as the rules see it.

    Attributes:
        item: which one.
        pixels: (H, W) or (H, W, 3) RGB uint8, at the size that rules work at.
        picture: its gray, colour and residual.
        truth: (H, W) bool ground truth; None where there is none.
    """

    item: Item
    pixels: NDArray[np.uint8]
    picture: Picture
    truth: Mask | None


def _whole(rule: str, mask: Mask) -> Mask:
    """All that a rule finds."""
    return mask


@dataclass(frozen=True, slots=True)
class Source:
    """Where residuals come from.

    Attributes:
        read: an image with its residual; raises InputError.
        maps: candidate maps with their thresholds.
        min_area: smallest region in pixels.
        alpha: the run's, in place of the rule file's; None keeps that.
        kept: a rule's name and the (H, W) mask of what it finds to the part that counts.
    """

    read: Callable[[Item], Seen]
    maps: tuple[CandidateMap, ...]
    min_area: int
    alpha: float | None = None
    kept: Callable[[str, Mask], Mask] = _whole


def chosen(line: Line, limit: int) -> list[Item]:
    """At most `limit` normal images and as many of each defect type, evenly spread over the folders.

    Normal ones are those of the training set and of the test set.
    """
    normal = [*line.train_good, *(item for item in line.test if not item.is_anomalous)]
    anomalous = [*line.train_anomalous, *(item for item in line.test if item.is_anomalous)]
    kinds = sorted({item.defect for item in anomalous})
    groups = [normal, *([item for item in anomalous if item.defect == kind] for kind in kinds)]
    return [item for group in groups for item in _evenly(group, limit)]


def _evenly(items: Sequence[Item], limit: int) -> Iterator[Item]:
    if len(items) <= limit:
        yield from items
        return
    for k in range(limit):
        yield items[k * len(items) // limit]


def stored(args: argparse.Namespace, line: Line) -> Source:
    """Residuals stored as `.npy` files.

    Raises:
        InputError: no such folder, or figures that give no thresholds.
    """
    folder: Path = args.residuals
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")

    def read(item: Item) -> Seen:
        picture = Pair(item.path, _residual_of(item, folder)).picture()
        pixels = to_uint8(read_image(item.path).pixels)
        return Seen(item, pixels, picture, _truth(item, picture.shape))

    normal = _evenly(line.train_good, SPREAD_IMAGES)
    pairs = [Pair(item.path, _residual_of(item, folder)) for item in normal]
    return Source(read, tuple(candidate_maps(args, pairs)), args.min_area)


def _residual_of(item: Item, folder: Path) -> Path:
    """`<path in the line>.npy` where it exists, else `<stem>.npy`."""
    nested = (folder / item.name).with_suffix(".npy")
    return nested if nested.exists() else folder / f"{item.path.stem}.npy"


def of_run(args: argparse.Namespace, line: Line) -> Source:
    """Residuals that a run's labels came from, at its size, smoothed and thresholded as there.

    What the run dropped as usual at its place does not count here either.

    A network that has learnt from the labels shows more than the rules were asked about, so its own residual would
    say the wrong thing of them; it is used where a run does not know what its labels came from.

    Raises:
        InputError: no such run, or one that is not finished.
    """
    labelling: Any = importlib.import_module("kistdsl.kist.labelling")
    stacks: Any = importlib.import_module("kistdsl.kist.stacks")
    inference: Any = importlib.import_module("kistdsl.kist.inference")
    mapper_kind: Any = importlib.import_module("kistdsl.kist.torch_mapper").TorchMapper
    known = mapper_kind.of_labels(args.run, device="auto")
    mapper = known.mapper if known else mapper_kind.open(args.run, device="auto")
    settings = mapper.facts.settings
    sigma = settings.scaled(settings.label_sigma)

    def small(item: Item) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        pixels = stacks.prepare(item.path, settings, mapper.facts.channels)
        return pixels, inference.gaussian(mapper.maps([pixels], use_filter=False)[0], sigma)

    def read(item: Item) -> Seen:
        pixels, residual = small(item)
        return Seen(item, pixels, labelling.picture_of(pixels, residual), _truth(item, residual.shape))

    if known:
        kept_part: Any = importlib.import_module("kistdsl.kist.rule_check").kept_part
        maps = tuple(CandidateMap(name, tuple(levels)) for name, levels in known.thresholds.items())
        return Source(
            read,
            maps,
            settings.min_area,
            settings.alpha,
            lambda rule, mask: kept_part(rule, mask, known.usual, settings.min_area),
        )
    normal = [small(item) for item in _evenly(line.train_good, SPREAD_IMAGES)]
    values = np.stack([residual for _, residual in normal]).astype(np.float64)
    figures = inference.Statistics(float(values.mean()), float(values.std()))
    maps = labelling.candidate_maps(settings, figures, normal)
    return Source(read, maps, settings.min_area, settings.alpha)


def _truth(item: Item, size: tuple[int, ...]) -> Mask | None:
    """The ground truth at the size that rules work at."""
    if item.mask is None:
        return None
    mask = read_mask(item.mask).pixels
    return resize_mask(mask, (size[0], size[1]))


def seen(source: Source, items: Iterable[Item], failures: list[str]) -> Iterator[Seen | None]:
    """Each image; None for one that cannot be read, which is added to the failures."""
    for item in items:
        try:
            yield source.read(item)
        except InputError as error:
            failures.append(str(error))
            yield None
