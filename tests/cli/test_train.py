"""`kistdsl train`: options, messages, the table, going on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kistdsl.cli.main import main, parse
from kistdsl.data.demo import DemoSettings, make_demo_line

TINY = """
size = 32
epochs = 1
batch = 8
iterations = 1
iteration_steps = 4
iteration_batch = 4
unet_width = 4
unet_depth = 2
rule_check = false
bootstrap = 0
"""
RULES = "rule dark: IF contrast is low THEN anomalous\nrule upper: IF y is low OR y is mid THEN anomalous\n"


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small line, rules and settings."""
    root = tmp_path_factory.mktemp("train")
    settings = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    make_demo_line(root / "line", settings)
    (root / "tiny.toml").write_text(TINY)
    (root / "line.kr").write_text('include "more.kr"\nrule dark: IF contrast is low THEN anomalous\n')
    (root / "more.kr").write_text("rule upper: IF y is low OR y is mid THEN anomalous\n")
    return root


def train(place: Path, *options: str) -> int:
    line = ["--data", str(place / "line"), "--config", str(place / "tiny.toml")]
    return main(["train", *line, *options])


def test_prints_a_table_and_where_the_run_lies(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert train(place, "--rules", str(place / "line.kr"), "--out", str(out), "--set", "epochs=2") == 0
    shown = capsys.readouterr()
    assert "KIST" in shown.out
    assert "blowhole" in shown.out
    assert f"run folder: {out}" in shown.out
    assert (out / "report.html").is_file()
    assert "iteration 1:" in shown.err
    config = json.loads((out / "config.json").read_text())
    assert config["settings"]["epochs"] == 2
    assert "include" not in (out / "rules.kr").read_text()
    assert main(["train", "--resume", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines()[:4] == shown.out.splitlines()[:4]


def test_later_options_win(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--method", "l2", "--model", "cae", "--seed", "3", "--set", "latent=5", "--set", "cae_width=4"]
    assert train(place, "--out", str(out), "--quiet", *options) == 0
    settings = json.loads((out / "config.json").read_text())["settings"]
    chosen = {name: settings[name] for name in ("method", "model", "seed", "latent", "size")}
    assert chosen == {"method": "l2", "model": "cae", "seed": 3, "latent": 5, "size": 32}


def test_without_rules_only_the_baseline(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(place, "--out", str(tmp_path / "run"), "--quiet") == 0
    shown = capsys.readouterr()
    assert "no rules (--rules FILE)" in shown.err
    assert "KIST" not in shown.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "epoch=2"], "did you mean 'epochs'"),
        (["--set", "epochs"], "expected name=value"),
        (["--set", "epochs=-1"], "epochs = -1"),
        (["--set", "epochs=2", "epocs=3"], "no setting 'epocs' (did you mean 'epochs'?)"),
        (["--model", "vae"], "not one of cae, unet, memae"),
        (["--rules", "none.kr"], "none.kr"),
        (["--config", "none.toml"], "none.toml"),
        (["--data", "nowhere"], "nowhere: no such folder"),
        (["--resume"], "--out"),
    ],
)
def test_mistakes_are_said_without_a_traceback(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(place, *options) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("verb", ["train", "reproduce"])
def test_settings_follow_one_flag_or_several(verb: str) -> None:
    needed = {"train": [], "reproduce": ["--data", "a", "--out", "b"]}[verb]
    args = parse([verb, "--set", "a=1", "b=2", *needed, "--set", "c=3", "a=4"])
    assert args.assignments == ["a=1", "b=2", "c=3", "a=4"]
    assert parse([verb, *needed]).assignments == []  # nothing stays from before


def test_later_assignments_win(place: Path, tmp_path: Path) -> None:
    assignments = ["--set", "epochs=7", "seed=5", "--set", "epochs=2"]
    assert train(place, "--out", str(tmp_path / "run"), "--quiet", *assignments) == 0
    settings = json.loads((tmp_path / "run/config.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["epochs"], settings["seed"]) == (2, 5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"settings":', "no JSON"),
        ("[]", "not the configuration of a run"),
        ("{}", "no fit settings, data, preset, images_digest, rules_hash"),
        (
            '{"settings": 3, "data": "a", "preset": null, "images_digest": "", "rules_hash": ""}',
            "no fit settings",
        ),
    ],
)
def test_a_damaged_run_is_not_gone_on_with(
    config: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(config)
    assert main(["train", "--resume", "--out", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert f"{tmp_path}/config.json: " in shown
    assert message in shown


def test_a_rule_file_without_a_rule(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.kr").write_text('product "x"\n')
    assert train(place, "--rules", str(tmp_path / "none.kr"), "--out", str(tmp_path / "run")) == 2
    assert "none.kr: no rule in it" in capsys.readouterr().err


def test_rules_with_a_mistake_are_findings(place: Path, tmp_path: Path) -> None:
    rules = tmp_path / "wrong.kr"
    rules.write_text("IF wieght is low THEN anomalous\n")
    assert train(place, "--rules", str(rules), "--out", str(tmp_path / "run")) == 1


def test_a_folder_that_exists_is_not_written_over(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    assert train(place, "--out", str(tmp_path / "run")) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["train", "--resume", "--out", str(tmp_path / "run")]) == 2
    assert "no run to resume" in capsys.readouterr().err


def test_data_with_problems_are_listed_at_once(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    shutil.copytree(place / "line", tmp_path / "line")
    (tmp_path / "line/train/good/000.png").write_bytes(b"no image")
    (tmp_path / "line/test/good/001.png").write_bytes(b"")
    assert main(["train", "--data", str(tmp_path / "line"), "--out", str(tmp_path / "run")]) == 2
    shown = capsys.readouterr().err
    assert "2 problems" in shown
    assert "train/good/000.png" in shown
    assert "test/good/001.png" in shown
    assert not (tmp_path / "run").exists()
