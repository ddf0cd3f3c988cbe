"""Networks: shapes, addressing by hand, a user's own, what does not fit."""

from __future__ import annotations

from math import log

import pytest
import torch
from torch import Tensor, nn

from kistdsl.diagnostics import InputError
from kistdsl.kist.models.base import reconstruct
from kistdsl.kist.models.cae import encoder
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.memae import MemoryAutoencoder, address, entropy
from kistdsl.kist.models.registry import build
from tests.kist.conftest import tiny


class Half(nn.Module):
    """A user's own network."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, images: Tensor) -> Tensor:
        return images * self.factor


class NoModule:
    def __init__(self, channels: int, size: int) -> None:
        pass


class Smaller(Half):
    def forward(self, images: Tensor) -> Tensor:
        return images[:, :, ::2] * self.factor


class Gray(Half):
    def forward(self, images: Tensor) -> Tensor:
        return images[:, :1] * self.factor


class Still(nn.Identity):
    def __init__(self, channels: int, size: int) -> None:
        super().__init__()


class Picky(Half):
    def __init__(self, channels: int, size: int) -> None:
        raise ValueError("only 64 pixels")


@pytest.mark.parametrize("model", ["cae", "unet", "memae", "tests.kist.test_models:Half"])
@pytest.mark.parametrize("channels", [1, 3])
def test_gives_back_images_in_range(model: str, channels: int) -> None:
    network = build(model, tiny(), channels)
    output, penalty = reconstruct(network, torch.rand(2, channels, 32, 32))
    assert output.shape == (2, channels, 32, 32)
    assert penalty.shape == (2,)
    assert 0 <= float(output.detach().min()) <= float(output.detach().max()) <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"latent_layout": "spatial", "model": "cae"},
        {"unet_norm": "group"},
        {"unet_norm": "none", "unet_upsampling": "transpose"},
        {"unet_padding": "reflect", "unet_dropped_skips": 1},
        {"margin": 8},
    ],
)
def test_variants(changes: dict[str, object]) -> None:
    settings = tiny(**changes)
    network = Margin(build(settings.model, settings, 1), settings.margin)
    assert network(torch.rand(1, 1, 32, 32)).image.shape == (1, 1, 32, 32)


@pytest.mark.parametrize(("size", "strides", "side"), [(256, 5, 8), (128, 4, 8), (64, 3, 8), (96, 3, 12)])
def test_the_autoencoder_of_bergmann_at_each_size(size: int, strides: int, side: int) -> None:
    layers, last, channels = encoder(1, size, 32)
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert sum(layer.stride == (2, 2) for layer in convolutions) == strides
    assert (last, channels) == (side, 32)
    if size == 256:
        assert [layer.out_channels for layer in convolutions] == [32, 32, 32, 32, 64, 64, 128, 64, 32]


def test_addressing_by_hand() -> None:
    codes, memory = torch.tensor([[1.0, 0.0]]), torch.tensor([[log(6.0), 0.0], [log(3.0), 5.0], [0.0, -1.0]])
    soft = address(codes, memory, addressing="dot", temperature=1.0, shrink=0.0)
    assert soft.tolist()[0] == pytest.approx([0.6, 0.3, 0.1])
    hard = address(codes, memory, addressing="dot", temperature=1.0, shrink=0.2)
    assert hard.tolist()[0] == pytest.approx([2 / 3, 1 / 3, 0.0])
    warm = address(codes, memory, addressing="dot", temperature=2.0, shrink=0.0)
    assert warm[0, 0] / warm[0, 2] == pytest.approx(6**0.5)
    cosine = address(codes, memory, addressing="cosine", temperature=1.0, shrink=0.0)
    assert cosine[0, 0] / cosine[0, 2] == pytest.approx(torch.e)


def test_entropy_of_addresses() -> None:
    assert entropy(torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist() == pytest.approx([log(2), 0.0])


def test_memory_rows_used_are_counted() -> None:
    network = build("memae", tiny(), 1)
    assert isinstance(network, MemoryAutoencoder)
    used = network.rows_used(torch.rand(2, 1, 32, 32))
    assert used.shape == (10,)
    assert used.any()


def test_places_read_different_rows_from_the_start() -> None:
    """Near-equal codes would read the same few rows everywhere; the others would never be learnt."""
    draw = torch.Generator().manual_seed(0)
    images = nn.functional.interpolate(torch.rand(8, 1, 4, 4, generator=draw), size=32, mode="bilinear")
    network = build("memae", tiny(), 1).train()
    assert isinstance(network, MemoryAutoencoder)
    codes = network.encoder(images).permute(0, 2, 3, 1).flatten(0, 2)
    similarity = codes @ network.memory.T
    assert float(similarity.detach().std(0).mean()) > 0.1


def test_weights_depend_on_seed_and_purpose_and_nothing_else() -> None:
    def first(**changes: object) -> Tensor:
        purpose = str(changes.pop("purpose", "model"))
        return next(iter(build("unet", tiny(**changes), 1, purpose=purpose).parameters()))

    before = torch.random.get_rng_state()
    assert torch.equal(first(), first())
    assert not torch.equal(first(), first(seed=1))
    assert not torch.equal(first(), first(purpose="teacher"))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("vae", {}, "not one of cae, unet, memae"),
        ("no.such:Thing", {}, "No module named"),
        ("tests.kist.test_models:Missing", {}, "Missing"),
        ("tests.kist.test_models:NoModule", {}, "not an nn.Module"),
        ("json:dumps", {}, "cannot be made with .channels, size."),
        ("tests.kist.test_models:Smaller", {}, r"makes images of shape \(1, 3, 16, 32\) of images of shape"),
        ("tests.kist.test_models:Gray", {}, r"makes images of shape \(1, 1, 32, 32\)"),
        ("tests.kist.test_models:Still", {}, "no parameters to train"),
        ("tests.kist.test_models:Picky", {}, "cannot be made with .*: ValueError: only 64 pixels"),
        ("torch.nn:Linear", {}, r"fails on images of shape \(1, 3, 32, 32\): RuntimeError"),
        ("unet", {"size": 30}, "multiple of 4"),
        ("cae", {"size": 34}, "multiple of 4"),
    ],
)
def test_what_does_not_fit_is_named(model: str, changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(model, tiny(**changes), 3)
