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
from kistdsl.kist.inference import Map, Statistics, filtered, maps_of
from kistdsl.kist.measuring import scored
from kistdsl.kist.methods import METHODS, Method
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.run_folder import RunFolder
from kistdsl.kist.stacks import Bytes, Stack, exposure_factor, load_masks, scale_to
from kistdsl.kist.training import Workshop
from kistdsl.metrics import Evaluation, ScoredMap, evaluate_maps


@dataclass(frozen=True, slots=True, eq=False)
class Localization:
    """What was found in one image.

    Attributes:
        path: the image.
        pixels: (H, W) or (H, W, 3) RGB uint8, at its own size.
        map: (H, W) float32, higher is more anomalous, at the image's size.
        mask: (H, W) bool, map above the run's threshold.
        threshold: mu + mask_sigmas * sigma of the normal training images' maps.
    """

    path: Path
    pixels: Bytes
    map: Map
    mask: NDArray[np.bool_]
    threshold: float

    @property
    def score(self) -> float:
        """The highest value of the map."""
        return float(self.map.max())


class Localizer:
    """A run's final model, ready for images of any size."""

    def __init__(self, folder: RunFolder, network: torch.nn.Module, shop: Workshop, channels: int) -> None:
        self.folder, self.network, self.shop, self.channels = folder, network, shop, channels
        self.settings: Settings = shop.settings
        self.method: Method = METHODS[self.settings.base_method](self.settings)
        self.of_map = self.of_raw = Statistics(0.0, 0.0)

    @classmethod
    def open(cls, run: str | Path, *, device: str = "auto") -> Localizer:
        """Load the model of a run folder.

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
        made.of_map, made.of_raw = Statistics(*facts["map"]), Statistics(*facts["raw"])
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

    def threshold(self, *, use_filter: bool = True) -> float:
        """Above it a pixel is in the mask."""
        of = self.of_map if use_filter else self.of_raw
        return of.mu + self.settings.mask_sigmas * of.sigma

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
        threshold = self.threshold(use_filter=use_filter)
        return Localization(source, pixels, values, values > threshold, threshold)

    def evaluate(
        self, data: str | Path, *, exclude: Collection[str] = (), use_filter: bool = True
    ) -> Evaluation:
        """Figures on the test set of a line; see `kistdsl.kist.evaluation.evaluate_run`."""
        line = read_line(data, seed=self.settings.seed)
        if not line.test:
            raise InputError(f"{data}: no test set (test/good, test/<defect>)")
        return evaluate_maps(
            list(self._scored(line.test, use_filter)), exclude=exclude, seed=self.settings.seed
        )

    def _scored(self, items: Iterable[Item], use_filter: bool) -> Iterator[ScoredMap]:
        side = self.settings.metric_size or self.settings.size
        masks = load_masks(tuple(items), side)
        for item in items:
            values = self.small_map(item, to_uint8(read_image(item.path).pixels), use_filter=use_filter)
            yield scored(item, values, masks.get(item.name), side)


def overlay(found: Localization) -> Bytes:
    """The image with its map as a red glow and its mask's outline, (H, W, 3) RGB uint8."""
    base = found.pixels if found.pixels.ndim == 3 else np.repeat(found.pixels[:, :, None], 3, axis=2)
    low, high = 0.5 * found.threshold, max(2 * found.threshold, found.score, 1e-12)
    glow = np.clip((found.map - low) / (high - low), 0, 1)[:, :, None] * 0.7
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
