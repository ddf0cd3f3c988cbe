"""Batch normalisation over the batch of all processes, on any device."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _Sum(torch.autograd.Function):
    """The sum over processes; the gradient of a sum of all processes' losses is summed likewise."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def _sum(values: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return total


class GlobalBatchNorm(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose means are those of the whole batch, however many processes share it."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        if not (self.training and dist.is_initialized() and dist.get_world_size() > 1):
            alone: Tensor = super().forward(images)
            return alone
        values = images if images.dtype == torch.float64 else images.float()
        number = values.new_tensor([values.numel() / self.num_features])
        dist.all_reduce(number)
        # Two exchanges: the mean of squares less the square of the mean would cancel in float32.
        mean = _sum(values.sum((0, 2, 3))) / number
        centred = values - mean.view(1, -1, 1, 1)
        variance = _sum(centred.square().sum((0, 2, 3))) / number
        self._remember(mean.detach(), variance.detach(), float(number))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalised = centred * scale.view(1, -1, 1, 1)
        shifted: Tensor = normalised + self.bias.view(1, -1, 1, 1)
        return shifted.to(images.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, number: float) -> None:
        """Update the running statistics as `nn.BatchNorm2d` does (unbiased variance)."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        share = 0.1 if self.momentum is None else self.momentum
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * number / (number - 1), share)
