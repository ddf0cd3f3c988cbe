"""`kistdsl audit`: what it counts and what it shows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kistdsl
from kistdsl.cli.audit_figures import Audit, Firing, remarks
from kistdsl.cli.audit_images import Seen, Source, of_run
from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line
from kistdsl.data.images import write_png
from kistdsl.data.layouts import Item
from kistdsl.kist.config import make_settings
from kistdsl.kist.labelling import Labeller, rules_taking_part
from kistdsl.kist.self_training import Request, train
from kistdsl.regions.maps import CandidateMap
from tests.kist.conftest import RULES as KIST_RULES
from tests.kist.conftest import TINY

RULES = """
property area scale 0.05
rule dark: IF gray is low AND area is NOT low THEN anomalous
rule bright: IF gray is high THEN anomalous (0.9)
rule never "a gamma off by a hundred": IF area is high AND shape is high THEN anomalous
"""


def put(root: Path, folder: str, stem: str, *, dark: bool, bright: bool, mask: bool = False) -> None:
    """A gray image with marks, its residual, and the mask of the dark one."""
    gray = np.full((20, 30), 120, np.uint8)
    if dark:
        gray[3:9, 4:14] = 10
    if bright:
        gray[15:17, 20:22] = 250
    residual = np.abs(gray - 120.0).astype(np.float32) / 100
    for path in (root / "data" / folder, root / "residuals" / folder):
        path.mkdir(parents=True, exist_ok=True)
    write_png(root / "data" / folder / f"{stem}.png", gray)
    np.save(root / "residuals" / folder / f"{stem}.npy", residual)
    if mask:
        target = root / "data" / "ground_truth" / Path(folder).name
        target.mkdir(parents=True, exist_ok=True)
        truth = np.zeros((20, 30), np.bool_)
        truth[3:9, 4:9] = True
        write_png(target / f"{stem}_mask.png", truth)


@pytest.fixture
def line(tmp_path: Path) -> Path:
    (tmp_path / "r.kr").write_text(RULES)
    for i in range(4):
        put(tmp_path, "train/good", f"n{i}", dark=False, bright=i == 0)
    put(tmp_path, "train/anomalous", "w", dark=True, bright=False)
    put(tmp_path, "test/good", "n9", dark=False, bright=True)
    put(tmp_path, "test/hole", "h0", dark=True, bright=False, mask=True)
    put(tmp_path, "test/hole", "h1", dark=True, bright=True, mask=True)
    return tmp_path


def audit(root: Path, *options: str) -> int:
    fixed = ["--data", str(root / "data"), "-o", str(root / "audit.html"), "--mu", "0.1", "--sigma", "0.1"]
    return main(["audit", str(root / "r.kr"), *fixed, *options])


def figures(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert audit(root, "--residuals", str(root / "residuals"), "--json", *options) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_firings_on_normal_and_anomalous_images(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(line, capsys)
    assert found["images"] == {"normal": 5, "anomalous": 3}
    rules = {rule["name"]: rule for rule in found["rules"]}
    assert rules["dark"]["normal"] == {"images": 0, "regions": 0, "pixels": 0, "dropped": 0}
    assert rules["dark"]["anomalous"]["images"] == 3
    assert rules["dark"]["anomalous"]["pixels"] == 180
    assert rules["bright"]["normal"]["images"] == 2
    assert rules["bright"]["normal"]["pixels"] == 8
    assert rules["bright"]["anomalous"]["images"] == 1
    assert found["all"]["anomalous"]["pixels"] == 184


def test_precision_and_recall_by_defect_type(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = {rule["name"]: rule for rule in figures(line, capsys)["rules"]}
    hole = rules["dark"]["by_type"]["hole"]
    assert hole["precision"] == 0.5
    assert hole["recall"] == 1.0
    assert rules["never"]["by_type"]["hole"]["precision"] is None
    assert rules["never"]["by_type"]["hole"]["recall"] == 0.0


def test_what_a_proposition_decides(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(line, capsys)
    rules = {rule["name"]: rule for rule in found["rules"]}
    dark_gray, large = rules["dark"]["propositions"]
    fired = rules["dark"]["anomalous"]["regions"]
    assert dark_gray["text"] == "gray is low"
    assert dark_gray["lets_fire"] == {"normal": 0, "anomalous": fired}
    # the small bright marks are neither dark nor large: no single proposition stops them
    assert large["alone_stops"] == {"normal": 0, "anomalous": 0}
    area, shape = rules["never"]["propositions"]
    assert area["alone_stops"] == {"normal": 0, "anomalous": 0}
    assert shape["alone_stops"]["anomalous"] == fired
    assert any(remark.startswith("never: never fires") for remark in found["remarks"])
    assert any("`shape is high` is never true enough" in remark for remark in found["remarks"])


def test_the_page_needs_nothing_else(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(line, "--residuals", str(line / "residuals")) == 0
    said = capsys.readouterr().out
    assert "dark" in said
    assert "never: never fires" in said
    page = (line / "audit.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") >= 4
    assert page.count('alt="test/hole/h1.png: ') == 2  # one picture of each rule that fires there
    assert page.count('role="img"') == 3  # a plot of each property
    assert "http" not in page
    assert 'src="/' not in page
    assert "test/hole/h1.png" in page


def test_a_proposition_under_not_is_counted_as_the_rule_wants_it(
    line: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line / "r.kr").write_text(
        "rule dark: IF gray is low AND NOT (area is high OR NOT gray is low) THEN anomalous"
    )
    found = figures(line, capsys)
    own = {p["text"]: p for p in found["rules"][0]["propositions"]}
    # under two NOTs the proposition is wanted true again
    assert [p["text"] for p in found["rules"][0]["propositions"]] == [
        "gray is low",
        "NOT area is high",
        "gray is low",
    ]
    assert own["NOT area is high"]["true"] == sum(found["regions"].values())
    assert 0 < own["gray is low"]["true"] < sum(found["regions"].values())


def test_anomalous_images_without_a_label_are_shown(line: Path) -> None:
    (line / "r.kr").write_text("rule bright: IF gray is high THEN anomalous (0.9)")
    assert audit(line, "--residuals", str(line / "residuals")) == 0
    page = (line / "audit.html").read_text(encoding="utf-8")
    assert "Anomalous images without a label" in page
    assert (
        "test/hole/h0.png: 0 of 600 pixels labelled by any rule; 30 are defect, 0 of these labelled" in page
    )


def test_flat_residual_folders_and_limits(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = line / "flat"
    flat.mkdir()
    for path in (line / "residuals").rglob("*.npy"):
        path.rename(flat / path.name)
    assert audit(line, "--residuals", str(flat), "--json", "--limit", "1") == 0
    assert json.loads(capsys.readouterr().out)["images"] == {"normal": 1, "anomalous": 2}


def test_an_unreadable_image_is_named_and_left_out(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line / "residuals" / "test/hole/h0.npy").unlink()
    assert audit(line, "--residuals", str(line / "residuals"), "--json") == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["images"] == {"normal": 5, "anomalous": 2}
    assert "h0.png" in said.err


@pytest.mark.parametrize("options", [[], ["--run", "x", "--residuals", "y"]])
def test_one_source_of_residuals(line: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(line, *options) == 2
    assert "either --run RUN or --residuals DIR" in capsys.readouterr().err


def test_a_run_that_is_not_there_or_not_finished(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(line, "--run", str(line / "nowhere")) == 2
    assert "nowhere: no such run folder" in capsys.readouterr().err
    assert audit(line, "--run", str(line)) == 2
    assert "no model.safetensors; is the run finished?" in capsys.readouterr().err


def test_residuals_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the run's size, with its maps, thresholds and smallest region."""
    small = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    line = make_demo_line(tmp_path / "line", small)
    settings = make_settings({**TINY, "iterations": 1})
    run = tmp_path / "run"
    train(Request(line, kistdsl.compile(KIST_RULES), KIST_RULES, settings, run, None, False))
    fixed = ["--data", str(line.root), "-o", str(tmp_path / "audit.html"), "--limit", "4"]
    assert main(["audit", str(run / "rules.kr"), *fixed, "--run", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"]["normal"] == 4
    assert found["regions"]["normal"] > 0
    assert (tmp_path / "audit.html").stat().st_size > 1000


@pytest.mark.parametrize(
    "settings",
    [
        {"iterations": 1, "rule_check": False},
        {"iterations": 2, "rule_check": False},
        {"iterations": 1, "rule_check": False, "teacher": "cae"},
        {"iterations": 1, "rule_check_ratio": 1e9, "usual_places": 0.0},  # nothing is set aside, much dropped
    ],
)
def test_residuals_of_a_run_are_those_that_its_labels_came_from(
    settings: dict[str, object], tmp_path: Path
) -> None:
    """Rules label in them, pixel by pixel, what the run's own account says they labelled."""
    small = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    line, run = make_demo_line(tmp_path / "line", small), tmp_path / "run"
    whole = make_settings({**TINY, "teacher_epochs": 1, **settings})
    rules = kistdsl.compile(KIST_RULES)
    train(Request(line, rules, KIST_RULES, whole, run))
    told = json.loads((run / "rules.json").read_text(encoding="utf-8"))[-1]
    source = of_run(argparse.Namespace(run=run), line)
    label = Labeller(rules_taking_part(rules, whole), source.maps, whole)
    labelled, dropped = [], 0
    audited = Audit(rules, source)
    for item in line.train_anomalous:
        image = source.read(item)
        audited.add(image)
        found = label(image.pixels, image.picture.residual).by_rule
        kept = {name: source.kept(name, part) for name, part in found.items()}
        labelled.append({name: int(part.sum()) for name, part in kept.items() if part.any()})
        dropped += sum(int(part.sum()) for part in found.values()) - sum(labelled[-1].values())
    assert any(labelled)
    assert labelled == told["by_image"]
    assert (dropped > 0) == whole.rule_check
    for name, figures in audited.figures.items():
        assert figures.anomalous.pixels == sum(counts.get(name, 0) for counts in labelled)
    assert sum(figures.anomalous.dropped for figures in audited.figures.values()) == dropped
    (run / "stages" / f"{told['labelled_by']}.safetensors").unlink()
    final = of_run(
        argparse.Namespace(run=run), line
    )  # without the stage: the last network, its own thresholds
    assert final.maps != source.maps


SAID = "r: labels 0.{} % of the pixels of normal images"


@pytest.mark.parametrize(
    ("normal", "anomalous", "dropped", "expected"),
    [
        (10, 40, 0, []),
        (20, 40, 500, []),
        (30, 40, 0, [f"{SAID.format(30)}, over half of its share on anomalous ones, 0.40 %."]),
        (40, 40, 0, [f"{SAID.format(40)} and 0.40 % of anomalous ones: it does not tell them apart."]),
        (
            30,
            40,
            55,
            [
                f"{SAID.format(30)} (0.55 % more, where it fires on many normal images, does not count, "
                "as in training), over half of its share on anomalous ones, 0.40 %."
            ],
        ),
    ],
)
def test_a_rule_that_labels_normal_images_too_is_said(
    normal: int, anomalous: int, dropped: int, expected: list[str]
) -> None:
    rules = kistdsl.compile("rule r: IF gray is low THEN anomalous")
    audit = Audit(rules, Source(unread, (CandidateMap("residual", (0.5,)),), 1))
    audit.regions, audit.pixels = {False: 9, True: 9}, {False: 10_000, True: 10_000}
    figures = audit.figures["r"]
    figures.normal, figures.anomalous = Firing(1, 2, normal, dropped), Firing(1, 2, anomalous)
    figures.propositions[0].true = 3  # else there is more to say
    assert list(remarks(audit)) == expected


def unread(item: Item) -> Seen:
    """No image is read."""
    raise AssertionError(item.name)
