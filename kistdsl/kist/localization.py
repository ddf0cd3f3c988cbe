"""A finished run at work: anomaly maps and masks of images, and its figures on a line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from kistdsl.data.images import read_image, to_gray, to_uint8
from kistdsl.data.layouts import Item, read_line
from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors
from kistdsl.kist.config import Settings, make_settings
from kistdsl.kist.devices import choose_device
from kistdsl.kist.distributed import World
from kistdsl.kist.events import ignore
from kistdsl.kist.inference import Map, decision_of, filtered, maps_of
from kistdsl.kist.measuring import scored
from kistdsl.kist.methods import METHODS, Method
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.run_folder import RunFolder
from kistdsl.kist.stacks import Bytes, Stack, exposure_factor, load_masks, scale_to
from kistdsl.kist.training import Workshop
from kistdsl.metrics import (
    Decision,
    DecisionFigures,
    Evaluation,
    NormalLevels,
    ScoredMap,
    decision_figures,
    evaluate_maps,
)


@dataclass(frozen=True, slots=True, eq=False)
class Localization:
    """What was found in one image.

    Attributes:
        path: the image.
        pixels: (H, W) or (H, W, 3) RGB uint8, at its own size.
        map: (H, W) float32, higher is more anomalous, at the image's size.
        mask: (H, W) bool, the regions found, see `kistdsl.metrics.Decision`.
        decision: the thresholds.
    """

    path: Path
    pixels: Bytes
    map: Map
    mask: NDArray[np.bool_]
    decision: Decision

    @property
    def score(self) -> float:
        """The highest value of the map."""
        return float(self.map.max())

    @property
    def margin(self) -> float:
        """How far the image is from an alarm: its highest value over the threshold at its place, above 1 an alarm."""
        return self.decision.margin(self.map)

    @property
    def alarm(self) -> bool:
        """Whether the image counts as anomalous."""
        return bool(self.mask.any())


@dataclass(frozen=True, slots=True)
class Asked:
    """Thresholds in place of the run's own; at most one of the first three.

    Attributes:
        threshold: this value of the map.
        sigmas: mu + so many sigma.
        false_alarms: share of normal images that may be an alarm.
        false_pixels: share of normal pixels that bounds a region (with false_alarms, or by itself).
    """

    threshold: float | None = None
    sigmas: float | None = None
    false_alarms: float | None = None
    false_pixels: float | None = None

    def decision(self, settings: Settings, levels: NormalLevels) -> Decision:
        """The thresholds, on maps that reach these levels on normal images.

        Raises:
            InputError: a share that is none.
        """
        if self.threshold is not None:
            return Decision.at(self.threshold, "a value that was given")
        if self.sigmas is not None:
            return levels.by_sigmas(self.sigmas)
        if self.false_alarms is None and self.false_pixels is None:
            return decision_of(settings, levels)
        return levels.by_false_alarms(
            settings.false_alarms if self.false_alarms is None else self.false_alarms,
            settings.false_pixels if self.false_pixels is None else self.false_pixels,
        )


NOTHING_ASKED = Asked()
"""The run's own thresholds."""


