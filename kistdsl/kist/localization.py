"""A finished run at work: anomaly maps, masks and regions of images, and its figures on a line.

Nothing here needs torch: what makes the maps is behind `kistdsl.kist.mappers.Mapper`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kistdsl.data.checks import check_line, require_sound
from kistdsl.data.images import read_image, to_gray, to_uint8
from kistdsl.data.layouts import Item, read_line
from kistdsl.diagnostics import InputError, RuleError
from kistdsl.engine.found_regions import FoundRegion, judge_regions
from kistdsl.engine.pseudo_labels import ordered_map
from kistdsl.engine.rule_parts import single_rules
from kistdsl.engine.rule_set import RuleSet
from kistdsl.engine.rule_set import compile as compile_rules
from kistdsl.kist.events import Listener, ignore, told
from kistdsl.kist.mappers import Facts, Mapper, Maps, open_mapper
from kistdsl.kist.preparing import Bytes, fitted, load_masks, scale_to
from kistdsl.kist.thresholds import NOTHING_ASKED, Asked
from kistdsl.metrics import (
    Decision,
    DecisionFigures,
    Evaluation,
    NormalLevels,
    ScoredMap,
    decision_figures,
    evaluate_maps,
)
from kistdsl.regions.picture import Picture

DECODERS = 2
"""Threads that decode the next images while a batch is computed."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Localization:
    """What was found in one image.

    Attributes:
        path: the image.
        pixels: (H, W) or (H, W, 3) RGB uint8, at its own size.
        map: (H, W) float32, higher is more anomalous, at the image's size.
        mask: (H, W) bool, the regions found, see `kistdsl.metrics.Decision`.
        decision: the thresholds.
        regions: of the mask, each with the rule that it fits; boxes and pixels at the image's size.
    """

    path: Path
    pixels: Bytes
    map: Map
    mask: NDArray[np.bool_]
    decision: Decision
    regions: tuple[FoundRegion, ...]

    @property
    def score(self) -> float:
        """The highest value of the map."""
        return float(self.map.max())

    @property
    def margin(self) -> float:
        """Its highest value over the alarm's threshold at that place; above 1 it is an alarm."""
        return self.decision.margin(self.map)

    @property
    def alarm(self) -> bool:
        """Whether the image counts as anomalous."""
        return bool(self.mask.any())


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image that could not be read, and why."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A decoded image, and as the network wants it."""

    path: Path
    pixels: Bytes
    small: Bytes


