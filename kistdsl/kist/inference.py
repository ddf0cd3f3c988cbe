"""Maps of many images, the statistics of eq. 9, and the filter at test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kistdsl.data.images import to_gray
from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings
from kistdsl.kist.guided_filter import gaussian, guided_filter
from kistdsl.kist.methods import Method
from kistdsl.kist.preparing import Bytes, scale_to
from kistdsl.kist.seed import torch_generator
from kistdsl.kist.stacks import Stack
from kistdsl.kist.training import Workshop
from kistdsl.metrics import NormalLevels

Map = NDArray[np.float32]
_USUAL_SIGMA = 16.0  # at 256: what is usual at a place is smoothed over its surroundings
_USUAL_SIDE = 32

MapMaker = Callable[[Stack, int, Map], Map]
"""(stack, index, raw map) to the map that is used."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation of a map over all pixels of the normal training images (eq. 9)."""

    mu: float
    sigma: float


def maps_of(network: nn.Module, method: Method, stack: Stack, shop: Workshop) -> Iterator[Map]:
    """The raw anomaly map of each image of `stack`, (S, S) float32, in order.

    Raises:
        InputError: a map is not finite (the network diverged), naming the image; or out of memory.
    """
    for start in range(0, len(stack), shop.settings.infer_batch):
        scores = _scores(network, method, stack.inputs(slice(start, start + shop.settings.infer_batch)), shop)
        for offset, score in enumerate(scores.cpu().numpy()):
            if not np.isfinite(score).all():
                raise InputError(f"{stack.items[start + offset].path}: the map is not finite")
            yield score[0]


@torch.inference_mode()
def _scores(network: nn.Module, method: Method, images: Tensor, shop: Workshop) -> Tensor:
    try:
        with shop.autocast():
            return method.score(network, images).float()
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"out of memory on the device with infer_batch = {shop.settings.infer_batch}: take a smaller one"
        ) from error


@torch.inference_mode()
def held_out_loss(network: nn.Module, method: Method, stack: Stack, shop: Workshop) -> float:
    """Mean loss of `method` over all images of `stack`, draws fixed; NaN where the network diverged."""
    total = 0.0
    for start in range(0, len(stack), shop.settings.infer_batch):
        images = stack.inputs(slice(start, start + shop.settings.infer_batch))
        draw = torch_generator(shop.settings.seed, "held out", start)
        with shop.autocast():
            output = method.reconstruct(network, images, draw).image
        total += float(method.loss(images, output).sum())
    return total / len(stack)


def statistics_of(
    network: nn.Module, method: Method, stack: Stack, shop: Workshop, transform: MapMaker
) -> Statistics:
    """mu and sigma over all pixels of `stack`, each process summing its share of the images."""
    world = shop.world
    own = stack.take(range(world.rank, len(stack), world.size))
    sums = torch.zeros(3, dtype=torch.float64)
    for index, raw in enumerate(maps_of(network, method, own, shop)):
        values = transform(own, index, raw).astype(np.float64)
        sums += torch.tensor([values.size, values.sum(), np.square(values).sum()], dtype=torch.float64)
    count, total, squares = world.add_up(sums.to(shop.device)).tolist()
    mean = total / count
    return Statistics(mean, sqrt(max(squares / count - mean * mean, 0.0)))


def normal_levels(
    network: nn.Module,
    method: Method,
    fit: Stack,
    held_out: Stack,
    shop: Workshop,
    transforms: Mapping[str, MapMaker],
) -> dict[str, NormalLevels]:
    """What each kind of map reaches on normal images: statistics of those that trained, levels of those that did not.

    Args:
        network, method, shop: of the run.
        fit, held_out: normal images.
        transforms: by the name of the kind.
    """
    sums = {name: _Sums.empty(shop.settings.size) for name in transforms}
    for index, raw in enumerate(maps_of(network, method, fit, shop)):
        for name, transform in transforms.items():
            sums[name].add(transform(fit, index, raw))
    watched = list(enumerate(maps_of(network, method, held_out, shop)))
    return {
        name: sums[name].levels(shop.settings, (transform(held_out, i, raw) for i, raw in watched))
        for name, transform in transforms.items()
    }


@dataclass(slots=True, eq=False)
class _Sums:
    """Of one kind of map over normal images.

    Attributes:
        total: (S, S) float64, sum at each place.
        squares: sum of squares over all pixels.
        count: images.
    """

    total: NDArray[np.float64]
    squares: float
    count: int

    @classmethod
    def empty(cls, side: int) -> Self:
        return cls(np.zeros((side, side)), 0.0, 0)

    def add(self, values: Map) -> None:
        self.total += values
        self.squares += float(np.square(values, dtype=np.float64).sum())
        self.count += 1

    def levels(self, settings: Settings, held_out: Iterator[Map]) -> NormalLevels:
        mean = self.total / self.count
        mu = float(mean.mean())
        sigma = sqrt(max(self.squares / (self.count * mean.size) - mu * mu, 0.0))
        smooth = gaussian(mean, settings.scaled(_USUAL_SIGMA))
        usual = scale_to(smooth, (min(settings.size, _USUAL_SIDE),) * 2)
        return NormalLevels.of(mu, sigma, usual, held_out)


def raw_map(stack: Stack, index: int, raw: Map) -> Map:
    """The map as the method gives it."""
    return raw


def filtered(settings: Settings, gray: NDArray[np.floating] | Bytes, raw: Map) -> Map:
    """The filter at test.

    Args:
        settings: which filter.
        gray: (S, S) gray levels 0..255 of the image.
        raw: (S, S) float32.
    """
    if settings.filter == "guided":
        radius = max(1, round(settings.scaled(settings.guided_radius)))
        return guided_filter(gray / 255.0, raw, radius=radius, epsilon=settings.guided_epsilon)
    if settings.filter == "gaussian":
        return gaussian(raw, settings.scaled(settings.filter_sigma))
    return raw


def test_map(settings: Settings) -> MapMaker:
    """The filter at test, as a `MapMaker`."""
    return lambda stack, index, raw: filtered(settings, to_gray(stack.bytes_of(index)), raw)


def label_map(settings: Settings) -> MapMaker:
    """The smoothing before the thresholds, as a `MapMaker`."""
    sigma = settings.scaled(settings.label_sigma)
    return lambda stack, index, raw: gaussian(raw, sigma)
