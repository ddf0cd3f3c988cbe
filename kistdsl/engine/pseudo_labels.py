"""Pseudo-labels of images from rules and residuals: the rule engine and the region kernels together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kistdsl.diagnostics import InputError
from kistdsl.engine.region_cuts import region_cut
from kistdsl.engine.rule_set import RuleSet
from kistdsl.language.user_properties import user_properties
from kistdsl.regions.cuts import jumps
from kistdsl.regions.layers import Layer
from kistdsl.regions.maps import RESIDUAL, CandidateMap
from kistdsl.regions.measure import ORDER
from kistdsl.regions.picture import Picture
from kistdsl.regions.pseudo_labels import mask_by_cut, mask_by_grades
from kistdsl.regions.table import Columns, measure_regions, own_column
from kistdsl.regions.workspace import Workspace

T = TypeVar("T")
S = TypeVar("S")


CHUNK = 8
"""Images that a thread takes at once: handing one over costs a tenth of labelling it."""


@dataclass(frozen=True, eq=False)
class PseudoLabel:
    """What the rules say of one image.

    Attributes:
        mask: (H, W) bool, True where a region of grade alpha or more lies. Equation: (12)
        regions: rows of the region table with `grade`, `class`, `rule` and `anomalous`, when asked for.
    """

    mask: NDArray[np.bool_]
    regions: Columns | None = None


class PseudoLabeller:
    """Rules, thresholds and settings, ready for many images; usable from many threads.

    Args:
        rules: the rules.
        maps: where regions come from, each with its own thresholds.
        min_area: regions of fewer pixels are none.

    Raises:
        InputError: no map, or a min_area below 1.
    """

    def __init__(self, rules: RuleSet, maps: Sequence[CandidateMap], *, min_area: int = 1) -> None:
        if min_area < 1:
            raise InputError(f"min_area is {min_area}; at least 1 pixel")
        if not maps:
            raise InputError("no candidate map: name the residual or another one")
        self.maps = tuple(maps)
        self.rules = rules
        self.min_area = min_area
        self._threads = threading.local()

    @cached_property
    def _own(self) -> dict[str, Any]:
        return {name: p for name, p in user_properties().items() if name not in ORDER}

    @cached_property
    def _jumps(self) -> Any:
        """The rules as jumps between tests; None where they are no cut or use a user's own property."""
        cut = region_cut(self.rules)
        return None if cut is None else jumps(cut)

    @cached_property
    def _built_in(self) -> frozenset[str]:
        """The built-in properties that the rules use."""
        return frozenset(self.rules.properties).intersection(ORDER)

    def _workspace(self, key: frozenset[str]) -> Workspace:
        """This thread's memory for measuring these built-in properties."""
        kept: dict[frozenset[str], Workspace] = self._threads.__dict__.setdefault("workspaces", {})
        if key not in kept:
            kept[key] = Workspace(key)
        return kept[key]

    def mask(self, picture: Picture) -> NDArray[np.bool_]:
        """(H, W) bool: the pseudo-label of one image. Equation: (10) to (12)"""
        mask = np.zeros(picture.shape, dtype=np.bool_)
        workspace = self._workspace(self._built_in)
        for source in self.maps:
            field, levels = source.of(picture), source.thresholds
            if self._jumps is not None:
                mask_by_cut(workspace, field, levels, picture, self._jumps, self.min_area, mask)
            else:
                names, decide = sorted(self._built_in), self._decider(picture)
                mask_by_grades(workspace, field, levels, picture, names, decide, self.min_area, mask)
        return mask

    def _decider(self, picture: Picture) -> Callable[[Layer], NDArray[np.bool_]]:
        """Grades a layer's regions with everything that the rules use."""

        def decide(layer: Layer) -> NDArray[np.bool_]:
            kept = np.flatnonzero(~layer.drop)
            table = {
                name: layer.columns[name][kept]
                if name in layer.columns
                else own_column(layer, kept, picture, self._own[name])
                for name in self.rules.properties
            }
            chosen = np.zeros(layer.drop.size, dtype=np.bool_)
            chosen[kept] = self.rules.decide(table)
            return chosen

        return decide

    def regions(self, picture: Picture, names: Sequence[str] | None = None) -> Columns:
        """Every region of one image with its properties, grade, class, rule and decision.

        Args:
            names: properties to measure; None: all built-in ones and the user's own that rules use.

        Returns:
            Columns as in `RegionTable`, then `grade` (float64), `class` and `rule` (object, None where
            the grade is NaN) and `anomalous` (bool).
        """
        used = self.rules.properties
        wanted = [*ORDER] if names is None else [*names]
        wanted += [name for name in used if name not in wanted]
        workspace = self._workspace(frozenset(wanted).intersection(ORDER))
        rows = measure_regions(workspace, picture, self.maps, wanted, self._own, self.min_area)
        result = self.rules.evaluate({name: rows[name] for name in used})
        return {
            **rows,
            "grade": result.grade,
            "class": result.labels,
            "rule": result.winners,
            "anomalous": result.anomalous,
        }


