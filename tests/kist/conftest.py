"""Tiny product lines and settings: a whole run in seconds, on one thread."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import kistdsl
from kistdsl.data.demo import DemoSettings, make_demo_line
from kistdsl.data.layouts import Line
from kistdsl.kist.config import Settings, make_settings
from kistdsl.kist.self_training import Request, train

RULES = """
IF contrast is low THEN anomalous
rule upper: IF y is low OR y is mid THEN anomalous
"""

TINY: dict[str, Any] = {
    "size": 32,
    "epochs": 1,
    "batch": 8,
    "iterations": 2,
    "iteration_steps": 4,
    "iteration_batch": 4,
    "unet_width": 4,
    "unet_depth": 2,
    "unet_norm": "none",
    "cae_width": 4,
    "latent": 8,
    "memory_items": 10,
    "min_area": 1,
    "candidate_maps": ("residual",),
    "step": 0.3,
    "threshold_reach": 3.0,
    "rule_check": False,
    "device": "cpu",
    "bootstrap": 0,
}


@pytest.fixture(autouse=True)
def _one_thread(one_thread: None) -> None:
    """Every test here."""


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """A demo line of 20 + 4 training images and 8 test images at 32 pixels."""
    settings = DemoSettings(size=32, train_good=20, train_anomalous=4, test_good=3, test_each=1)
    return make_demo_line(tmp_path_factory.mktemp("lines") / "line", settings)


def tiny(**changes: Any) -> Settings:
    """Settings of a run that takes seconds."""
    return make_settings({**TINY, **changes})


def request_for(line: Line, out: Path, *, resume: bool = False, **changes: Any) -> Request:
    """A run on `line` with rules that label something."""
    return Request(line, kistdsl.compile(RULES), RULES, tiny(**changes), out, None, resume)


def history(out: Path) -> list[dict[str, str]]:
    with (out / "history.csv").open() as file:
        return list(csv.DictReader(file))


def weights(out: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_file(out / "model.safetensors")
    return found


def same(first: Path, second: Path) -> bool:
    one, two = weights(first), weights(second)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.fixture(scope="session")
def finished(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run, unbroken."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(request_for(line, out))
    return out
