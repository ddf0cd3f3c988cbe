"""Images of a line as bytes on the device, at the model's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kistdsl.data.images import read_image, read_mask, to_gray, to_uint8
from kistdsl.data.layouts import Item, Line
from kistdsl.data.resizing import resize_mask
from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings

_MEDIAN_AT = 0.5  # where `exposure = "median"` puts an image's median gray
_THREADS = 4

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Images at the model's size.

    Attributes:
        items: what they are.
        pixels: (N, C, S, S) uint8, on the device; C is 1 (gray) or 3 (RGB).
        factor: (N,) float32, from gray levels to the network's [0, 1] (exposure included).
    """

    items: tuple[Item, ...]
    pixels: Tensor
    factor: Tensor

    def __len__(self) -> int:
        return len(self.items)

    def inputs(self, index: Tensor | slice) -> Tensor:
        """(B, C, S, S) float32 in [0, 1], channels last: what the network sees of the images in `index`."""
        levels = self.pixels[index].float() * self.factor[index].view(-1, 1, 1, 1)
        return levels.clamp_(0, 1).contiguous(memory_format=torch.channels_last)

    def bytes_of(self, index: int) -> Bytes:
        """(S, S) or (S, S, 3) RGB uint8: one image as the rules see it."""
        image = self.pixels[index].permute(1, 2, 0).cpu().numpy()
        return np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image)

    def take(self, index: Sequence[int]) -> Stack:
        """The images in `index`, in that order."""
        chosen = torch.tensor(list(index), dtype=torch.long, device=self.pixels.device)
        return Stack(tuple(self.items[i] for i in index), self.pixels[chosen], self.factor[chosen])


def scale_to(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(H, W[, 3]) uint8 or float32 at another (height, width): by area when shrinking, else bilinear."""
    if pixels.shape[:2] == size:
        return pixels
    shrinks = pixels.shape[0] >= size[0] and pixels.shape[1] >= size[1]
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size[1], size[0]), interpolation=mode))


def exposure_factor(pixels: Bytes, settings: Settings) -> float:
    """What gray levels of one image are multiplied with to lie in the network's [0, 1]."""
    if settings.exposure == "none":
        return 1 / 255
    return _MEDIAN_AT / max(float(np.median(to_gray(pixels))), 1.0)


def prepare(path: Path, settings: Settings, channels: int) -> Bytes:
    """One image file as (S, S) or (S, S, 3) uint8.

    Raises:
        InputError: it cannot be read.
    """
    pixels = to_uint8(read_image(path).pixels)
    if channels == 1 and pixels.ndim == 3:
        pixels = np.rint(to_gray(pixels)).astype(np.uint8)
    elif channels == 3 and pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(scale_to(pixels, (settings.size, settings.size)))


def load_stack(
    items: Sequence[Item],
    settings: Settings,
    channels: int,
    device: torch.device,
    step: Callable[[], None] = lambda: None,
) -> Stack:
    """Read images, a few at a time; `step` is called after each.

    Raises:
        InputError: one cannot be read.
    """
    images: list[Bytes] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for image in pool.map(lambda item: prepare(item.path, settings, channels), items):
            images.append(image)
            step()
    shape = (0, settings.size, settings.size) if channels == 1 else (0, settings.size, settings.size, 3)
    array = np.stack(images) if images else np.zeros(shape, np.uint8)
    pixels = torch.from_numpy(array[..., None] if channels == 1 else array).permute(0, 3, 1, 2)
    factor = torch.tensor([exposure_factor(image, settings) for image in images], dtype=torch.float32)
    return Stack(tuple(items), pixels.contiguous().to(device), factor.to(device))


def channels_of(line: Line, settings: Settings) -> int:
    """1 for a gray line, 3 where any training image has colour (or as the settings say)."""
    if settings.channels != "auto":
        return 1 if settings.channels == "gray" else 3
    with ThreadPoolExecutor(_THREADS) as pool:
        training = (*line.train_good, *line.train_anomalous)
        color = any(pool.map(lambda item: read_image(item.path).is_color, training))
    return 3 if color else 1


def load_masks(items: Sequence[Item], side: int) -> dict[str, NDArray[np.bool_]]:
    """Ground truth by item name, (side, side) bool: resized by area and cut at one half."""

    def one(item: Item) -> NDArray[np.bool_]:
        if item.mask is None:
            raise InputError(f"{item.path}: has no mask")
        return resize_mask(read_mask(item.mask).pixels, (side, side))

    masked = [item for item in items if item.mask is not None]
    with ThreadPoolExecutor(_THREADS) as pool:
        return {item.name: mask for item, mask in zip(masked, pool.map(one, masked), strict=True)}
