"""What is seen while a run trains: lines, a bar on a terminal, events as JSON, and a real Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kistdsl.cli.console import Console
from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line
from tests.cli.test_train import RULES, TINY

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small line, rules and settings."""
    root = tmp_path_factory.mktemp("progress")
    make_demo_line(
        root / "line", DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    )
    (root / "tiny.toml").write_text(TINY)
    (root / "line.kr").write_text(RULES)
    return root


def options(place: Path, out: Path) -> list[str]:
    names = {"--data": "line", "--config": "tiny.toml", "--rules": "line.kr"}
    return [
        "train",
        "--out",
        str(out),
        *(w for name, file in names.items() for w in (name, str(place / file))),
    ]


def test_events_as_json(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*options(place, tmp_path / "run"), "--json", "--set", "epochs=2", "--set", "batch=4"]) == 0
    shown = capsys.readouterr()
    events = [json.loads(line) for line in shown.out.splitlines()]
    assert not shown.err
    started = {event["stage"]: event for event in events if event["event"] == "stage_started"}
    assert {"images", "initial", "labels", "figures"} <= set(started)
    assert (started["initial"]["epochs"], started["initial"]["images"]) == (2, 4)
    ended = [event["stage"] for event in events if event["event"] == "stage_ended"]
    assert set(ended) == set(started)
    for stage, event in started.items():
        steps = [e["done"] for e in events if e["event"] == "advanced" and e["stage"] == stage]
        assert max(steps) == event["total"], stage
    assert any(event["event"] == "labelled" and event["iteration"] == 1 for event in events)
    assert any(event["event"] == "measured" and event["aupro"] is not None for event in events)
    assert events[-1]["event"] == "finished"
    assert Path(events[-1]["report"]).is_file()


def test_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Console().progress("initial model", 40, "steps", done=20, images=8, epochs=4) as progress:
        progress._start -= 10  # as if ten seconds had passed
        progress._last -= 10
        progress.advance(10, "loss 0.5")
    (said,) = capsys.readouterr().err.splitlines()  # and the end does not say it again
    assert said == "initial model: 30/40 steps (epoch 4 of 4, 8 images/s, 10 s left)  loss 0.5"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Console(quiet=True).progress("x", 2) as progress:
        progress._last -= 10
        progress.advance()
    assert capsys.readouterr().err == ""


SHOW = """
import time
from kistdsl.cli.console import Console
with Console().progress("initial model", 4, "steps", images=8, epochs=2) as progress:
    for _ in range(4):
        time.sleep(0.1)
        progress.advance(1, "loss 0.25")
"""


def test_a_bar_on_a_terminal() -> None:
    main_end, other_end = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen([sys.executable, "-c", SHOW], stderr=other_end, env=env)
    os.close(other_end)
    said = b""
    while True:
        try:
            piece = os.read(main_end, 4096)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        said += piece
    os.close(main_end)
    assert process.wait(timeout=60) == 0
    text = said.decode()
    for words in ("initial model", "4/4", "epoch 2 of 2", "images/s", "loss 0.25"):
        assert words in text


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_done(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = [*options(place, out), "--json", "--set", "epochs=4000", "checkpoint_seconds=3600"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kistdsl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdout
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "advanced" and event["stage"] == "initial" and event["done"] >= 30:
            break
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert f"stopped; go on with: kistdsl train --resume --out {out}" in said
    assert "Traceback" not in said
    assert (out / "stages" / "checkpoint.safetensors").is_file()
    assert not list(out.rglob(".*"))
    again = subprocess.Popen(
        [sys.executable, "-m", "kistdsl", "train", "--resume", "--out", str(out), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )
    assert again.stdout
    begun = next(
        e for e in map(json.loads, again.stdout) if e["event"] == "stage_started" and e["stage"] == "initial"
    )
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)
    assert begun["done"] >= 30
    assert again.returncode == 130