def _of_residual(thresholds: ArrayLike) -> CandidateMap:
    return CandidateMap(RESIDUAL, tuple(np.ravel(np.asarray(thresholds, np.float64)).tolist()))


def pseudo_label(
    rules: RuleSet,
    gray: NDArray[Any],
    residual: NDArray[Any],
    thresholds: ArrayLike,
    *,
    image: NDArray[Any] | None = None,
    min_area: int = 1,
    maps: Sequence[CandidateMap] = (),
    regions: bool = False,
    name: str = "the image",
) -> PseudoLabel:
    """The pseudo-label of one image.

    Args:
        rules: what is a defect.
        gray: (H, W) uint8 (0..255), uint16 (0..65535) or floating (0..255) gray levels.
        residual: (H, W) reconstruction residual; floating or integer, no NaN.
        thresholds: (T,) residual thresholds, see `kistdsl.thresholds`.
        image: (H, W, 3) RGB, for the colour properties; without it colour shifts are 0.
        min_area: regions of fewer pixels are none.
        maps: more candidate maps to take regions from.
        regions: also measure and grade every region, and say which rule decided.
        name: what messages call the image.

    Raises:
        InputError: sizes differ, NaN in the residual, or another unfit input; names the image.

    Equation: (9) to (12)

    >>> import numpy as np, kistdsl
    >>> rules = kistdsl.compile("IF gray is low THEN anomalous")
    >>> gray = np.full((4, 4), 200, np.uint8); gray[1:3, 1:3] = 20
    >>> residual = (gray == 20).astype(np.float32)
    >>> int(pseudo_label(rules, gray, residual, [0.5]).mask.sum())
    4
    """
    labeller = PseudoLabeller(rules, (_of_residual(thresholds), *maps), min_area=min_area)
    picture = Picture.of(gray, residual, image=image, name=name)
    return PseudoLabel(labeller.mask(picture), labeller.regions(picture) if regions else None)


def pseudo_labels(
    rules: RuleSet,
    grays: Iterable[NDArray[Any]],
    residuals: Iterable[NDArray[Any]],
    thresholds: ArrayLike,
    *,
    images: Iterable[NDArray[Any] | None] | None = None,
    names: Iterable[str] | None = None,
    min_area: int = 1,
    maps: Sequence[CandidateMap] = (),
    threads: int = 1,
) -> list[NDArray[np.bool_]]:
    """The pseudo-labels of many images, which may differ in size.

    Args:
        grays, residuals, images: as in `pseudo_label`, one each an image; (N, H, W) arrays will do.
        names: what messages call the images.
        threads: how many work at once; each takes images as they come, with memory of its own.

    Returns:
        One (H, W) bool mask an image, in order.

    Raises:
        InputError: as in `pseudo_label`, or as many grays as residuals are not given.

    Equation: (9) to (12)
    """
    labeller = PseudoLabeller(rules, (_of_residual(thresholds), *maps), min_area=min_area)

    def some(items: tuple[tuple[Any, Any, Any, str], ...]) -> list[NDArray[np.bool_]]:
        return [
            labeller.mask(Picture.of(gray, residual, image=image, name=name))
            for gray, residual, image, name in items
        ]

    items = _items(grays, residuals, images, names)
    chunks = iter(lambda: tuple(islice(items, CHUNK)), ())
    return [mask for masks in ordered_map(some, chunks, threads) for mask in masks]


def _items(
    grays: Iterable[Any],
    residuals: Iterable[Any],
    images: Iterable[Any] | None,
    names: Iterable[str] | None,
) -> Iterator[tuple[Any, Any, Any, str]]:
    colours = repeat(None) if images is None else images
    called = (f"image {i}" for i in range(1 << 62)) if names is None else names
    missing = object()
    residual_of = iter(residuals)
    count = 0
    for gray, image, name in zip(grays, colours, called, strict=False):
        residual = next(residual_of, missing)
        if residual is missing:
            raise InputError(f"{count} residuals for more images")
        count += 1
        yield gray, residual, image, name
    if next(residual_of, missing) is not missing:
        raise InputError(f"more residuals than the {count} images")


def ordered_map(work: Callable[[T], S], items: Iterable[T], threads: int) -> Iterator[S]:
    """Results in order, with at most a few items in flight, so that memory stays bounded."""
    if threads <= 1:
        yield from map(work, items)
        return
    rest = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work, item) for item in islice(rest, 2 * threads)]
        while running:
            done = running.pop(0)
            yield done.result()
            running += [pool.submit(work, item) for item in islice(rest, 1)]