class Localizer:
    """A run's final model, ready for images of any size."""

    def __init__(self, folder: RunFolder, network: torch.nn.Module, shop: Workshop, channels: int) -> None:
        self.folder, self.network, self.shop, self.channels = folder, network, shop, channels
        self.settings: Settings = shop.settings
        self.method: Method = METHODS[self.settings.base_method](self.settings)
        self.levels: dict[str, NormalLevels] = {}
        self.asked = Asked()

    @classmethod
    def open(cls, run: str | Path, *, device: str = "auto", asked: Asked = NOTHING_ASKED) -> Localizer:
        """Load the model of a run folder.

        Args:
            run: the folder.
            device: auto, cpu or cuda.
            asked: thresholds in place of the run's.

        Raises:
            InputError: no such run, not finished, or weights that do not fit.
        """
        folder = RunFolder(Path(run))
        if not folder.root.is_dir():
            raise InputError(f"{folder.root}: no such run folder")
        if not folder.model.is_file():
            raise InputError(f"{folder.root}: no model.safetensors; is the run finished? (train --resume)")
        weights, facts = tensors.load(folder.model)
        settings = make_settings({**facts["settings"], "device": device})
        where = choose_device(settings)
        network = Margin(build(settings.model, settings, facts["channels"]), settings.margin)
        tensors.load_weights(network, weights, folder.model)
        shop = Workshop(folder.stages, settings, where, World(), ignore)
        network = network.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
        made = cls(folder, network.eval(), shop, facts["channels"])
        if "normal" not in facts:
            raise InputError(f"{folder.model}: holds no levels of normal images; go on with train --resume")
        made.levels = {name: NormalLevels.from_json(found) for name, found in facts["normal"].items()}
        made.asked = asked
        return made

    def _stack(self, item: Item, pixels: Bytes) -> Stack:
        """One image at the model's size."""
        if self.channels == 1 and pixels.ndim == 3:
            pixels = np.rint(to_gray(pixels)).astype(np.uint8)
        elif self.channels == 3 and pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, axis=2)
        small = scale_to(pixels, (self.settings.size, self.settings.size))
        levels = torch.from_numpy(np.atleast_3d(small).copy()).permute(2, 0, 1).unsqueeze(0)
        factor = torch.tensor([exposure_factor(small, self.settings)], dtype=torch.float32)
        return Stack((item,), levels.to(self.shop.device), factor.to(self.shop.device))

    def small_map(self, item: Item, pixels: Bytes, *, use_filter: bool = True) -> Map:
        """The map at the model's size, (S, S) float32."""
        stack = self._stack(item, pixels)
        raw = next(maps_of(self.network, self.method, stack, self.shop))
        return filtered(self.settings, to_gray(stack.bytes_of(0)), raw) if use_filter else raw

    def decision(self, *, use_filter: bool = True) -> Decision:
        """The thresholds of image and pixel."""
        return self.asked.decision(self.settings, self.levels["map" if use_filter else "raw"])

    def localize(self, path: str | Path, *, use_filter: bool = True) -> Localization:
        """The map and mask of one image file.

        Raises:
            InputError: it cannot be read.
        """
        source = Path(path)
        pixels = to_uint8(read_image(source).pixels)
        item = Item(source.name, source, "", source.name)
        small = self.small_map(item, pixels, use_filter=use_filter)
        values = np.ascontiguousarray(scale_to(small, (pixels.shape[0], pixels.shape[1])))
        decision = self.decision(use_filter=use_filter)
        return Localization(source, pixels, values, decision.mask(values), decision)

    def evaluate(
        self, data: str | Path, *, exclude: Collection[str] = (), use_filter: bool = True
    ) -> tuple[Evaluation, DecisionFigures]:
        """Figures on the test set of a line; see `kistdsl.kist.evaluation.evaluate_run`."""
        line = read_line(data, seed=self.settings.seed)
        if not line.test:
            raise InputError(f"{data}: no test set (test/good, test/<defect>)")
        maps = list(self._scored(line.test, use_filter))
        figures = evaluate_maps(maps, exclude=exclude, seed=self.settings.seed)
        kept = [item for item in maps if item.kind not in exclude]
        return figures, decision_figures(kept, self.decision(use_filter=use_filter))

    def _scored(self, items: Iterable[Item], use_filter: bool) -> Iterator[ScoredMap]:
        side = self.settings.metric_size or self.settings.size
        masks = load_masks(tuple(items), side)
        for item in items:
            values = self.small_map(item, to_uint8(read_image(item.path).pixels), use_filter=use_filter)
            yield scored(item, values, masks.get(item.name), side)


def overlay(found: Localization) -> Bytes:
    """The image with its map as a red glow and its mask's outline, (H, W, 3) RGB uint8."""
    base = found.pixels if found.pixels.ndim == 3 else np.repeat(found.pixels[:, :, None], 3, axis=2)
    values = found.decision.relative(found.map)
    low, high = 0.5 * found.decision.pixel, max(2 * found.decision.image, float(values.max()), 1e-12)
    glow = np.clip((values - low) / (high - low), 0, 1)[:, :, None] * 0.7
    red = np.array([255.0, 40.0, 0.0])
    blended = base * (1 - glow) + red * glow
    outline = found.mask & ~_eroded(found.mask)
    blended[outline] = (255.0, 255.0, 0.0)
    return np.asarray(np.rint(blended), np.uint8)


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a mask whose four neighbours are in it too (outside counts as in)."""
    padded = np.pad(mask, 1, constant_values=True)
    return np.asarray(
        padded[1:-1, 1:-1] & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    )
