"""Images of a line as bytes on the device, at the model's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kistdsl.data.images import read_image
from kistdsl.data.layouts import Item, Line
from kistdsl.kist.config import Settings
from kistdsl.kist.preparing import THREADS, Bytes, exposure_factor, prepare


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
    with ThreadPoolExecutor(THREADS) as pool:
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
    with ThreadPoolExecutor(THREADS) as pool:
        training = (*line.train_good, *line.train_anomalous)
        color = any(pool.map(lambda item: read_image(item.path).is_color, training))
    return 3 if color else 1