class Localizer:
    """A run's final model, ready for images of any size.

    Args:
        mapper: makes the maps.
        asked: thresholds in place of the run's own.
    """

    def __init__(self, mapper: Mapper, asked: Asked = NOTHING_ASKED) -> None:
        self.mapper, self.asked = mapper, asked
        self.facts: Facts = mapper.facts
        self.settings = mapper.facts.settings
        self.rules = _rules(mapper.facts)

    @classmethod
    def open(
        cls,
        source: str | Path,
        *,
        device: str = "auto",
        backend: str = "auto",
        asked: Asked = NOTHING_ASKED,
    ) -> Localizer:
        """Open a run folder, or a model that `kistdsl export` wrote; see `kistdsl.kist.mappers.open_mapper`.

        Raises:
            InputError: nothing there, not finished, damaged, or thresholds that are none.
        """
        made = cls(open_mapper(Path(source), device=device, backend=backend), asked)
        made.decision()
        return made

    def decision(self, *, use_filter: bool = True) -> Decision:
        """The thresholds of image and pixel."""
        return self.asked.decision(self.settings, self._levels(use_filter=use_filter))

    def _levels(self, *, use_filter: bool) -> NormalLevels:
        return self.facts.levels["map" if use_filter else "raw"]

    # ---- images

    def localize(self, path: str | Path, *, use_filter: bool = True) -> Localization:
        """What is found in one image file.

        Raises:
            InputError: it cannot be read.
        """
        found = next(self.localize_all([Path(path)], batch=1, use_filter=use_filter))
        if isinstance(found, Unreadable):
            raise InputError(found.message)
        return found

    def localize_all(
        self, paths: Iterable[Path], *, batch: int, use_filter: bool = True
    ) -> Iterator[Localization | Unreadable]:
        """What is found in many images, in order; the next ones are decoded while a batch is computed.

        Args:
            paths: image files, taken as they are needed.
            batch: images at a time.
            use_filter: False: the raw maps.
        """
        decision = self.decision(use_filter=use_filter)
        decoded = ordered_map(self._ready, paths, DECODERS)
        while some := list(islice(decoded, batch)):
            ready = [item for item in some if isinstance(item, _Ready)]
            maps = iter(self._maps([item.small for item in ready], use_filter=use_filter))
            for item in some:
                yield item if isinstance(item, Unreadable) else self._found(item, next(maps), decision)

    def _ready(self, path: Path) -> _Ready | Unreadable:
        try:
            pixels = to_uint8(read_image(path).pixels)
        except InputError as error:
            return Unreadable(path, str(error))
        return _Ready(path, pixels, fitted(pixels, self.settings, self.facts.channels))

    def _maps(self, images: Sequence[Bytes], *, use_filter: bool) -> Sequence[Map] | Maps:
        return self.mapper.maps(images, use_filter=use_filter) if images else ()

    def _found(self, item: _Ready, small: Map, decision: Decision) -> Localization:
        height, width = item.pixels.shape[:2]
        values = np.ascontiguousarray(scale_to(small, (height, width)))
        regions = self._regions(item.small, small, decision.mask(small), (height, width))
        return Localization(item.path, item.pixels, values, decision.mask(values), decision, regions)

    def _regions(
        self, image: Bytes, values: Map, mask: NDArray[np.bool_], size: tuple[int, int]
    ) -> tuple[FoundRegion, ...]:
        """Regions at the model's size, where the rules know them, with boxes at the image's size."""
        picture = Picture.of(to_gray(image), values, image=image if image.ndim == 3 else None)
        down, across = size[0] / mask.shape[0], size[1] / mask.shape[1]
        return tuple(_scaled(region, down, across) for region in judge_regions(self.rules, picture, mask))

    # ---- a line

    def evaluate(
        self,
        data: str | Path,
        *,
        exclude: Collection[str] = (),
        use_filter: bool = True,
        over_usual: bool = False,
        listener: Listener = ignore,
    ) -> tuple[Evaluation, DecisionFigures]:
        """Figures on the test set of a line; see `kistdsl.kist.evaluation.evaluate_run`."""
        line = read_line(data, seed=self.settings.seed)
        if not line.test:
            raise InputError(f"{data}: no test set (test/good, test/<defect>)")
        tested = replace(line, train_good=(), train_anomalous=())
        require_sound(check_line(tested), line.root)  # a mask of another size would be scored all the same
        scored = self.scored(line.test, use_filter=use_filter)
        maps = list(told(listener, "maps", "maps of the test images", scored, len(line.test)))
        levels = self._levels(use_filter=use_filter)
        shown = [replace(m, scores=levels.over_usual(m.scores)) for m in maps] if over_usual else maps
        figures = evaluate_maps(shown, exclude=exclude, seed=self.settings.seed)
        kept = [item for item in maps if item.kind not in exclude]
        return figures, decision_figures(kept, self.decision(use_filter=use_filter))

    def scored(self, items: Sequence[Item], *, use_filter: bool = True) -> Iterator[ScoredMap]:
        """Maps of test images with their masks, at the metric's size.

        Raises:
            InputError: an image cannot be read.
        """
        side = self.settings.metric_size or self.settings.size
        masks = load_masks(items, side)
        decoded = ordered_map(self._ready, (item.path for item in items), DECODERS)
        for start in range(0, len(items), self.settings.infer_batch):
            some = items[start : start + self.settings.infer_batch]
            maps = self._maps([_small(next(decoded)) for _ in some], use_filter=use_filter)
            for item, values in zip(some, maps, strict=True):
                at_size = scale_to(values, (side, side))
                yield ScoredMap(item.name, at_size, masks.get(item.name), item.defect, item.group)


def _small(item: _Ready | Unreadable) -> Bytes:
    if isinstance(item, Unreadable):
        raise InputError(item.message)
    return item.small


def _scaled(region: FoundRegion, down: float, across: float) -> FoundRegion:
    """Its box and pixels at another size, at least one pixel each way."""
    top, left = int(region.top * down), int(region.left * across)
    bottom, right = round(region.bottom * down), round(region.right * across)
    return FoundRegion(
        top,
        left,
        max(bottom, top + 1),
        max(right, left + 1),
        max(round(region.pixels * down * across), 1),
        region.rule,
        region.grade,
    )


def _rules(facts: Facts) -> dict[str, RuleSet]:
    """The rules that name regions, each by itself; those that took no part in training name none.

    Rules over properties that the embedder declares in Python name regions only where he has declared them.
    """
    if not facts.rules.strip():
        return {}
    try:
        rules = compile_rules(facts.rules, name="rules of the run")
    except RuleError:
        return {}
    silent = {*facts.silent_rules, *facts.settings.left_out_rules}
    return {
        name: rule for name, rule in single_rules(rules, facts.settings.alpha).items() if name not in silent
    }
