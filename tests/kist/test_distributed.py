"""Two processes compute what one does: batch normalisation in float64, so that rounding cannot hide an error."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

SCRIPT = """
import sys
import torch
import torch.distributed as dist
from tests.kist.test_distributed import gradients, network

torch.set_num_threads(1)
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
model = network()
found = gradients(model, part=slice(rank, None, size))
for value in found.values():
    dist.all_reduce(value)
if rank == 0:
    state = {f"state.{name}": value for name, value in model.state_dict().items()}
    torch.save({**found, **state}, sys.argv[1])
dist.destroy_process_group()
"""


def network() -> nn.Module:
    """A small float64 U-Net with batch normalisation, the same in every process."""
    from kistdsl.kist.models.unet import UNet

    torch.manual_seed(0)
    made = UNet(
        1,
        16,
        width=4,
        depth=2,
        norm="batch",
        padding="zeros",
        upsampling="nearest",
        dropped_skips=0,
    )
    return made.double().train()


def gradients(model: nn.Module, part: slice) -> dict[str, torch.Tensor]:
    """Gradients of a part of the mean loss over one batch of 6; the parts of all processes add up."""
    images = torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weights = torch.arange(1.0, 7.0, dtype=torch.float64).view(-1, 1, 1, 1)
    mine, weight = images[part], weights[part]
    loss = (weight * (model(mine) - mine).square()).sum() / len(images)
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_batch_normalisation_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = tmp_path / "two.pt"
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    place["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(out)],
            env={**os.environ, **place, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    two = torch.load(out, weights_only=True)
    alone = network()
    for name, gradient in gradients(alone, slice(None)).items():
        assert two[name].numpy() == pytest.approx(gradient.numpy(), rel=1e-9, abs=1e-12), name
    for name, value in alone.state_dict().items():
        assert two[f"state.{name}"].numpy() == pytest.approx(value.numpy(), rel=1e-9), name
