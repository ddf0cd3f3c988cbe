"""One process or several: counts and sums are global, so that two processes do what one does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from kistdsl.diagnostics import InputError
from kistdsl.kist.losses import Term


@dataclass(frozen=True, slots=True)
class World:
    """The processes that train together (one: rank 0 of 1)."""

    rank: int = 0
    size: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes the run folder."""
        return self.rank == 0

    def part(self, values: Tensor) -> Tensor:
        """This process's share of a global batch: every `size`-th entry of the first axis."""
        return values if self.size == 1 else values[self.rank :: self.size]

    def add_up(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def shared(self, term: Term) -> Term:
        """`term` over the global count: its own total, so that gradients add up over processes."""
        return Term(term.total, self.add_up(term.number.detach().clone()))

    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Sum the gradients of all processes in one exchange."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        self.add_up(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.reshape(gradient.shape))

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            dist.barrier()

    def require(self, batch: int, name: str) -> None:
        """A batch must give each process an image.

        Raises:
            InputError: it does not.
        """
        if batch < self.size:
            raise InputError(f"{name} = {batch} gives {self.size} processes less than one image each")


@contextmanager
def world(device: torch.device) -> Iterator[World]:
    """The world that `torchrun` made (its environment variables), or this process alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or dist.is_initialized():
        yield World(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else World()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
