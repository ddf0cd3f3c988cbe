"""Whole runs, tiny: files, the same again, resumed, collapsed, with controls."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from scipy.ndimage import map_coordinates
from torch import Tensor, nn

import kistdsl
from kistdsl.data.demo import DemoSettings, make_demo_line
from kistdsl.data.images import read_image, read_mask, write_png
from kistdsl.data.layouts import Line
from kistdsl.data.resizing import resize_mask
from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors, training
from kistdsl.kist.evaluation import evaluate_run
from kistdsl.kist.events import Event, Note
from kistdsl.kist.localization import Localizer
from kistdsl.kist.results_table import results_table
from kistdsl.kist.self_training import Request, train
from kistdsl.kist.stopping import Stop
from kistdsl.metrics import evaluate_maps
from tests.kist.conftest import RULES, history, request_for, same, tiny, weights


def test_a_run_leaves_its_files(finished: Path, line: Line) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names >= {"config.json", "rules.kr", "model.safetensors", "metrics.json", "history.csv"}
    assert (finished / "rules.kr").read_text() == RULES
    assert len(list((finished / "pseudo_labels").glob("*_mask.png"))) == len(line.train_anomalous)
    config = json.loads((finished / "config.json").read_text())
    assert config["settings"]["epochs"] == 1
    assert config["images"] == {"train": 18, "held_out": 2, "anomalous": 4, "test": 8}
    rows = history(finished)
    assert [row["iteration"] for row in rows] == ["0", "1", "2"]
    assert len(rows[1]["thresholds"].split()) == 7
    assert int(rows[1]["labelled_images"]) > 0
    assert float(rows[2]["pixel_auroc"]) > 0


def test_metrics_hold_three_models_at_equal_steps(finished: Path) -> None:
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["size"] == 32
    initial, baseline, kist = metrics["models"]
    assert [m["name"] for m in metrics["models"]] == ["initial", "baseline", "kist"]
    assert initial["steps"] < baseline["steps"] == kist["steps"]
    assert set(kist["figures"]["by_type"]) == {"blowhole", "break", "crack", "fray", "stain"}


def test_what_a_report_needs_is_there(finished: Path) -> None:
    panels = np.load(finished / "panels.npz")
    count = len(panels["names"])
    assert panels["images"].shape == panels["truths"].shape == panels["kist"].shape == (count, 32, 32)
    histograms = np.load(finished / "residuals.npz")
    assert histograms["kist_normal"].sum() + histograms["kist_anomalous"].sum() == 8 * 32 * 32
    labels = np.load(finished / "labels.npz")
    parts = np.unpackbits(labels["parts"], axis=-1, count=len(labels["rules"])).astype(np.bool_)
    assert labels["rules"].tolist() == ["L2", "upper"]
    assert parts.shape == (4, 32, 32, 2)
    assert (parts.any(-1) == labels["last"]).all()
    assert parts.any((0, 1, 2)).all()
    rules = json.loads((finished / "rules.json").read_text())
    assert [rule["rule"] for rule in rules[0]["rules"]] == ["L2", "upper"]


def test_the_same_command_gives_the_same_bits(finished: Path, line: Line, tmp_path: Path) -> None:
    result = train(request_for(line, tmp_path / "again"))
    assert same(finished, tmp_path / "again")
    metrics = [json.loads((out / "metrics.json").read_text()) for out in (finished, tmp_path / "again")]
    for model in (m for whole in metrics for m in whole["models"]):
        model.pop("seconds")
    assert metrics[0] == metrics[1]
    table = results_table(result)
    assert "baseline, trained as long" in table
    assert "blowhole" in table


def test_another_seed_gives_others(finished: Path, line: Line, tmp_path: Path) -> None:
    train(request_for(line, tmp_path / "other", seed=1))
    assert not same(finished, tmp_path / "other")


class Killed(Exception):
    """Stands for a power cut."""


@pytest.mark.parametrize("steps", [2, 5, 9])
def test_a_run_killed_at_any_step_goes_on_to_the_same_bits(
    finished: Path, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(training, "REPORT_EVERY", 1)
    step = torch.optim.Adam.step
    left = steps

    def dying(self: torch.optim.Adam, *args: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return step(self, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", dying)
    with pytest.raises(Killed):
        train(request_for(line, tmp_path / "run", checkpoint_seconds=0.0))
    monkeypatch.setattr(torch.optim.Adam, "step", step)
    train(request_for(line, tmp_path / "run", resume=True))
    assert same(finished, tmp_path / "run")
    assert not (tmp_path / "run" / "stages" / "checkpoint.safetensors").exists()


def test_a_finished_run_is_resumed_at_once_and_another_one_is_not(line: Line, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = train(request_for(line, out))
    again = train(request_for(line, out, resume=True))
    assert [m.steps for m in first.models] == [m.steps for m in again.models]
    with pytest.raises(InputError, match="other iterations"):
        train(request_for(line, out, resume=True, iterations=3))
    with pytest.raises(InputError, match="exists already"):
        train(request_for(line, out))


def test_out_of_memory_names_the_batch(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Tensor, "backward", full)
    with pytest.raises(InputError, match=r"out of memory.*batch = 8, iteration_batch = 4, size = 32"):
        train(request_for(line, tmp_path / "run"))


def test_a_run_stopped_before_it_began_is_begun_again(line: Line, tmp_path: Path) -> None:
    (tmp_path / "run" / "stages").mkdir(parents=True)
    (tmp_path / "run" / "rules.kr").write_text("")
    assert train(request_for(line, tmp_path / "run", method="l2")).models


@pytest.mark.parametrize(
    "moment", [".config.abcd_123.json", ".rules.abcd_123.kr", "stages/initial.safetensors"]
)
def test_a_run_killed_while_its_folder_was_made_is_begun_again(
    finished: Path, line: Line, tmp_path: Path, moment: str
) -> None:
    """A half-written file, or a shared initial model without config.json; what is left of another run is not used."""
    out = tmp_path / "run"
    (out / "stages").mkdir(parents=True)
    shutil.copyfile(finished / "stages" / "kist-1.safetensors", out / moment)
    result = train(request_for(line, out, method="l2", seed=1))
    assert result.models[0].steps > 0
    assert not (out / moment).exists() or moment.startswith("stages")
    stored = load_file(out / "stages" / "initial.safetensors")
    assert "pseudo_labels" not in stored


@pytest.mark.parametrize("name", [".env", ".gitignore", ".config.json", ".git/config"])
def test_hidden_files_of_others_are_no_run_of_its_own(line: Line, tmp_path: Path, name: str) -> None:
    out = tmp_path / "project"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        train(request_for(line, out, method="l2"))
    assert (out / name).read_text() == "mine"


def test_what_a_kill_left_of_a_file_goes_on_resuming(line: Line, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(request_for(line, out, method="l2"))
    left = (out / "stages" / ".kist-1.abcd_123.safetensors", out / ".metrics.abcd_123.json")
    for path in left:
        path.write_text("half")
    train(request_for(line, out, method="l2", resume=True))
    assert not any(path.exists() for path in left)


def test_other_pixels_are_another_run(tmp_path: Path) -> None:
    small = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    line, out = make_demo_line(tmp_path / "line", small), tmp_path / "run"
    train(request_for(line, out, method="l2"))
    path = line.train_good[0].path
    write_png(path, 255 - read_image(path).pixels)
    with pytest.raises(InputError, match="was started with other images_digest"):
        train(request_for(line, out, method="l2", resume=True))


def test_masks_that_mark_nothing_are_said_before_training(tmp_path: Path) -> None:
    small = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    line, out = make_demo_line(tmp_path / "line", small), tmp_path / "run"
    for item in line.test:
        if item.mask:
            write_png(item.mask, (read_mask(item.mask).pixels / 1).astype(np.uint8))  # 0 and 1
    with pytest.raises(
        InputError, match=r"line: no mask of the test images marks a pixel at 32x32.*0 and 255"
    ):
        train(request_for(line, out))
    assert not out.exists()


class Dropping(nn.Module):
    """A user's network that draws from torch's global generator."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 4, 3, padding=1), nn.Dropout(0.5), nn.Conv2d(4, channels, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        made: Tensor = self.layers(images)
        return made


