"""The guided filter against windows taken one by one."""

from __future__ import annotations

import numpy as np
import pytest

from kistdsl.kist.guided_filter import gaussian, guided_filter


def brute_force(guide: np.ndarray, error: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Eqs. (14), (15), window by window, every window shrunken at the border."""
    height, width = guide.shape
    total, count = np.zeros_like(guide), np.zeros_like(guide)
    for y in range(height):
        for x in range(width):
            window = (slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1))
            i, e = guide[window], error[window]
            slope = ((i * e).mean() - i.mean() * e.mean()) / (i.var() + epsilon)
            total[window] += slope * i + e.mean() - slope * i.mean()
            count[window] += 1
    return total / count


@pytest.mark.parametrize("radius", [1, 3, 20])
def test_is_the_brute_force_one(radius: int) -> None:
    rng = np.random.default_rng(radius)
    guide, error = rng.random((12, 17)), rng.random((12, 17))
    expected = brute_force(guide, error, radius, 1e-3)
    assert guided_filter(guide, error, radius=radius) == pytest.approx(expected, abs=1e-6)


def test_keeps_an_edge_of_the_image() -> None:
    guide = np.zeros((32, 32))
    guide[:, 16:] = 1.0
    error = guide + np.random.default_rng(0).normal(0, 0.2, guide.shape)
    smooth = guided_filter(guide, error, radius=4)
    assert smooth[:, 17].mean() - smooth[:, 14].mean() == pytest.approx(1.0, abs=0.1)
    assert smooth[:, :16].std() < 0.1


def test_a_gaussian_keeps_the_mean_and_a_sigma_of_zero_changes_nothing() -> None:
    error = np.random.default_rng(0).random((20, 20)).astype(np.float32)
    assert gaussian(error, 2.0).mean() == pytest.approx(error.mean(), rel=1e-2)
    assert (gaussian(error, 0.0) == error).all()
    assert gaussian(np.full((9, 9), 0.25, np.float32), 30.0) == pytest.approx(0.25)
