"""A frame of mirrored image around a network's input, cut off its output."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import pad

from kistdsl.kist.models.base import Reconstruction, reconstruct


class Margin(nn.Module):
    """Keeps what a network does at its border out of the picture.

    Args:
        network: takes images of side S + 2 `pixels`.
        pixels: width of the frame; 0 leaves everything as it is.
    """

    def __init__(self, network: nn.Module, pixels: int) -> None:
        super().__init__()
        self.network = network
        self.pixels = pixels

    def forward(self, images: Tensor) -> Reconstruction:
        """(B, C, S, S) to the reconstruction of the same size."""
        frame = self.pixels
        if not frame:
            return reconstruct(self.network, images)
        image, penalty = reconstruct(self.network, pad(images, (frame,) * 4, mode="reflect"))
        return Reconstruction(image[:, :, frame:-frame, frame:-frame], penalty)