def test_a_network_that_draws_goes_on_to_the_same_bits(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "REPORT_EVERY", 1)
    own = {"model": "tests.kist.test_runs:Dropping", "checkpoint_seconds": 0.0}
    train(request_for(line, tmp_path / "whole", **own))
    with pytest.raises(KeyboardInterrupt):
        train(request_for(line, tmp_path / "run", **own), stop=StopAfter(3))
    torch.manual_seed(12345)
    train(request_for(line, tmp_path / "run", resume=True, **own))
    assert same(tmp_path / "whole", tmp_path / "run")


@dataclass
class StopAfter(Stop):
    """Asks for the end at the n-th look."""

    looks: int = 0

    @property
    def asked(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_a_damaged_checkpoint_is_named(line: Line, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(request_for(line, out))
    stage = out / "stages" / "kist-1.safetensors"
    stage.write_bytes(stage.read_bytes()[:100])
    with pytest.raises(InputError, match=r"kist-1.safetensors: not a whole safetensors file"):
        train(request_for(line, out, resume=True))


def test_a_collapse_keeps_the_last_good_model(line: Line, tmp_path: Path) -> None:
    notes: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Note):
            notes.append(event.message)

    changes = {"guard": 1.0001, "iteration_rate": 0.5, "anomalous_weight": 10.0, "anomalous_bound": 1.0}
    train(request_for(line, tmp_path / "run", guard_every=1, guard_floor=0.0, **changes), listen)
    assert any("held-out normal images rose" in note and "last good model" in note for note in notes)
    initial = load_file(tmp_path / "run" / "stages" / "initial.safetensors")
    final = weights(tmp_path / "run")
    assert all(torch.equal(initial[name], final[name]) for name in initial)
    rows = history(tmp_path / "run")
    assert "rose to" in rows[-1]["stopped"]


def test_rules_that_label_nothing_end_self_training_and_say_what_to_do(line: Line, tmp_path: Path) -> None:
    notes: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Note) and event.warning:
            notes.append(event.message)

    silent = "IF y is low AND y is high THEN anomalous"
    train(Request(line, kistdsl.compile(silent), silent, tiny(), tmp_path / "run"), listen)
    assert len(notes) == 1
    assert all(
        words in notes[0] for words in ("no rule labelled any pixel", "kistdsl audit", "control=no-rules")
    )
    initial = load_file(tmp_path / "run" / "stages" / "initial.safetensors")
    final = weights(tmp_path / "run")
    assert all(torch.equal(initial[name], final[name]) for name in initial)
    assert history(tmp_path / "run")[-1]["labelled_pixels"] == "0"


