"""The U-Net [35] with a width and a depth setting, as a reconstruction network."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from kistdsl.diagnostics import InputError
from kistdsl.kist.models.batch_norm import GlobalBatchNorm

Norm = Literal["none", "group", "batch"]
Padding = Literal["zeros", "reflect", "replicate"]
Upsampling = Literal["nearest", "transpose"]


def _norm(kind: Norm, channels: int) -> list[nn.Module]:
    if kind == "group":
        return [nn.GroupNorm(max(1, channels // 8), channels)]
    return [GlobalBatchNorm(channels)] if kind == "batch" else []


def _block(before: int, after: int, norm: Norm, padding: Padding) -> nn.Sequential:
    """Two 3x3 convolutions, each normalised (if at all) and rectified."""
    layers: list[nn.Module] = []
    for channels in (before, after):
        bias = norm != "batch"  # batch normalisation takes it away again
        layers.append(nn.Conv2d(channels, after, 3, 1, 1, bias=bias, padding_mode=padding))
        layers += [*_norm(norm, after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Contracting and expanding path with skips.

    Args:
        channels: 1 or 3.
        size: side of the input in pixels, a multiple of 2 ** depth.
        width: channels of the first level (64 in [35]); each level down doubles them.
        depth: number of halvings (4 in [35]).
        norm: "none" as in [35], "group", or "batch" (over the batch of all processes).
        padding: of the 3x3 convolutions at the border.
        upsampling: "transpose" for a 2x2 transposed convolution as in [35], or "nearest", which has no
            weights and leaves no checkerboard in the residual.
        dropped_skips: how many skips, from the top, are left out. With all skips a U-Net can copy its
            input and leave no residual; without the top one it cannot copy single pixels.
    """

    def __init__(
        self,
        channels: int,
        size: int,
        *,
        width: int,
        depth: int,
        norm: Norm,
        padding: Padding,
        upsampling: Upsampling,
        dropped_skips: int,
    ) -> None:
        super().__init__()
        if size % 2**depth:
            raise InputError(f"size {size}: a U-Net of depth {depth} needs a multiple of {2**depth}")
        if padding == "reflect" and size // 2**depth < 2:
            raise InputError(f"size {size}: too small for reflecting borders at depth {depth}")
        widths = [width * 2**level for level in range(depth + 1)]
        self.dropped_skips = dropped_skips
        self.down = nn.ModuleList(
            _block(before, after, norm, padding)
            for before, after in zip([channels, *widths], widths, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        if upsampling == "transpose":
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * wide, wide, 2, 2) for wide in widths[:-1])
        else:
            self.up = nn.ModuleList(nn.Upsample(scale_factor=2) for _ in widths[:-1])
        risen = [wide if upsampling == "transpose" else 2 * wide for wide in widths]
        self.merge = nn.ModuleList(
            _block(risen[level] + (0 if level < dropped_skips else wide), wide, norm, padding)
            for level, wide in enumerate(widths[:-1])
        )
        self.out = nn.Conv2d(width, channels, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, S, S) to (B, C, S, S) in (0, 1)."""
        skips: list[Tensor] = []
        hidden = images
        for level, block in enumerate(self.down):
            hidden = block(self.pool(hidden) if level else hidden)
            skips.append(hidden)
        for level in reversed(range(len(self.up))):
            hidden = self.up[level](hidden)
            if level >= self.dropped_skips:
                hidden = torch.cat([skips[level], hidden], 1)
            hidden = self.merge[level](hidden)
        return torch.sigmoid(self.out(hidden))
