"""`kistdsl.pseudo_label`: rule files and generated rules against the plain reference, on generated images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.diagnostics import InputError
from kistdsl.engine.pseudo_labels import PseudoLabeller, pseudo_label, pseudo_labels
from kistdsl.engine.region_cuts import region_cut
from kistdsl.engine.rule_set import RuleSet, compile, load
from kistdsl.language import user_properties
from kistdsl.regions import reference
from kistdsl.regions.maps import MAPS, CandidateMap
from kistdsl.regions.picture import Picture
from kistdsl.regions.thresholds import thresholds
from kistdsl.schema import BUILTIN
from tests.regions.shapes import smooth_noise

RULES = sorted((Path(__file__).parents[2] / "rules").glob("*.kr"))


def _case(seed: int, size: tuple[int, int], times: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(image, gray, residual) of a textured surface with a few dark and bright marks."""
    rng = np.random.default_rng(seed)
    gray = 120 + 25 * smooth_noise(rng, size, times)
    for _ in range(4):
        y, x = rng.integers(0, size[0]), rng.integers(0, size[1])
        h, w = rng.integers(1, 14, 2)
        gray[y : y + h, x : x + w] += rng.choice([-90, 60])
    tint = rng.uniform(0.8, 1.2, 3)
    image = np.stack([gray * t for t in tint], 2).clip(0, 255).astype(np.uint8)
    levels = image.mean(axis=2).astype(np.uint8)
    residual = np.abs(smooth_noise(rng, size, 1)) + np.abs(levels - np.median(levels)) / 60
    return image, levels, residual.astype(np.float32)


def _plain(rules: RuleSet, picture: Picture, maps: list[CandidateMap], min_area: int = 1) -> np.ndarray:
    mask = np.zeros(picture.shape, np.bool_)
    for source in maps:
        mask |= reference.pseudo_label(
            source.of(picture), source.levels, picture, rules.properties, rules.decide, min_area
        )
    return mask


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
@pytest.mark.parametrize("seed", range(3))
def test_every_shipped_rule_file(path: Path, seed: int) -> None:
    rules = load(path)
    assert region_cut(rules) is not None
    image, gray, residual = _case(seed, (70, 60), 1 + seed)
    levels = thresholds(float(residual.mean()), float(residual.std()))
    picture = Picture.of(gray, residual, image=image)
    result = pseudo_label(rules, gray, residual, levels, image=image, regions=True)
    np.testing.assert_array_equal(
        result.mask, _plain(rules, picture, [CandidateMap("residual", tuple(levels))])
    )
    assert result.regions is not None
    assert result.regions["anomalous"].any() == result.mask.any()


_TERM = st.sampled_from(
    ["low", "mid", "high", "very low", "somewhat high", "not mid", "extremely high", "slightly low"]
)


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    norms = draw(st.sampled_from(["zadeh", "zadeh", "zadeh", "product", "lukasiewicz"]))
    lines = [f"norms {norms}", f"alpha {draw(st.sampled_from(['0.8', '0.5', '0.3', '1']))}"]
    for _ in range(draw(st.integers(1, 4))):
        parts = draw(st.lists(st.tuples(st.sampled_from(sorted(BUILTIN)), _TERM), min_size=1, max_size=4))
        joint = draw(st.sampled_from([" AND ", " AND ", " OR "]))
        condition = joint.join(f"{name} is {term}" for name, term in parts)
        negation = draw(st.sampled_from(["", "", "NOT "]))
        lines.append(
            f"IF {negation}({condition}) THEN anomalous ({draw(st.sampled_from(['0.8', '1', '0.9']))})"
        )
    return "\n".join(lines)


@settings(max_examples=50)
@given(text=rule_texts(), seed=st.integers(0, 10**6), min_area=st.sampled_from([1, 1, 3]))
def test_generated_rules(text: str, seed: int, min_area: int) -> None:
    rules = compile(text)
    image, gray, residual = _case(seed, (24, 30), seed % 3)
    levels = thresholds(float(residual.mean()), float(residual.std()))
    mask = pseudo_label(rules, gray, residual, levels, image=image, min_area=min_area).mask
    picture = Picture.of(gray, residual, image=image)
    plain = _plain(rules, picture, [CandidateMap("residual", tuple(levels))], min_area)
    np.testing.assert_array_equal(mask, plain)


@pytest.mark.real_data
@pytest.mark.parametrize("line", ["mtd", "leather"])
def test_real_photographs(line: str, real_data: Path) -> None:
    files = sorted((real_data / line / "train" / "anomalous").iterdir())[::7]
    for path in files:
        image = cv2.resize(cv2.imread(str(path)), (72, 72), interpolation=cv2.INTER_AREA)[:, :, ::-1]
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        values = gray.astype(np.float32) / 255
        residual = np.abs(values - cv2.GaussianBlur(values, (0, 0), 3))
        levels = thresholds(float(residual.mean()), float(residual.std()))
        picture = Picture.of(gray, residual, image=image)
        for rule_file in RULES:
            rules = load(rule_file)
            mask = pseudo_label(rules, gray, residual, levels, image=image).mask
            plain = _plain(rules, picture, [CandidateMap("residual", tuple(levels))])
            np.testing.assert_array_equal(mask, plain)