def test_a_full_disk_is_said(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(tensors, "save_file", full)
    with pytest.raises(InputError, match=r"initial.safetensors: cannot be written: .*No space left"):
        train(request_for(line, tmp_path / "run"))


def test_an_update_that_ends_in_no_number_is_undone_without_a_guard_too(line: Line, tmp_path: Path) -> None:
    """The loss that is looked at was that before the last step."""
    changes = {"guard": float("inf"), "iteration_rate": 1e30, "warmup": 0, "schedule": "constant"}
    steps = {"iterations": 1, "iteration_steps": 1, "anomalous_form": "square"}
    train(request_for(line, tmp_path / "run", **changes, **steps))
    assert "not a number" in history(tmp_path / "run")[-1]["stopped"]
    initial = load_file(tmp_path / "run" / "stages" / "initial.safetensors")
    assert all(torch.equal(initial[name], tensor) for name, tensor in weights(tmp_path / "run").items())


def test_a_loss_that_is_no_number_stops_and_says_so(line: Line, tmp_path: Path) -> None:
    with pytest.raises(training.Collapse, match="not a number"):
        train(request_for(line, tmp_path / "run", learning_rate=1e30, warmup=0))


@pytest.mark.parametrize("control", ["no-anomalous-term", "no-rules", "random-labels", "wrong-image"])
def test_controls_run_and_differ(finished: Path, line: Line, tmp_path: Path, control: str) -> None:
    result = train(request_for(line, tmp_path / "run", control=control, baselines=False))
    assert result.models[-1].title == f"KIST, control {control}"
    by_rule = control in ("no-anomalous-term", "no-rules")
    assert ("parts" in np.load(tmp_path / "run" / "labels.npz")) == by_rule
    assert not same(finished, tmp_path / "run")


def test_the_ceiling_learns_from_the_masks_of_weakly_labelled_images(line: Line, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="true-masks: no mask of a weakly labelled image is known"):
        train(request_for(line, tmp_path / "none", control="true-masks"))
    masks = {weak.name: shown.mask for weak, shown in zip(line.train_anomalous, line.test[3:], strict=False)}
    known = replace(line, ceiling_masks={name: mask for name, mask in masks.items() if mask is not None})
    assert known.ceiling_masks
    train(request_for(known, tmp_path / "run", control="true-masks", baselines=False))
    with np.load(tmp_path / "run" / "labels.npz") as labels:
        for name, label in zip(labels["names"], labels["last"], strict=True):
            mask = known.ceiling_masks.get(str(name))
            expected = resize_mask(read_mask(mask).pixels, (32, 32)) if mask else np.zeros((32, 32))
            assert (label == expected).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "cae", "base": "ssim", "teacher": "memae", "teacher_epochs": 1},
        {"model": "memae", "base": "ffl", "paste": 0.5, "paste_decoys": 0.5, "accumulate": False},
        {"base": "riad", "anomalous_form": "log", "candidate_maps": ["residual", "darkness"]},
        {"base": "wfd", "filter": "guided", "precision": "bfloat16", "unet_norm": "group"},
        {"model": "tests.kist.test_models:Half", "augment": "flips", "exposure": "none", "margin": 4},
    ],
)
def test_kist_on_top_of_any_method_and_network(line: Line, tmp_path: Path, changes: dict[str, Any]) -> None:
    result = train(request_for(line, tmp_path / "run", iterations=1, baselines=False, **changes))
    assert result.models[-1].name == "kist"
    assert result.models[-1].figures is not None


