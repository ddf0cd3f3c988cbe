"""Labels, what each rule does, the rule check, and wrong labels on purpose."""

from __future__ import annotations

import numpy as np
import pytest

import kistdsl
from kistdsl.kist.controls import moved_labels, swapped_labels
from kistdsl.kist.inference import Statistics
from kistdsl.kist.labelling import (
    NO_RULES,
    Labeller,
    candidate_maps,
    count_regions,
    single_rules,
    without_small_regions,
)
from kistdsl.kist.product_data import hold_out
from kistdsl.kist.rule_check import (
    UsualPlaces,
    check_rules,
    kept_mask,
    packed_usual,
    unpacked_usual,
    without_usual_places,
)
from tests.kist.conftest import tiny

RULES = kistdsl.compile(
    "rule dark: IF gray is low THEN anomalous\nrule bright: IF gray is high THEN anomalous"
)


def scene(dark: bool, bright: bool) -> tuple[np.ndarray, np.ndarray]:
    """A gray image with a dark and a bright square where the residual is high, and its residual."""
    image, residual = np.full((32, 32), 128, np.uint8), np.zeros((32, 32), np.float32)
    if dark:
        image[4:8, 4:8], residual[4:8, 4:8] = 10, 1.0
    if bright:
        image[20:26, 20:26], residual[20:26, 20:26] = 250, 1.0
    residual[12:14, 12:14] = 1.0  # odd, but of the background's gray
    return image, residual


def labeller(rules: bool = True, **changes: object) -> Labeller:
    settings = tiny(**changes)
    maps = candidate_maps(settings, Statistics(0.1, 0.1), [])
    return Labeller(single_rules(RULES, None) if rules else None, maps, settings)


def test_each_rule_labels_its_own_regions() -> None:
    label = labeller()(*scene(True, True))
    assert label.by_rule["dark"].sum() == 16
    assert label.by_rule["bright"].sum() == 36
    assert label.mask.sum() == 52
    assert label.regions == 2


def test_single_rules_label_what_all_rules_do() -> None:
    rng = np.random.default_rng(0)
    image, residual = rng.integers(0, 256, (32, 32)).astype(np.uint8), rng.random((32, 32)).astype(np.float32)
    found = labeller()(image, residual).mask
    settings = tiny()
    levels = candidate_maps(settings, Statistics(0.1, 0.1), [])[0].levels
    assert (found == kistdsl.pseudo_label(RULES, image, residual, levels).mask).all()


def test_without_rules_every_region_above_the_first_threshold() -> None:
    image, residual = scene(True, True)
    label = labeller(rules=False, min_area=5)(image, residual)
    assert label.by_rule[NO_RULES].sum() == 52
    assert labeller(rules=False)(image, residual).mask.sum() == 56


def test_a_margin_takes_no_label() -> None:
    assert labeller(label_margin=6)(*scene(True, False)).mask.sum() == 4


def test_small_regions() -> None:
    mask = np.zeros((8, 8), np.bool_)
    mask[0, 0] = mask[1, 1] = mask[5, 5] = True
    assert count_regions(mask) == 2
    assert without_small_regions(mask, 2).sum() == 2
    assert without_small_regions(np.zeros_like(mask), 1).sum() == 0


def test_a_rule_that_fires_on_normal_images_too_is_set_aside() -> None:
    judge = labeller()
    normal = [judge(*scene(True, False)), judge(*scene(False, False))]
    anomalous = [judge(*scene(True, True)), judge(*scene(False, False))]
    dark, bright = check_rules(normal, anomalous, 0.5)
    assert (dark.rule, dark.set_aside, dark.normal_images, dark.anomalous_images) == ("dark", True, 1, 1)
    assert dark.normal_share == dark.anomalous_share == pytest.approx(16 / 2048)
    assert (bright.set_aside, bright.normal_share, bright.anomalous_pixels) == (False, 0.0, 36)
    assert "'dark' is set aside: it fires on 0.78%" in dark.reason(0.5)
    assert kept_mask(anomalous[0], (dark, bright)).sum() == 36
    assert not any(firing.set_aside for firing in check_rules(normal, anomalous, None))


