"""Networks by name, and a user's own as `module:Class`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import torch
from torch import nn

from kistdsl.diagnostics import InputError
from kistdsl.kist.config import Settings
from kistdsl.kist.models.base import reconstruct
from kistdsl.kist.models.cae import ConvolutionalAutoencoder
from kistdsl.kist.models.memae import MemoryAutoencoder
from kistdsl.kist.models.unet import UNet
from kistdsl.kist.seed import initial_weights

Builder = Callable[[Settings, int, int], nn.Module]
"""(settings, channels, size in pixels) to a network."""


def _cae(settings: Settings, channels: int, size: int) -> nn.Module:
    return ConvolutionalAutoencoder(
        channels,
        size,
        latent=settings.latent,
        spatial=settings.latent_layout == "spatial",
        width=settings.cae_width,
    )


def _unet(settings: Settings, channels: int, size: int) -> nn.Module:
    return UNet(
        channels,
        size,
        width=settings.unet_width,
        depth=settings.unet_depth,
        norm=settings.unet_norm,
        padding=settings.unet_padding,
        upsampling=settings.unet_upsampling,
        dropped_skips=settings.unet_dropped_skips,
    )


def _memae(settings: Settings, channels: int, size: int) -> nn.Module:
    return MemoryAutoencoder(
        channels,
        size,
        width=settings.cae_width,
        items=settings.memory_items,
        addressing=settings.memory_addressing,
        temperature=settings.memory_temperature,
        shrink=settings.memory_shrink,
        entropy_weight=settings.memory_entropy,
    )


MODELS: dict[str, Builder] = {"cae": _cae, "unet": _unet, "memae": _memae}
"""Every network that ships, by its name on the command line."""


def build(name: str, settings: Settings, channels: int, *, purpose: str = "model") -> nn.Module:
    """A network with seeded weights.

    Args:
        name: a key of `MODELS`, or `module:Class` of an `nn.Module` whose constructor takes
            (channels, size) and that maps (B, C, S, S) in [0, 1] to the same.
        settings: sizes, widths and the seed.
        channels: 1 or 3.
        purpose: what it is for; another purpose gets other weights.

    Raises:
        InputError: an unknown name, a module that cannot be imported, a size that does not fit, or a network that
            does not map images to such images.
    """
    size = settings.size + 2 * settings.margin
    with initial_weights(settings.seed, purpose, name):
        if name in MODELS:
            return MODELS[name](settings, channels, size)
        return _user_model(name, channels, size)


def _user_model(name: str, channels: int, size: int) -> nn.Module:
    module, separator, attribute = name.partition(":")
    if not separator:
        raise InputError(f"model {name!r}: not one of {', '.join(MODELS)}, nor module:Class")
    try:
        made = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"model {name!r}: {error}") from error
    try:
        model = made(channels, size)
    except Exception as error:
        raise InputError(
            f"model {name!r}: cannot be made with (channels, size) = ({channels}, {size}): {_said(error)}"
        ) from error
    if not isinstance(model, nn.Module):
        raise InputError(f"model {name!r}: {attribute} is a {type(model).__name__}, not an nn.Module")
    _try_out(model, name, (1, channels, size, size))
    return model


@torch.no_grad()
def _try_out(model: nn.Module, name: str, shape: tuple[int, ...]) -> None:
    """A gray image through a user's network: what is wrong with it is said before anything is read."""
    try:
        output = reconstruct(model.eval(), torch.full(shape, 0.5)).image
    except Exception as error:
        raise InputError(f"model {name!r}: fails on images of shape {shape}: {_said(error)}") from error
    if output.shape != shape:
        raise InputError(
            f"model {name!r}: makes images of shape {tuple(output.shape)} of images of shape {shape}; they must be alike"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"model {name!r}: has no parameters to train")


def _said(error: Exception) -> str:
    """An error of somebody else's code in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
