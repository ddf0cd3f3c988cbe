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


class GlobalBatchNorm(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose means are those of the whole batch, however many processes share it."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        if not (self.training and dist.is_initialized() and dist.get_world_size() > 1):
            alone: Tensor = super().forward(images)
            return alone
        values = images.float()
        count = torch.tensor([values.numel() / self.num_features], device=values.device)
        sums = torch.cat([values.sum((0, 2, 3)), values.square().sum((0, 2, 3)), count])
        total, squares, number = _Sum.apply(sums).split([self.num_features, self.num_features, 1])  # type: ignore[no-untyped-call]
        mean = total / number
        variance = squares / number - mean.square()
        self._remember(mean.detach(), variance.detach(), float(number.detach()))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalised = (values - mean.view(1, -1, 1, 1)) * scale.view(1, -1, 1, 1)
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