def test_what_a_rule_finds_at_its_usual_place_is_dropped() -> None:
    judge = labeller()
    normal = [judge(*scene(True, False))] * 3 + [judge(*scene(False, False))] * 7
    usual = UsualPlaces.of(normal, 0.2, 2).all()
    assert usual["dark"].sum() == 8 * 8  # the 4x4 square and 2 pixels around it
    assert usual["dark"][2:10, 2:10].all()
    assert not usual["bright"].any()
    assert not UsualPlaces.of(normal, 0.3, 2).all()["dark"].any()  # on 3 of 10, not on more
    found = without_usual_places(judge(*scene(True, True)), usual, 1)
    assert not found.by_rule["dark"].any()
    assert found.by_rule["bright"].sum() == found.mask.sum() == 36
    assert found.regions == 1
    cut = {"dark": np.zeros((32, 32), np.bool_)}
    cut["dark"][:7] = True
    assert without_usual_places(judge(*scene(True, False)), cut, 1).mask.sum() == 4
    assert not without_usual_places(judge(*scene(True, False)), cut, 5).mask.any()


def test_an_image_does_not_vouch_for_its_own_places() -> None:
    judge = labeller()
    normal = (
        [judge(*scene(True, False))] * 3 + [judge(*scene(False, True))] + [judge(*scene(False, False))] * 6
    )
    places = UsualPlaces.of(normal, 0.05, 2)
    assert places.all()["bright"].any()  # on 1 of 10 images, for all others
    assert places.without(normal[0])["bright"].any()
    assert not places.without(normal[3])["bright"].any()  # but not for that one itself
    assert places.without(normal[0])["dark"][2:10, 2:10].all()  # on two others
    assert not UsualPlaces.of(normal, 0.25, 2).without(normal[0])["dark"].any()  # on 2 of 9, not on more
    assert UsualPlaces.of(normal, 0.25, 2).without(normal[9])["dark"].any()  # on 3 of 9
    assert not UsualPlaces.of(normal[:1], 0.0, 2).without(normal[0])["dark"].any()


def test_usual_places_are_stored_and_read() -> None:
    rng = np.random.default_rng(1)
    usual = {name: rng.random((13, 13)) < 0.3 for name in ("dark", "usual_places/odd name")}
    stored = packed_usual(usual)
    found = unpacked_usual({**stored, "pseudo_labels": np.zeros(3, np.uint8)}, 13)
    assert found.keys() == usual.keys()
    assert all((found[name] == mask).all() for name, mask in usual.items())


def test_wrong_labels_keep_their_amount() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random((5, 16, 16)) < 0.1
    moved, swapped = moved_labels(labels, 0), swapped_labels(labels, 0)
    assert (moved.sum((1, 2)) == labels.sum((1, 2))).all()
    assert not (moved == labels).all((1, 2)).any()
    assert sorted(m.tobytes() for m in swapped) == sorted(m.tobytes() for m in labels)
    assert not (swapped == labels).all((1, 2)).any()
    assert (moved == moved_labels(labels, 0)).all()
    assert not (moved == moved_labels(labels, 1)).all()


def test_held_out_images_are_whole_groups() -> None:
    from pathlib import Path

    from kistdsl.data.layouts import Item

    items = [Item(f"{g}/{i}", Path(f"{g}/{i}"), "good", f"g{g}") for g in range(10) for i in range(3)]
    fit, held = hold_out(items, 0.1, 0)
    assert len(held) == 3
    assert {i.group for i in fit}.isdisjoint({i.group for i in held})
    assert len(fit) + len(held) == len(items)
    assert hold_out(items, 0.1, 0) == (fit, held)
    with pytest.raises(kistdsl.diagnostics.InputError, match="at least 2"):
        hold_out(items[:3], 0.1, 0)
