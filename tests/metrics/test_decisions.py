"""Thresholds from normal images: rates that hold, regions as a plain loop finds them, figures by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from kistdsl.diagnostics import InputError
from kistdsl.metrics import Decision, NormalLevels, ScoredMap, decision_figures
from kistdsl.metrics.decisions import student_quantile


def levels_of(scores: np.ndarray) -> NormalLevels:
    """Levels of one-row maps whose highest values are `scores`."""
    return NormalLevels.of(0.5, 0.1, np.ones((1, 1)), [np.array([[score / 2, score]]) for score in scores])


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(0.0, 0.0), (0.4, 0.4), (0.4, 0.7), (0.2, 0.95)]),
    st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_regions_are_those_that_rise_above_the_image_threshold(
    seed: int, limits: tuple[float, float], reach: float
) -> None:
    values = np.random.default_rng(seed).random((9, 11))
    pixel, image = limits
    labels, count = ndimage.label(values > pixel, np.ones((3, 3)))
    wanted = np.zeros(values.shape, bool)
    for number in range(1, count + 1):
        if values[labels == number].max() > image:
            wanted |= (labels == number) & (values >= reach * values[labels == number].max())
    mask = Decision(image, pixel, "", reach=reach).mask(values)
    assert (mask == wanted).all()
    assert mask.any() == (values.max() > image)


def test_a_blurred_defect_ends_at_its_rim() -> None:
    """A straight rim lies at half the height of its blurred picture; the height is the root of the map."""
    defect = np.zeros((80, 80))
    defect[20:60, 20:60] = 1.0
    values = ndimage.gaussian_filter(defect, 4.0) ** 2
    wide = Decision(0.01, 0.0001, "").mask(values)
    assert wide.sum() > 2 * defect.sum()
    assert (
        Decision(0.01, 0.0001, "", reach=0.25).mask(values) != (defect > 0)
    ).sum() < 0.05 * defect.sum()  # its corners


@pytest.mark.parametrize(("count", "rate"), [(200, 0.01), (200, 0.05), (40, 0.1)])
def test_a_counted_rate_holds_on_new_images(count: int, rate: float) -> None:
    random = np.random.default_rng(0)
    alarms = []
    for _ in range(300):
        limit = levels_of(random.gamma(2.0, size=count) + 0.1).by_false_alarms(rate, 0.5).image
        alarms.append(1 - stats.gamma.cdf(limit - 0.1, 2.0))
    assert np.mean(alarms) <= rate * 1.1
    assert np.mean(alarms) >= rate / 3


def test_few_images_are_extrapolated_never_below_what_was_seen() -> None:
    random = np.random.default_rng(1)
    rates = []
    for _ in range(300):
        found = levels_of(np.exp(random.normal(size=8)))
        decision = found.by_false_alarms(0.01, 0.001)
        assert "extrapolated from 8" in decision.rule
        assert decision.image >= found.scores[-1]
        rates.append(1 - stats.norm.cdf(np.log(decision.image)))
    assert np.mean(rates) == pytest.approx(0.01, rel=0.4)
    assert levels_of(np.array([2.0])).by_false_alarms(0.01, 0.001).image == 2.0


@pytest.mark.parametrize("degrees", [3, 5, 9, 30, 200])
@pytest.mark.parametrize("chance", [0.9, 0.95, 0.99])
def test_student_quantile(chance: float, degrees: int) -> None:
    assert student_quantile(chance, degrees) == pytest.approx(stats.t.ppf(chance, degrees), rel=0.02)


def test_pixel_threshold_is_exceeded_by_its_share_and_stays_below_the_image_threshold() -> None:
    maps = np.random.default_rng(2).random((20, 50, 50))
    found = NormalLevels.of(0.5, 0.3, np.ones((4, 4)), maps)
    for share in (0.1, 0.01, 0.001):
        assert (maps > found.by_false_alarms(0.05, share).pixel).mean() == pytest.approx(share, rel=0.1)
    low = levels_of(np.arange(1.0, 101.0)).by_false_alarms(0.9, 1e-4)
    assert low.pixel == low.image
    assert NormalLevels.from_json(found.as_json()) == found


def test_thresholds_follow_what_is_usual_at_a_place() -> None:
    """Maps three times as high in the left half: as many alarms there as in the right half."""
    random = np.random.default_rng(3)
    relief = np.where(np.arange(64) < 32, 3.0, 1.0) * np.ones((64, 1))
    maps = random.gamma(3.0, size=(200, 64, 64)) * relief
    found = NormalLevels.of(0.0, 1.0, relief, maps[:100])
    decision = found.by_false_alarms(0.2, 0.01)
    above = np.stack([decision.relative(values) > decision.pixel for values in maps[100:]])
    assert above[:, :, :32].mean() == pytest.approx(0.01, rel=0.2)
    assert above[:, :, 32:].mean() == pytest.approx(0.01, rel=0.2)
    assert np.mean([decision.mask(values).any() for values in maps[100:]]) == pytest.approx(0.2, abs=0.1)
    large = np.kron(maps[0], np.ones((3, 2)))
    assert decision.relative(large)[4, 7] == pytest.approx(large[4, 7] / (relief[1, 3] / relief.mean()))
    assert decision.margin(maps[0]) == decision.relative(maps[0]).max() / decision.image
    perfect = NormalLevels.of(0.0, 0.0, np.zeros((2, 2)), [np.zeros((4, 4)), np.ones((4, 4))])
    assert np.isfinite(perfect.by_false_alarms(0.01, 0.1).relative(np.ones((4, 4)))).all()


@pytest.mark.parametrize("shares", [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (float("nan"), 0.1)])
def test_a_share_that_is_none(shares: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="is no share of normal"):
        levels_of(np.ones(5)).by_false_alarms(*shares)


def test_figures_of_a_decision() -> None:
    high = np.array([[0.0, 2.0], [5.0, 5.0]])
    truth = np.array([[False, False], [True, False]])
    maps = [
        ScoredMap("a", np.zeros((2, 2))),
        ScoredMap("b", high),
        ScoredMap("c", high, truth, "crack"),
        ScoredMap("d", np.zeros((2, 2)), truth, "crack"),
        ScoredMap("e", high, None, "anomalous"),
    ]
    found = decision_figures(maps, Decision(4.0, 1.0, "by hand"))
    assert (found.normal_images, found.false_alarms) == (2, 1)
    assert (found.anomalous_images, found.found) == (3, 2)
    assert (found.precision, found.recall, found.iou) == (1 / 6, 1 / 2, 1 / 7)
    assert found.area_ratio == 1.5


def test_figures_without_anything() -> None:
    found = decision_figures([ScoredMap("a", np.zeros((2, 2)))], Decision.at(1.0, ""))
    assert (found.precision, found.recall, found.iou, found.area_ratio) == (None, None, None, None)