def test_candidate_maps_add_regions_of_their_own() -> None:
    rules = compile("IF contrast is low OR redness is high THEN anomalous")
    image, gray, residual = _case(3, (50, 50))
    gray[10:20, 10:20] = image[10:20, 10:20] = 5
    residual[:] = 0
    picture = Picture.of(gray, residual, image=image)
    maps = [CandidateMap(name, (0.2, 0.4, 0.6)) for name in MAPS]
    mask = pseudo_label(rules, gray, residual, [0.5], image=image, maps=maps).mask
    assert mask[12:18, 12:18].all()
    np.testing.assert_array_equal(mask, _plain(rules, picture, maps))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_batches_of_mixed_sizes_and_threads(threads: int) -> None:
    rules = load(RULES[0])
    cases = [_case(seed, (20 + 3 * seed, 60 - 4 * seed)) for seed in range(9)]
    masks = pseudo_labels(
        rules,
        [gray for _, gray, _ in cases],
        [residual for _, _, residual in cases],
        [0.8, 1.2, 2.0],
        images=[image for image, _, _ in cases],
        threads=threads,
    )
    for (image, gray, residual), mask in zip(cases, masks, strict=True):
        alone = pseudo_label(rules, gray, residual, [2.0, 0.8, 1.2], image=image).mask
        np.testing.assert_array_equal(mask, alone)


def test_an_error_names_the_image() -> None:
    rules = load(RULES[0])
    good = np.zeros((2, 4, 5), np.uint8)
    residuals = np.ones((2, 4, 5), np.float32)
    residuals[1, 0, 2] = np.nan
    with pytest.raises(InputError, match=r"b\.png: the residual is NaN at row 1, column 3"):
        pseudo_labels(rules, good, residuals, [0.5], names=["a.png", "b.png"])
    with pytest.raises(InputError, match=r"image 1: the residual is 5x3 pixels, the image 5x4"):
        pseudo_labels(rules, good, [residuals[0], residuals[0][:3]], [0.5])
    with pytest.raises(InputError, match="1 residuals for more images"):
        pseudo_labels(rules, good, residuals[:1], [0.5])
    with pytest.raises(InputError, match="more residuals than the 1 images"):
        pseudo_labels(rules, good[:1], residuals[[0, 0]], [0.5])
    assert pseudo_labels(rules, [], [], [0.5]) == []


def test_unfit_settings() -> None:
    rules = load(RULES[0])
    with pytest.raises(InputError, match="min_area"):
        PseudoLabeller(rules, [CandidateMap("residual", (0.5,))], min_area=0)
    with pytest.raises(InputError, match="no candidate map"):
        PseudoLabeller(rules, [])
    with pytest.raises(InputError, match="no candidate map 'sheen'"):
        CandidateMap("sheen", (0.5,))


def test_a_users_own_property(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_properties, "_DECLARED", {})
    calls = []

    @kistdsl.property(name="overexposed", unit="fraction", range=(0, 1), gamma=1, doc="share of white pixels")
    def overexposed(region: kistdsl.Region) -> float:
        calls.append(region.pixels)
        return float((region.gray >= 250).mean())

    gray = np.full((20, 20), 100, np.uint8)
    gray[2:6, 2:6], gray[10:14, 10:14] = 255, 200
    residual = (gray > 150).astype(np.float32)
    rules = compile("IF overexposed is high AND area is low THEN anomalous")
    assert region_cut(rules) is None
    result = pseudo_label(rules, gray, residual, [0.5, 0.7], regions=True)
    np.testing.assert_array_equal(result.mask, gray == 255)
    assert result.regions is not None
    assert sorted(result.regions["overexposed"].tolist()) == [0, 0, 1, 1]
    assert calls == [16] * 4  # twice in all: for the mask and for the table, not once a threshold


def test_a_users_own_property_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_properties, "_DECLARED", {})

    @kistdsl.property(name="broken", unit="none", range=(0, 1), gamma=1, doc="fails")
    def broken(region: kistdsl.Region) -> float:
        raise ZeroDivisionError("no")

    rules = compile("IF broken is high THEN anomalous")
    residual = np.ones((3, 3), np.float32)
    with pytest.raises(InputError, match=r"a\.png: property 'broken' failed: no"):
        pseudo_label(rules, np.zeros((3, 3), np.uint8), residual, [0.5], name="a.png")


@pytest.mark.parametrize(
    "changes", [{"name": "area"}, {"name": "two words"}, {"gamma": 0}, {"range": (1, 1)}, {"gamma": "x"}]
)
def test_unsound_declarations(changes: dict[str, object]) -> None:
    sound = {"name": "own", "unit": "none", "range": (0, 1), "gamma": 1, "doc": "x"}
    with pytest.raises(InputError):
        kistdsl.property(**{**sound, **changes})(lambda region: 0.0)
