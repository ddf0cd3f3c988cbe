"""Each loss against a known property or an independent implementation."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from kistdsl.kist.losses import (
    Term,
    anomalous_term,
    contrastive_reconstruction,
    focal_frequency,
    masked_term,
    multiscale_gradient_dissimilarity,
    squared_error,
    ssim_map,
    weighted_frequency,
)


def images(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_ssim_is_that_of_scikit_image() -> None:
    first, second = images(0, 1, 2, 40, 32), images(1, 1, 2, 40, 32)
    _, expected = structural_similarity(
        first[0].numpy(),
        second[0].numpy(),
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=0,
        full=True,
    )
    inner = (slice(5, -5), slice(5, -5))
    found = ssim_map(first, second)[0, 0].numpy()
    assert found[inner] == pytest.approx(expected.mean(0)[inner], abs=2e-5)


def test_ssim_of_equal_images_is_one_to_the_border() -> None:
    batch = images(0, 2, 3, 16, 16)
    assert ssim_map(batch, batch).numpy() == pytest.approx(1.0, abs=1e-5)


def test_focal_frequency_loss_by_numpy() -> None:
    first, second = images(0, 2, 3, 8, 12), images(1, 2, 3, 8, 12)
    distance = np.abs(np.fft.fft2((second - first).numpy(), norm="ortho"))
    weight = distance / distance.max((2, 3), keepdims=True)
    expected = (weight * distance**2).mean((1, 2, 3))
    assert focal_frequency(first, second).numpy() == pytest.approx(expected, rel=1e-5)


def test_frequency_losses_without_weight_are_the_mean_squared_error() -> None:
    first, second = images(0, 2, 1, 16, 16), images(1, 2, 1, 16, 16)
    expected = squared_error(first, second).mean((1, 2, 3)).numpy()  # Parseval
    assert focal_frequency(first, second, exponent=0.0).numpy() == pytest.approx(expected, rel=1e-5)
    assert weighted_frequency(first, second, gain=0.0).numpy() == pytest.approx(expected, rel=1e-5)


def test_weighted_frequency_counts_high_frequencies_more() -> None:
    flat = torch.zeros(1, 1, 8, 8)
    coarse, fine = torch.full((1, 1, 8, 8), 0.1), torch.full((1, 1, 8, 8), 0.1)
    fine[:, :, ::2, 1::2] *= -1
    fine[:, :, 1::2, ::2] *= -1
    low, high = weighted_frequency(flat, coarse, 4.0), weighted_frequency(flat, fine, 4.0)
    assert float(low) == pytest.approx(0.01)
    assert float(high) == pytest.approx(0.05)


def test_equal_images_cost_nothing_and_have_a_gradient() -> None:
    batch = images(0, 1, 1, 16, 16)
    for loss in (focal_frequency, lambda a, b: multiscale_gradient_dissimilarity(a, b).mean((1, 2, 3))):
        output = batch.clone().requires_grad_()
        value = loss(batch, output)
        assert float(value.detach()) == pytest.approx(0.0, abs=1e-6)
        value.sum().backward()
        assert output.grad is not None
        assert torch.isfinite(output.grad).all()


def test_gradient_dissimilarity_sees_an_edge_that_is_gone() -> None:
    flat = torch.full((1, 1, 32, 32), 0.5)
    edge = flat.clone()
    edge[..., 16:] = 1.0
    found = multiscale_gradient_dissimilarity(edge, flat)[0, 0]
    assert float(found[16, 16]) > 0.5
    assert float(found[16, 2]) == pytest.approx(0.0, abs=1e-6)


ERROR = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]], [[[1.0, 1.0], [1.0, 1.0]]]])
LABELS = torch.tensor([[[[True, False], [False, True]]], [[[True, False], [False, False]]]])


def test_anomalous_term_over_pixels_as_in_the_paper() -> None:
    term = anomalous_term(ERROR, LABELS, bound=inf, per_image=False)
    assert float(term.mean()) == pytest.approx((0.1 + 0.4 + 1.0) / 3)


def test_anomalous_term_over_images() -> None:
    term = anomalous_term(ERROR, LABELS, bound=inf, per_image=True)
    assert float(term.mean()) == pytest.approx(((0.1 + 0.4) / 2 + 1.0) / 2)


def test_bound_stops_the_gradient_of_what_is_wrong_enough() -> None:
    error = ERROR.clone().requires_grad_()
    term = anomalous_term(error, LABELS, bound=0.3, per_image=False)
    assert float(term.mean().detach()) == pytest.approx((0.1 + 0.3 + 0.3) / 3)
    term.mean().backward()
    assert error.grad is not None
    assert error.grad[0, 0, 0, 0] > 0
    assert error.grad[0, 0, 1, 1] == 0
    assert error.grad[0, 0, 0, 1] == 0


def test_no_labelled_pixel_is_no_term() -> None:
    none = torch.zeros_like(LABELS)
    for per_image in (False, True):
        assert float(anomalous_term(ERROR, none, bound=inf, per_image=per_image).mean()) == 0.0


def test_equation_13_by_hand() -> None:
    normal = Term(torch.tensor(0.6), torch.tensor(3.0))
    anomalous = anomalous_term(ERROR, LABELS, bound=inf, per_image=False)
    background = masked_term(ERROR, ~LABELS)
    paper = contrastive_reconstruction(normal, anomalous, background, weight=1.0, background_weight=0.0)
    assert float(paper) == pytest.approx(0.2 - 0.5)
    here = contrastive_reconstruction(normal, anomalous, background, weight=0.1, background_weight=0.5)
    assert float(here) == pytest.approx(0.5 * 0.2 + 0.5 * (0.2 + 0.3 + 3.0) / 5 - 0.1 * 0.5)


def test_without_background_the_normal_term_counts_whole() -> None:
    normal, nothing = Term(torch.tensor(0.6), torch.tensor(3.0)), Term(torch.tensor(0.0), torch.tensor(0.0))
    found = contrastive_reconstruction(normal, nothing, nothing, weight=1.0, background_weight=0.5)
    assert float(found) == pytest.approx(0.2)
