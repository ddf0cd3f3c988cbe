"""Smoothing of residual maps: the guided filter of He et al. [26], and a Gaussian."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]


def _box_mean(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Mean over the (2 radius + 1)^2 window, shrunken to the image at its border; (H, W) float64."""
    side = (2 * radius + 1, 2 * radius + 1)
    options: dict[str, Any] = {"normalize": False, "borderType": cv2.BORDER_CONSTANT}
    sums = cv2.boxFilter(values, cv2.CV_64F, side, **options)
    counts = cv2.boxFilter(np.ones_like(values), cv2.CV_64F, side, **options)
    return np.asarray(sums / counts, dtype=np.float64)


def guided_filter(
    guide: NDArray[Any], residual: NDArray[Any], *, radius: int = 16, epsilon: float = 1e-3
) -> Map:
    """Edge-preserving smoothing of `residual` along the edges of `guide`.

    Args:
        guide: (H, W) gray image in [0, 1].
        residual: (H, W) finite residual; NaN spreads over its window.
        radius: of the box window in pixels; windows shrink at the border.
        epsilon: penalty of large slopes.

    Returns:
        (H, W) float32.

    Equation: (14) and (15), with the variance and the means as in [26] (the paper prints the variance
    squared and leaves out a 1/n).

    >>> flat = np.full((4, 4), 0.5)
    >>> guided_filter(flat, flat, radius=1).round(3).tolist()[0]
    [0.5, 0.5, 0.5, 0.5]
    """
    image, error = np.asarray(guide, np.float64), np.asarray(residual, np.float64)
    mean, mean_error = _box_mean(image, radius), _box_mean(error, radius)
    variance = np.maximum(_box_mean(image * image, radius) - mean * mean, 0.0)
    slope = (_box_mean(image * error, radius) - mean * mean_error) / (variance + epsilon)
    offset = mean_error - slope * mean
    return (_box_mean(slope, radius) * image + _box_mean(offset, radius)).astype(np.float32)


def gaussian_kernel(sigma: float) -> NDArray[np.float64]:
    """(2 r + 1,) weights that sum to 1, r = ceil(4 sigma); sigma above 0."""
    taps = cv2.getGaussianKernel(2 * int(np.ceil(4 * sigma)) + 1, sigma, cv2.CV_64F)
    return np.asarray(taps[:, 0], np.float64)


def gaussian(residual: NDArray[Any], sigma: float) -> Map:
    """Gaussian smoothing of (H, W) with mirrored borders, float32; sigma 0 leaves the map as it is."""
    values = np.asarray(residual, np.float32)
    if sigma <= 0:
        return values
    side = len(gaussian_kernel(sigma))
    smooth = cv2.GaussianBlur(values, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth, dtype=np.float32)
