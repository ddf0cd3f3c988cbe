"""`kistdsl reproduce`: the grid, its tables, going on where it stopped, what each rule brings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line
from kistdsl.kist.config import make_settings
from kistdsl.kist.grid import DEPARTURES, Plan
from kistdsl.kist.grid_tables import outcomes
from kistdsl.kist.losses import anomalous_term
from kistdsl.kist.paper_figures import PAPER
from tests.cli.test_train import RULES, TINY

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small line, rules and settings."""
    root = tmp_path_factory.mktemp("reproduce")
    settings = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    make_demo_line(root / "line", settings)
    (root / "tiny.toml").write_text(TINY)
    (root / "line.kr").write_text(RULES)
    return root


def reproduce(place: Path, out: Path, *options: str) -> int:
    given = ["--data", str(place / "line"), "--rules", str(place / "line.kr"), "--out", str(out)]
    return main(["reproduce", *given, "--config", str(place / "tiny.toml"), "--models", "unet", *options])


def rows(markdown: str, title: str) -> dict[str, list[str]]:
    """Cells of the table under a heading that starts so, by method."""
    part = markdown.split(f"## {title}")[1].split("\n## ")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"
    ]
    return {line[0]: line[1:] for line in lines[2:]}


@pytest.fixture(scope="module")
def grid(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished grid: KIST, a rival, one control and each rule, two seeds."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("grid") / "out"
    options = ["--methods", "ffl", "kist", "--seeds", "0", "1", "--controls", "no-rules", "--each-rule"]
    assert reproduce(place, out, *options) == 0
    return out


def test_tables_hold_mean_and_spread_of_what_the_runs_measured(grid: Path) -> None:
    table = rows((grid / "tables.md").read_text(), "Table III: AUPRO")
    assert set(table) == {
        *("ffl", "baseline", "baseline, trained as long", "KIST", "control no-rules"),
        *("without rule dark", "without rule upper", "no network: darkness"),
    }
    measured = []
    for seed in (0, 1):
        metrics = json.loads((grid / f"runs/line/unet-kist-seed{seed}/metrics.json").read_text())
        kist = next(model for model in metrics["models"] if model["name"] == "kist")
        measured.append(100 * kist["figures"]["aupro"])
    mean, deviation = sum(measured) / 2, abs(measured[0] - measured[1]) / 2**0.5
    assert table["KIST"][:3] == ["unet", "2", f"{mean:.1f} ({deviation:.1f})"]
    by_type = rows((grid / "tables.md").read_text(), "line, pixel AUROC / AUPRO by defect type")["KIST"]
    aupros = [float(cell.split(" / ")[1].split(" ")[0]) for cell in by_type[1:]]
    assert len(aupros) == 6
    assert aupros[-1] == pytest.approx(sum(aupros[:-1]) / 5, abs=0.1)
    assert "<table>" in (grid / "tables.html").read_text()


def test_a_rule_left_out_labels_nothing(grid: Path) -> None:
    folder = grid / "runs/line/unet-without-rule-upper-seed0"
    config = json.loads((folder / "config.json").read_text())
    assert config["settings"]["left_out_rules"] == ["upper"]
    (update,) = json.loads((folder / "rules.json").read_text())
    assert [firing["rule"] for firing in update["rules"]] == ["dark"]


def test_goes_on_where_it_stopped(place: Path, grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = grid / "runs/line/unet-kist-seed0/model.safetensors"
    before = finished.stat().st_mtime_ns
    options = ["--methods", "kist", "--seeds", "0", "0", "--controls", "wrong-image"]
    assert reproduce(place, grid, *options, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "finished  runs/line/unet-kist-seed0",
        "to run    runs/line/unet-control-wrong-image-seed0",
    ]
    assert reproduce(place, grid, *options) == 0
    assert "[1/2] runs/line/unet-kist-seed0: finished before" in capsys.readouterr().err
    assert finished.stat().st_mtime_ns == before


def test_runs_of_other_settings_are_not_taken_for_its_own(
    place: Path, grid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grid"
    shutil.copytree(grid, out)
    options = ["--methods", "kist", "--seeds", "0"]
    assert reproduce(place, out, *options, "--set", "size=16", "unet_depth=2") == 2
    assert "unet-kist-seed0: was run with other size; give another --out" in capsys.readouterr().err
    other = tmp_path / "other.kr"
    other.write_text(RULES + "\nIF gray is low THEN anomalous\n")
    given = ["--data", str(place / "line"), "--rules", str(other), "--out", str(out)]
    assert (
        main(["reproduce", *given, "--config", str(place / "tiny.toml"), "--models", "unet", *options]) == 2
    )
    assert "was run with other rules_hash" in capsys.readouterr().err


def test_a_map_without_network_follows_the_settings(place: Path, tmp_path: Path) -> None:
    def darkness(*options: str) -> list[str]:
        given = ("--methods", "l2", "--models", "cae", "--seeds", "0")
        assert reproduce(place, tmp_path / "out", *given, *options) == 0
        return rows((tmp_path / "out" / "tables.md").read_text(), "Table III: AUPRO")["no network: darkness"]

    first = darkness()
    shutil.rmtree(tmp_path / "out" / "runs" / "line" / "cae-l2-seed0")
    assert darkness("--set", "filter_sigma=40.0") != first


def test_every_cell_of_the_plan_has_its_own_name_and_finite_terms() -> None:
    plan = Plan(("l2", "memae", "kist"), ("unet", "cae"), (0,), (), DEPARTURES, {}, {}, "fast")
    cells = plan.cells("line")
    assert len({cell.folder for cell in cells}) == len(cells)
    assert [cell.settings.model for cell in cells if cell.variant == "memae"] == ["memae"]
    error, labels = torch.rand(2, 1, 8, 8), torch.rand(2, 1, 8, 8) > 0.5
    for cell in cells:
        s = cell.settings
        form, bound = s.anomalous_form, s.anomalous_bound
        term = anomalous_term(error, labels, bound=bound, per_image=True, form=form)
        assert torch.isfinite(term.total), cell.variant


def test_kist_on_another_method_stands_beside_that_method() -> None:
    figures = {"models": [{"name": name} for name in ("initial", "baseline", "kist")]}
    found = outcomes("mtd", make_settings({"base": "ssim"}), "kist", figures)
    assert [(outcome.row, outcome.method) for outcome in found] == [
        ("ssim", "ssim"),
        ("baseline on ssim, trained as long", ""),
        ("KIST on ssim", ""),
    ]
    (memory,) = outcomes("mtd", make_settings({"model": "memae"}), "memae", {"models": [{"name": "initial"}]})
    assert PAPER[memory.method, memory.network].auroc


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rules", "a.kr", "b.kr"], "1 product lines but 2 rule files; one each"),
        (["--ablations", "paste", "nothing"], "--ablations: no setting nothing"),
        (["--models", "resnet"], "model 'resnet': not one of cae, unet, memae, nor module:Class"),
        (["--set", "left_out_rules=['lower']"], "left_out_rules: no rule lower; the rules are dark, upper"),
    ],
)
def test_says_what_is_wrong(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert reproduce(place, tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err
