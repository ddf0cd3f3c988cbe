"""The report says what the run folder holds, whatever it lacks."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from kistdsl.diagnostics import InputError
from kistdsl.report.build import build_report
from kistdsl.report.rule_marks import Mark
from tests.report.conftest import RULES, model, write_models

_VOID = {"meta", "link", "img", "br"}


class Outline(HTMLParser):
    """Checks that tags close in order, and collects what a reader without eyes or mouse depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.anchors: list[str] = []
        self.identifiers: list[str] = []
        self.without_text: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        self.identifiers += [said["id"]] if said.get("id") else []  # type: ignore[list-item]
        address = said.get("href") or said.get("src") or ""
        (self.anchors if address.startswith("#") else self.addresses).append(address)
        unsaid = tag == "img" and not said.get("alt")
        unsaid |= tag == "svg" and not (said.get("aria-label") or said.get("aria-hidden"))
        self.without_text += [tag] if unsaid else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def built(folder: Path) -> str:
    path = build_report(folder)
    assert path == folder / "report.html"
    text = path.read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert not outline.without_text
    assert {anchor[1:] for anchor in outline.anchors} <= set(outline.identifiers)
    assert all(address.startswith("data:") for address in outline.addresses if address)
    assert "nan" not in re.findall(r'points="([^"]*)"', text).__repr__()
    return text


def test_whole_run(run_folder: Path) -> None:
    text = built(run_folder)
    for anchor in (
        *("results", "iterations", "residuals", "cases", "labels"),
        *("firings", "memberships", "rules", "settings"),
    ):
        assert f'<section id="{anchor}">' in text
    assert (
        "KIST is ahead of the baseline: AUPRO 90.0 % against 71.0 % of the baseline trained as long" in text
    )
    assert "ahead on 2 of 2 defect types. The 95 % intervals do not overlap." in text
    assert "it finds 4 of 6 defective images, with 1 false alarm on 3 good ones" in text
    assert "66 normal and 66 anomalous-image regions" in text
    assert f'b: 6.25 % by <span class="whole">{Mark(1, "hole").html} (36 px)</span>' in text
    assert "Outlined in orange" in text  # a run that does not say which pixels each rule gave
    assert "91.0<small>89.0 to 93.0</small>" in text
    assert "hole &amp; &lt;edge&gt;" in text
    assert "hole & <edge>" not in text


def test_colour_images(in_colour: Path) -> None:
    assert built(in_colour).count("<img") >= 4 * 4 + 3


def test_rules_text_unchanged(run_folder: Path) -> None:
    shown = re.search(r'aria-label="rules">(.*?)</pre>', built(run_folder), re.DOTALL)
    assert shown
    assert unescape(re.sub(r"<[^>]+>", "", shown[1])) == RULES


def test_worse_and_uncertain(run_folder: Path) -> None:
    write_models(run_folder, model("initial", "baseline (initial model)", 0.80), model("kist", "KIST", 0.79))
    text = built(run_folder)
    assert "KIST is behind the baseline" in text
    assert "intervals overlap" in text


def test_without_test_set(run_folder: Path) -> None:
    write_models(run_folder, model("initial", "initial model", None), model("kist", "KIST", None))
    for name in ("panels.npz", "residuals.npz"):
        (run_folder / name).unlink()
    text = built(run_folder)
    assert "without a test set nothing was measured" in text
    assert '<section id="cases">' not in text


def test_without_rules_one_model(run_folder: Path) -> None:
    write_models(run_folder, model("initial", "initial model", 0.8))
    for name in ("rules.kr", "rules.json", "labels.npz"):
        (run_folder / name).unlink()
    text = built(run_folder)
    assert "the run holds no KIST model" in text
    for anchor in ("rules", "labels", "firings", "memberships"):
        assert f'id="{anchor}"' not in text


def test_bare_run(run_folder: Path) -> None:
    write_models(run_folder, model("initial", "initial model", None))
    for path in run_folder.iterdir():
        if path.name not in ("metrics.json", "config.json"):
            path.unlink()
    assert "initial model" in built(run_folder)


def test_rules_over_properties_declared_elsewhere(run_folder: Path) -> None:
    rules = RULES.replace("area is NOT low", "sheen is high")
    (run_folder / "rules.kr").write_text(rules, encoding="utf-8")
    text = built(run_folder)
    assert '<section id="rules">' in text
    assert '<section id="memberships">' not in text


@pytest.mark.parametrize("name", ["metrics.json", "config.json", "panels.npz"])
def test_damaged(run_folder: Path, name: str) -> None:
    (run_folder / name).write_bytes(b"{")
    with pytest.raises(InputError, match=re.escape(name)):
        build_report(run_folder)
    assert not (run_folder / "report.html").exists()


def test_unfinished(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has not come to its end"):
        build_report(tmp_path)


def test_many_large_images_stay_under_ten_megabytes(run_folder: Path) -> None:
    random = np.random.default_rng(0)
    count, side = 120, 256
    masks = np.zeros((count, side, side), np.bool_)
    masks[:, 40:60, 40:60] = True
    images = random.integers(0, 256, (count, side, side, 3), np.uint8)  # noise: the worst for any format
    names = np.array([f"kind/{i}" for i in range(count)])
    maps = random.random((count, side, side), np.float32)
    thresholds = {"thresholds": np.array([[0.6, 0.5, 0.0], [0.45, 0.4, 0.25]]), "usual": np.ones((2, 1, 1))}
    np.savez(
        run_folder / "panels.npz",
        names=names,
        kinds=names,
        images=images,
        truths=masks,
        baseline=maps,
        kist=maps,
        **thresholds,
    )
    np.savez(run_folder / "labels.npz", names=names, images=images, first=masks, last=masks)
    (run_folder / "rules.json").write_text("[]")
    assert len(built(run_folder)) < 10e6
