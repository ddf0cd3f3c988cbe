"""A run that is told to stop: Ctrl-C and SIGTERM lose no step, and several processes end together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kistdsl.data.layouts import Line
from kistdsl.kist import tensors
from kistdsl.kist.self_training import train
from kistdsl.kist.stopping import Stop
from tests.kist.conftest import history, request_for, same, weights


def comparable(out: Path) -> list[dict[str, str]]:
    """history.csv without what depends on the clock."""
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in history(out)]


@pytest.mark.parametrize(
    ("number", "steps", "stage", "done"),
    [
        (signal.SIGINT, 2, "initial", 2),
        (signal.SIGINT, 3, "initial", 3),
        (signal.SIGTERM, 6, "kist-1", 3),
    ],
)
def test_a_signal_loses_no_step(
    finished: Path,
    line: Line,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    steps: int,
    stage: str,
    done: int,
) -> None:
    step = torch.optim.Adam.step
    made = 0

    def signalled(self: torch.optim.Adam, *args: Any) -> Any:
        nonlocal made
        made += 1
        if made == steps:
            os.kill(os.getpid(), number)
        return step(self, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", signalled)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), Stop().on_signals() as stop:
        train(request_for(line, tmp_path / "run"), stop=stop)
    assert signal.getsignal(number) is before
    assert made == steps
    _, facts = tensors.load(tmp_path / "run" / "stages" / "checkpoint.safetensors")
    assert (facts["stage"], facts["done"]) == (stage, done)
    train(request_for(line, tmp_path / "run", resume=True))
    assert same(finished, tmp_path / "run")
    assert comparable(finished) == comparable(tmp_path / "run")  # the mean loss over the break, too
    labels = [np.load(out / "labels.npz")["parts"] for out in (finished, tmp_path / "run")]
    assert (labels[0] == labels[1]).all()
    metrics = json.loads((finished / "metrics.json").read_text())
    assert (
        made == metrics["models"][1]["steps"] + metrics["models"][2]["steps"] - metrics["models"][0]["steps"]
    )


SCRIPT = """
import os, signal, sys, torch
from pathlib import Path
from kistdsl.data.layouts import read_line
from kistdsl.kist import training
from kistdsl.kist.self_training import train
from kistdsl.kist.stopping import Stop
from tests.kist.conftest import request_for

line, out, signalled_at = sys.argv[1:]
torch.set_num_threads(1)
training.REPORT_EVERY = 2  # processes look at each other's wish to stop as often
step, made = torch.optim.Adam.step, 0

def signalled(self, *args):
    global made
    made += 1
    if made == int(signalled_at) and os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGTERM)
    return step(self, *args)

torch.optim.Adam.step = signalled
with Stop().on_signals() as stop:
    try:
        train(request_for(read_line(line), Path(out), resume=Path(out).exists()), stop=stop)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def in_two_processes(line: Line, out: Path, signalled_at: int = 0) -> list[int]:
    """Exit codes of two processes that train together; the second gets a SIGTERM at one of its steps."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).resolve().parents[2]
    processes = []
    for rank in range(2):
        shared = {"WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank)}
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", SCRIPT, str(line.root), str(out), str(signalled_at)]
        processes.append(subprocess.Popen(command, env={**os.environ, **shared, **place}))
    return [process.wait(timeout=300) for process in processes]


@pytest.fixture(scope="module")
def finished_by_two(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of two processes, unbroken."""
    out = tmp_path_factory.mktemp("runs") / "two"
    assert in_two_processes(line, out) == [0, 0]
    return out


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(finished: Path, finished_by_two: Path) -> None:
    one, two = weights(finished), weights(finished_by_two)
    for name in one:
        assert two[name].numpy() == pytest.approx(one[name].numpy(), abs=2e-4), name
    for alone, shared_row in zip(history(finished), history(finished_by_two), strict=True):
        assert alone["labelled_pixels"] == shared_row["labelled_pixels"]
        if alone["mu"]:
            assert float(shared_row["mu"]) == pytest.approx(float(alone["mu"]), rel=1e-3)
            assert float(shared_row["sigma"]) == pytest.approx(float(alone["sigma"]), rel=1e-3)


@pytest.mark.slow
def test_two_processes_end_together_when_one_is_told_to(
    finished_by_two: Path, line: Line, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert in_two_processes(line, out, signalled_at=4) == [130, 130]  # the first step of kist-1
    _, facts = tensors.load(out / "stages" / "checkpoint.safetensors")
    assert (facts["stage"], facts["done"]) == ("kist-1", 2)
    assert in_two_processes(line, out) == [0, 0]
    assert same(finished_by_two, out)
