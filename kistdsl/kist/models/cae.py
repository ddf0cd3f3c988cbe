"""The convolutional autoencoder of Bergmann et al. [16], for square inputs of any fitting size."""

from __future__ import annotations

from math import log2

from torch import Tensor, nn

from kistdsl.diagnostics import InputError

_SLOPE = 0.2


def _layer(convolution: nn.Module) -> list[nn.Module]:
    return [convolution, nn.LeakyReLU(_SLOPE)]


def _halvings(size: int) -> tuple[int, int]:
    """(number of stride-2 layers, side of the last feature map) for an input of `size` pixels."""
    count = max(2, int(log2(max(size, 8) / 8)))
    side, rest = divmod(size, 2**count)
    if rest or side < 2:
        raise InputError(
            f"size {size}: the autoencoder halves its input {count} times; take a multiple of {2**count}"
        )
    return count, side


def encoder(channels: int, size: int, width: int) -> tuple[nn.Sequential, int, int]:
    """The convolutions before the latent code, the side of their output, and its channels.

    At 256 pixels and width 32: 32 s2, 32 s2, 32 s2, 32, 64 s2, 64, 128 s2, 64, 32, as in [16]; at each
    halved size one "32 s2" fewer.
    """
    count, side = _halvings(size)
    layers: list[nn.Module] = []
    before = channels
    for _ in range(count - 2):
        layers += _layer(nn.Conv2d(before, width, 4, 2, 1))
        before = width
    if count > 2:
        layers += _layer(nn.Conv2d(before, width, 3, 1, 1))
    layers += _layer(nn.Conv2d(before, 2 * width, 4, 2, 1)) + _layer(nn.Conv2d(2 * width, 2 * width, 3, 1, 1))
    layers += _layer(nn.Conv2d(2 * width, 4 * width, 4, 2, 1))
    layers += _layer(nn.Conv2d(4 * width, 2 * width, 3, 1, 1)) + _layer(nn.Conv2d(2 * width, width, 3, 1, 1))
    return nn.Sequential(*layers), side, width


def decoder(channels: int, size: int, width: int) -> nn.Sequential:
    """The encoder mirrored: from (B, width, side, side) to (B, channels, size, size) in (0, 1)."""
    count, _ = _halvings(size)
    layers = _layer(nn.Conv2d(width, 2 * width, 3, 1, 1)) + _layer(nn.Conv2d(2 * width, 4 * width, 3, 1, 1))
    layers += _layer(nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1))
    layers += _layer(nn.Conv2d(2 * width, 2 * width, 3, 1, 1))
    before = 2 * width
    if count > 2:
        layers += _layer(nn.ConvTranspose2d(before, width, 4, 2, 1)) + _layer(
            nn.Conv2d(width, width, 3, 1, 1)
        )
        before = width
    for _ in range(count - 3):
        layers += _layer(nn.ConvTranspose2d(width, width, 4, 2, 1))
    layers += [nn.ConvTranspose2d(before, channels, 4, 2, 1), nn.Sigmoid()]
    return nn.Sequential(*layers)


class ConvolutionalAutoencoder(nn.Module):
    """Encoder, latent code, decoder.

    Args:
        channels: 1 or 3.
        size: side of the input in pixels, a multiple of 4 (of 16 at 128 pixels, of 32 at 256).
        latent: length of the code z (100 for textures, 500 for objects in [16]).
        spatial: False for one global code (an 8x8 valid convolution, [16]); True for a code of `latent`
            numbers at each place of the last feature map (not in [16]).
        width: channels of the first layers, 32 in [16].
    """

    def __init__(self, channels: int, size: int, *, latent: int, spatial: bool, width: int) -> None:
        super().__init__()
        features, side, last = encoder(channels, size, width)
        kernel = 1 if spatial else side
        self.encoder = nn.Sequential(features, nn.Conv2d(last, latent, kernel))
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(latent, last, kernel), nn.LeakyReLU(_SLOPE), decoder(channels, size, width)
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, S, S) to (B, C, S, S) in (0, 1)."""
        output: Tensor = self.decoder(self.encoder(images))
        return output
