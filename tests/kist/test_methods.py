"""Methods: masks of RIAD, maps, and that each learns."""

from __future__ import annotations

import pytest
import torch

from kistdsl.kist import names
from kistdsl.kist.methods import METHODS, Riad, disjoint_masks
from kistdsl.kist.models.registry import build
from kistdsl.kist.seed import torch_generator
from tests.kist.conftest import tiny
from tests.kist.test_models import Half


@pytest.mark.parametrize("side", [1, 2, 5, 16, 40])
def test_riad_masks_are_disjoint_complete_and_square(side: int) -> None:
    masks = disjoint_masks(32, side, torch_generator(0, side))
    assert masks.shape == (3, 1, 32, 32)
    assert torch.equal(masks.sum(0), torch.ones(1, 32, 32))
    cells = masks[:, 0, ::side, ::side].repeat_interleave(side, 1).repeat_interleave(side, 2)
    assert torch.equal(masks[:, 0], cells[:, :32, :32])


def test_riad_paints_each_pixel_from_an_image_without_it() -> None:
    method = Riad(tiny(method="riad"))
    images = torch.rand(2, 1, 32, 32)
    output = method.reconstruct(Half(1, 32), images, torch_generator(0)).image
    assert torch.equal(output, torch.zeros_like(images))  # half of a pixel that was removed


def test_every_name_has_its_method() -> None:
    assert tuple(METHODS) == names.RIVALS


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_learns_and_gives_a_map(name: str) -> None:
    settings = tiny(method=name)
    method = METHODS[name](settings)
    network = build("unet", settings, 1)
    images = torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.2 + 0.4
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(12):
        output, penalty = method.reconstruct(network, images, torch_generator(0))
        loss = (method.loss(images, output) + penalty).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    found = method.score(network.eval(), images)
    assert found.shape == (4, 1, 32, 32)
    assert torch.isfinite(found).all()
    assert torch.equal(found, method.score(network, images))
    assert float(method.error(images, output).detach().min()) >= 0