def test_a_rival_and_a_line_without_anomalous_images_train_alone(line: Line, tmp_path: Path) -> None:
    rival = train(request_for(line, tmp_path / "rival", method="ffl"))
    assert [m.title for m in rival.models] == ["ffl"]
    notes: list[Event] = []
    normal_only = replace(request_for(replace(line, train_anomalous=()), tmp_path / "normal"))
    result = train(normal_only, notes.append)
    assert [m.name for m in result.models] == ["initial"]
    assert any(isinstance(n, Note) and "no anomalous training images" in n.message for n in notes)
    untested = train(request_for(replace(line, test=()), tmp_path / "untested"))
    assert untested.models[-1].figures is None
    assert "nothing was measured" in results_table(untested)


def test_evaluating_a_run_gives_the_figures_it_was_saved_with(finished: Path, line: Line) -> None:
    saved = json.loads((finished / "metrics.json").read_text())["models"][-1]
    figures, decision = evaluate_run(finished, line.root)
    found = figures.as_json()
    assert decision.as_json() == pytest.approx(saved["decision"])
    assert found["pixel_auroc"] == pytest.approx(saved["figures"]["pixel_auroc"], abs=1e-6)
    assert found["by_type"]["crack"]["aupro"] == pytest.approx(
        saved["figures"]["by_type"]["crack"]["aupro"], abs=1e-6
    )
    raw = evaluate_run(finished, line.root, use_filter=False)[0].as_json()
    assert raw["aupro"] == pytest.approx(saved["raw"]["aupro"], abs=1e-6)


def test_figures_over_what_is_usual(finished: Path, line: Line) -> None:
    """Every map divided by the interpolated relief, the decision's figures as before."""
    localizer = Localizer.open(finished)
    relief = np.array(localizer.facts.levels["map"].usual)
    maps = list(localizer.scored(line.test))
    at = [(np.arange(side) + 0.5) * len(relief) / side - 0.5 for side in maps[0].scores.shape]
    places = np.meshgrid(*(np.clip(a, 0, len(relief) - 1) for a in at), indexing="ij")
    usual = map_coordinates(relief, places, order=1)
    assert usual.std() > 0.01  # else there is nothing to tell
    expected = evaluate_maps([replace(m, scores=m.scores / usual) for m in maps]).as_json()
    figures, decision = evaluate_run(finished, line.root, over_usual=True)
    assert decision == evaluate_run(finished, line.root)[1]
    found = figures.as_json()
    for name in ("pixel_auroc", "aupro", "per_image_auroc"):
        assert found[name] == pytest.approx(expected[name], abs=1e-6)


def test_cuda_that_is_not_there(line: Line, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(InputError, match="no CUDA device"):
        train(request_for(line, tmp_path / "run", device="cuda"))


def test_a_batch_smaller_than_the_processes_is_named() -> None:
    from kistdsl.kist.distributed import World

    with pytest.raises(InputError, match="batch = 3 gives 4 processes"):
        World(0, 4).require(tiny(batch=3).batch, "batch")
