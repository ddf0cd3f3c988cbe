"""Losses: per-image values of each reconstruction loss, and eq. 13 from sums and counts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

SSIM_WINDOW = 11
SSIM_SIGMA = 1.5
_SSIM_C1 = 0.01**2
_SSIM_C2 = 0.03**2
_GMS_C = 0.0026
_GMS_TINY = 1e-12


def squared_error(images: Tensor, output: Tensor) -> Tensor:
    """e(x) averaged over channels: (B, C, S, S) twice to (B, 1, S, S)."""
    return (output - images).square().mean(1, keepdim=True)


def _gaussian_window(device: torch.device, window: int, sigma: float) -> Tensor:
    offsets = torch.arange(window, dtype=torch.float32, device=device) - (window - 1) / 2
    weights = torch.exp(-offsets.square() / (2 * sigma * sigma))
    normalised: Tensor = weights / weights.sum()
    return normalised


def _blur(images: Tensor, weights: Tensor) -> Tensor:
    """Separable filtering of each channel with mirrored borders; the size stays."""
    batch, channels, height, width = images.shape
    flat = images.reshape(batch * channels, 1, height, width)
    half = len(weights) // 2
    mode = "reflect" if min(height, width) > half else "replicate"
    flat = pad(flat, (half, half, half, half), mode=mode)
    flat = conv2d(conv2d(flat, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
    return flat.view(batch, channels, height, width)


def ssim_map(images: Tensor, output: Tensor, window: int = SSIM_WINDOW, sigma: float = SSIM_SIGMA) -> Tensor:
    """Structural similarity at each pixel, averaged over channels.

    Args:
        images, output: (B, C, S, S) in [0, 1].
        window, sigma: of the Gaussian; 11 and 1.5 as in [16].

    Returns:
        (B, 1, S, S) in [-1, 1]; borders are mirrored.
    """
    weights = _gaussian_window(images.device, window, sigma)
    mean_x, mean_y = _blur(images, weights), _blur(output, weights)
    var_x = _blur(images * images, weights) - mean_x.square()
    var_y = _blur(output * output, weights) - mean_y.square()
    covariance = _blur(images * output, weights) - mean_x * mean_y
    structure = (2 * mean_x * mean_y + _SSIM_C1) * (2 * covariance + _SSIM_C2)
    scale = (mean_x.square() + mean_y.square() + _SSIM_C1) * (var_x + var_y + _SSIM_C2)
    return (structure / scale).mean(1, keepdim=True)


def _spectral_distance(images: Tensor, output: Tensor) -> Tensor:
    """Squared absolute difference of the orthonormal 2-D spectra, (B, C, S, S)."""
    difference = torch.fft.fft2(output - images, norm="ortho")
    power: Tensor = difference.real.square() + difference.imag.square()
    return power


def focal_frequency(images: Tensor, output: Tensor, exponent: float = 1.0) -> Tensor:
    """Focal frequency loss (Jiang et al.): mean of (D / max D)^exponent D^2, the weight detached.

    Args:
        images, output: (B, C, S, S).
        exponent: 1 in its paper; 0 gives the mean squared error (Parseval).

    Returns:
        (B,); the maximum is taken in each image and channel. Equal images give 0.
    """
    distance = _spectral_distance(images, output)
    largest = distance.detach().amax((2, 3), keepdim=True).clamp_min(torch.finfo(distance.dtype).tiny)
    weight: Tensor = (distance.detach() / largest).sqrt().pow(exponent)
    return (weight * distance).mean((1, 2, 3))


def weighted_frequency(images: Tensor, output: Tensor, gain: float) -> Tensor:
    """Our reading of the weighted frequency loss [17]: mean of w D^2, w = 1 + gain * radius / largest.

    Args:
        images, output: (B, C, S, S).
        gain: 0 gives the mean squared error (Parseval).

    Returns:
        (B,).
    """
    distance = _spectral_distance(images, output)
    rows = torch.fft.fftfreq(images.shape[2], device=images.device).view(-1, 1)
    columns = torch.fft.fftfreq(images.shape[3], device=images.device).view(1, -1)
    radius = (rows.square() + columns.square()).sqrt()
    weighted: Tensor = (1 + gain * radius / radius.max()) * distance
    return weighted.mean((1, 2, 3))


def gradient_similarity(images: Tensor, output: Tensor) -> Tensor:
    """Gradient magnitude similarity (Prewitt) at each pixel of the channel mean, (B, 1, S, S) in (0, 1]."""
    kernel = torch.tensor([[1.0, 0.0, -1.0]] * 3, device=images.device) / 3
    kernels = torch.stack([kernel, kernel.T]).unsqueeze(1)

    def magnitude(batch: Tensor) -> Tensor:
        padded = pad(batch.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        return (conv2d(padded, kernels).square().sum(1, keepdim=True) + _GMS_TINY).sqrt()

    first, second = magnitude(images), magnitude(output)
    return (2 * first * second + _GMS_C) / (first.square() + second.square() + _GMS_C)


def multiscale_gradient_dissimilarity(images: Tensor, output: Tensor, scales: int = 4) -> Tensor:
    """1 - gradient similarity, averaged over `scales` halvings at the input's size [18].

    Args:
        images, output: (B, C, S, S).
        scales: 4 in [18]; fewer where the image becomes smaller than 4 pixels.

    Returns:
        (B, 1, S, S) in [0, 1).
    """
    size = images.shape[-2:]
    total = torch.zeros_like(images[:, :1])
    used = 0
    for scale in range(scales):
        if scale:
            images, output = avg_pool2d(images, 2), avg_pool2d(output, 2)
        if min(images.shape[-2:]) < 4:
            break
        dissimilarity = 1 - gradient_similarity(images, output)
        if scale:
            dissimilarity = interpolate(dissimilarity, size=size, mode="bilinear", align_corners=False)
        total = total + dissimilarity
        used += 1
    return total / used


class Term(NamedTuple):
    """A sum and what it is divided by, kept apart so that several processes can add them up first."""

    total: Tensor
    number: Tensor

    def mean(self) -> Tensor:
        """The quotient; 0 where there is nothing to average."""
        return self.total / self.number.clamp_min(1)


LOG_FLOOR = 1e-3
"""Squared error below which the logarithmic form no longer falls: noise of the network itself."""

LOG_SHARE = 0.4
"""The logarithmic form counts this share of the bound for each factor e."""


def anomalous_term(
    error: Tensor, labels: Tensor, *, bound: float, per_image: bool, form: str = "square"
) -> Term:
    """The second sum of eq. 13, bounded.

    Args:
        error: (B, 1, S, S) squared error of pseudo-labelled images.
        labels: (B, 1, S, S) bool, the pseudo-labels.
        bound: m of min(d^2, m); inf as in the paper, with "square" alone.
        per_image: False: over all labelled pixels; True: the mean within each labelled image first.
        form: "square": min(d^2, m); "log": 0.4 m log(min(d^2, m) + 0.001), not in the paper: the square's
            slope vanishes where a network copies its input, so that labels there teach it nothing.

    Returns:
        Total and number: labelled pixels, or labelled images. No labelled pixel: 0 and 0.
    """
    bounded = error.clamp_max(bound)
    if form == "log":
        bounded = LOG_SHARE * bound * (bounded + LOG_FLOOR).log()
    bounded = bounded * labels
    pixels = labels.sum((1, 2, 3)).to(error.dtype)
    sums = bounded.sum((1, 2, 3))
    if per_image:
        return Term((sums / pixels.clamp_min(1)).sum(), (pixels > 0).sum().to(error.dtype))
    return Term(sums.sum(), pixels.sum())


def masked_term(error: Tensor, mask: Tensor) -> Term:
    """Sum of `error` (B, 1, S, S) over the True pixels of `mask`, and their number."""
    return Term((error * mask).sum(), mask.sum().to(error.dtype))


def contrastive_reconstruction(
    normal: Term, anomalous: Term, background: Term, *, weight: float, background_weight: float
) -> Tensor:
    """Eq. 13 from sums and counts, with the background term.

    (1 - b) N + b B - lambda A; b is 0 where no pixel is surely background. Paper: b = 0.

    >>> one = lambda total, count: Term(torch.tensor(total), torch.tensor(count))
    >>> float(contrastive_reconstruction(one(6.0, 3.0), one(4.0, 2.0), one(0.0, 0.0), weight=0.5,
    ...                                  background_weight=0.5))
    1.0
    """
    share = background_weight * (background.number > 0)
    return (1 - share) * normal.mean() + share * background.mean() - weight * anomalous.mean()
