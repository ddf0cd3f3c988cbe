"""A run's network, its exposure and its filter as one ONNX model: gray levels in, anomaly map out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kistdsl._version import __version__
from kistdsl.atomic import atomic_path
from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings, settings_json
from kistdsl.kist.guided_filter import gaussian_kernel
from kistdsl.kist.methods import Method
from kistdsl.kist.onnx_mapper import FACTS_KEY, OUTPUTS, OnnxMapper
from kistdsl.kist.preparing import MEDIAN_AT
from kistdsl.kist.torch_mapper import TorchMapper

OPSET = 17

TOLERANCE = 2e-4
"""Largest difference of a map from torch's, over the map's highest value: what float32 sums in another
order do (5e-7 for squared errors, up to 1e-4 for SSIM, whose variances cancel)."""

_GRAY = (0.299, 0.587, 0.114)


class Whole(nn.Module):
    """From (B, S, S, C) uint8 to the raw and the filtered map, each (B, S, S) float32."""

    def __init__(self, network: nn.Module, method: Method, settings: Settings, channels: int) -> None:
        super().__init__()
        self.network, self.method, self.channels = network, method, channels
        self.median = settings.exposure == "median"
        self.filter = _filter(settings)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        levels = image.permute(0, 3, 1, 2).float()
        gray = levels
        if self.channels == 3:
            gray = (levels * torch.tensor(_GRAY).view(1, 3, 1, 1)).sum(1, keepdim=True)
        factor = MEDIAN_AT / _median(gray).clamp_min(1.0) if self.median else torch.tensor(1 / 255)
        raw = self.method.score(self.network, (levels * factor).clamp(0, 1)).float()[:, 0]
        return raw, self.filter(gray[:, 0] / 255, raw)


def _median(gray: Tensor) -> Tensor:
    """(B, 1, S, S) to (B, 1, 1, 1): of an even number of pixels the mean of the middle two."""
    flat = gray.flatten(1)
    count = flat.shape[1]
    highest = torch.topk(flat, int(count) // 2 + 1, dim=1).values
    middle = highest[:, -1:] if int(count) % 2 else highest[:, -2:]
    return middle.mean(1).view(-1, 1, 1, 1)


def _filter(settings: Settings) -> Callable[[Tensor, Tensor], Tensor]:
    """The filter at test on (B, S, S) gray in [0, 1] and map; windows at the border are in the matrices."""
    if settings.filter == "none":
        return lambda gray, raw: raw
    if settings.filter == "gaussian":
        smooth = torch.from_numpy(_gaussian_matrix(settings.size, settings.scaled(settings.filter_sigma)))
        return lambda gray, raw: smooth @ raw @ smooth.T
    radius = max(1, round(settings.scaled(settings.guided_radius)))
    box = torch.from_numpy(_box_matrix(settings.size, radius))
    return lambda gray, raw: _guided(gray.double(), raw.double(), box, settings.guided_epsilon).float()


def _guided(gray: Tensor, raw: Tensor, box: Tensor, epsilon: float) -> Tensor:
    """See `kistdsl.kist.guided_filter.guided_filter`."""

    def mean(values: Tensor) -> Tensor:
        return box @ values @ box.T

    average, level = mean(gray), mean(raw)
    variance = (mean(gray * gray) - average * average).clamp_min(0.0)
    slope = (mean(gray * raw) - average * level) / (variance + epsilon)
    return mean(slope) * gray + mean(level - slope * average)


def _gaussian_matrix(side: int, sigma: float) -> NDArray[np.float32]:
    """(side, side): A with A x A^T the Gaussian of `kistdsl.kist.guided_filter.gaussian`."""
    taps = gaussian_kernel(sigma)
    matrix = np.zeros((side, side), np.float64)
    for i in range(side):
        for k, tap in enumerate(taps):
            matrix[i, cv2.borderInterpolate(i + k - len(taps) // 2, side, cv2.BORDER_REFLECT)] += tap
    return matrix.astype(np.float32)


def _box_matrix(side: int, radius: int) -> NDArray[np.float64]:
    """(side, side): B with B x B^T the mean over windows shrunken at the border."""
    apart = np.abs(np.arange(side)[:, None] - np.arange(side))
    inside = (apart <= radius).astype(np.float64)
    return np.asarray(inside / inside.sum(1, keepdims=True))


def export(run: Path, target: Path) -> float:
    """Write a run's model as ONNX, and compare it with torch.

    Args:
        run: a finished run.
        target: the `.onnx` file; written whole or not at all.

    Returns:
        The largest difference of a map of noise images from torch's, over the map's highest value.

    Raises:
        InputError: no finished run, a network that cannot be exported, or a model that differs from torch.
    """
    mapper = TorchMapper.open(run, device="cpu")
    facts = mapper.facts
    exact = facts.settings.model_copy(update={"precision": "float32"})  # whatever the run itself computed in
    mapper.shop = replace(mapper.shop, settings=exact)
    network = mapper.network.to(memory_format=torch.contiguous_format)
    whole = Whole(network, mapper.method, facts.settings, facts.channels).eval()
    with atomic_path(target) as path:
        _write(whole, facts.settings.size, facts.channels, path)
        model = onnx.load(str(path))
        onnx.helper.set_model_props(model, {FACTS_KEY: json.dumps(_stored(mapper))})
        model.producer_name, model.producer_version = "kistdsl", __version__
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(path))
        difference = _difference(mapper, OnnxMapper.open(path, device="cpu"))
        if not difference <= TOLERANCE:
            raise InputError(f"{run}: the exported model differs from torch by {difference:.2g} of its maps")
    return difference


def _write(whole: Whole, side: int, channels: int, path: Path) -> None:
    example = torch.from_numpy(_noise(2, side, channels))
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of tracing, and of the exporter's successor, which needs onnxscript
            whole(example)  # what is drawn once is drawn now, and becomes a constant
            torch.onnx.export(
                whole,
                (example,),
                str(path),
                input_names=["image"],
                output_names=list(OUTPUTS),
                dynamic_axes={name: {0: "batch"} for name in ("image", *OUTPUTS)},
                opset_version=OPSET,
                dynamo=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        raise InputError(f"the network cannot be exported: {str(error).splitlines()[0]}") from error


def _noise(count: int, side: int, channels: int) -> NDArray[np.uint8]:
    """(count, side, side, channels): smooth shapes under grain, of different exposures."""
    random = np.random.default_rng(0)
    shapes = np.repeat(np.repeat(random.random((count, 4, 4, channels)), -(-side // 4), 1), -(-side // 4), 2)
    grain = random.normal(0, 12, (count, side, side, channels))
    exposure = np.linspace(60, 190, count).reshape(-1, 1, 1, 1)
    return np.clip(shapes[:, :side, :side] * 50 + grain + exposure, 0, 255).astype(np.uint8)


def _difference(mapper: TorchMapper, exported: OnnxMapper) -> float:
    facts = mapper.facts
    noise = _noise(3, facts.settings.size, facts.channels)
    images = [image[:, :, 0] if facts.channels == 1 else image for image in noise]
    worst = 0.0
    for use_filter in (False, True):
        ours, theirs = (m.maps(images, use_filter=use_filter) for m in (mapper, exported))
        worst = max(worst, float(np.abs(ours - theirs).max() / max(float(np.abs(ours).max()), 1e-12)))
    return worst


def _stored(mapper: TorchMapper) -> dict[str, Any]:
    """The facts as JSON, rules included: the file stands alone."""
    facts = mapper.facts
    return {
        "kistdsl": __version__,
        "settings": settings_json(facts.settings),
        "channels": facts.channels,
        "normal": {name: found.as_json() for name, found in facts.levels.items()},
        "rules": facts.rules,
        "silent_rules": facts.silent_rules,
    }
