"""MemAE [19]: an autoencoder that may decode only mixtures of remembered codes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from kistdsl.kist.models.base import Reconstruction
from kistdsl.kist.models.batch_norm import GlobalBatchNorm
from kistdsl.kist.models.cae import decoder, encoder

Addressing = Literal["dot", "cosine"]

_TINY = 1e-12


def address(
    codes: Tensor, memory: Tensor, *, addressing: Addressing, temperature: float, shrink: float
) -> Tensor:
    """How much of each memory row a code is made of.

    Args:
        codes: (M, C) float.
        memory: (N, C) float.
        addressing: similarity of code and row: "dot" product, or "cosine" as printed in [19].
        temperature: the similarity is divided by it before the softmax.
        shrink: weights at or below it become 0 (hard shrinkage, [19] eq. 7); the rest sums to 1 again.

    Returns:
        (M, N) float, each row summing to 1, or to 0 where every weight was shrunk away.
    """
    if addressing == "cosine":
        codes, memory = nn.functional.normalize(codes), nn.functional.normalize(memory)
    weights = torch.softmax(codes @ memory.T / temperature, dim=1)
    above = weights - shrink
    kept = torch.relu(above) * weights / (above.abs() + _TINY)
    return kept / kept.sum(1, keepdim=True).clamp_min(_TINY)


def entropy(weights: Tensor) -> Tensor:
    """(M, N) weights to (M,) entropies in nats, [19] eq. 9; 0 log 0 is 0."""
    return -(weights * (weights + _TINY).log()).sum(1)


class MemoryAutoencoder(nn.Module):
    """The convolutions of the CAE with a memory between them, read at each place of the last feature map.

    Codes are batch-normalised, as the layers of the encoder are in [19]'s own code: the CAE's differ so little from place
    to place at the start that all of them would read the same few rows, and the others die.

    Args:
        channels: 1 or 3.
        size: side of the input in pixels, as for the CAE.
        width: channels of the first layers; also the length C of a memory row.
        items: number N of memory rows.
        addressing: "dot" or "cosine". As printed (cosine, shrinkage up to 3/N) nearly all rows die at once.
        temperature: of the softmax.
        shrink: hard-shrinkage threshold in units of 1/N.
        entropy_weight: weight of the mean entropy of the addresses in the loss (2e-4 in [19]).
    """

    def __init__(
        self,
        channels: int,
        size: int,
        *,
        width: int,
        items: int,
        addressing: Addressing,
        temperature: float,
        shrink: float,
        entropy_weight: float,
    ) -> None:
        super().__init__()
        features, _, last = encoder(channels, size, width)
        self.encoder = nn.Sequential(features, nn.Conv2d(last, last, 1), GlobalBatchNorm(last))
        self.decoder = decoder(channels, size, width)
        self.memory = nn.Parameter(torch.empty(items, last).uniform_(-1, 1) / last**0.5)
        self.addressing: Addressing = addressing
        self.temperature = temperature
        self.shrink = shrink / items
        self.entropy_weight = entropy_weight

    def _addresses(self, codes: Tensor) -> Tensor:
        return address(
            codes,
            self.memory,
            addressing=self.addressing,
            temperature=self.temperature,
            shrink=self.shrink,
        )

    def forward(self, images: Tensor) -> Reconstruction:
        """(B, C, S, S) to a reconstruction in (0, 1), with the weighted entropy of its addresses."""
        code = self.encoder(images)  # (B, D, h, w)
        batch, depth, height, width = code.shape
        rows = code.permute(0, 2, 3, 1).reshape(-1, depth)  # (B h w, D)
        weights = self._addresses(rows)
        read = (weights @ self.memory).view(batch, height, width, depth).permute(0, 3, 1, 2)
        penalty = self.entropy_weight * entropy(weights).view(batch, -1).mean(1)
        return Reconstruction(self.decoder(read), penalty)

    @torch.no_grad()
    def rows_used(self, images: Tensor) -> Tensor:
        """(N,) bool: which memory rows any place of `images` reads."""
        code = self.encoder(images)
        rows = code.permute(0, 2, 3, 1).reshape(-1, code.shape[1])
        return (self._addresses(rows) > 0).any(0)
