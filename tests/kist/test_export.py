"""The exported model gives torch's maps, for every network, method and filter, and runs without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kistdsl.cli.main import main
from kistdsl.data.layouts import Line
from kistdsl.diagnostics import InputError
from kistdsl.kist import tensors
from kistdsl.kist.config import make_settings, settings_json
from kistdsl.kist.localization import Localizer, Unreadable
from kistdsl.kist.models.margin import Margin
from kistdsl.kist.models.registry import build
from kistdsl.kist.onnx_export import TOLERANCE, export
from kistdsl.metrics import NormalLevels

NETWORK = {"size": 32, "unet_width": 4, "unet_depth": 2, "cae_width": 4, "latent": 8, "memory_items": 20}
RULES = "rule any: IF y is low OR y is mid OR y is high THEN anomalous\n"


def stored_run(folder: Path, channels: int = 1, **changes: Any) -> Path:
    """A run folder of a network that never trained."""
    settings = make_settings({**NETWORK, "device": "cpu", **changes})
    network = Margin(build(settings.model, settings, channels), settings.margin).eval()
    random = np.random.default_rng(0)
    levels = NormalLevels.of(0.1, 0.1, np.ones((2, 2)), random.random((6, 32, 32)) * 0.02).as_json()
    folder.mkdir()
    facts = {
        "settings": settings_json(settings),
        "channels": channels,
        "normal": {"map": levels, "raw": levels},
    }
    tensors.save(folder / "model.safetensors", tensors.weights(network), facts)
    (folder / "rules.kr").write_text(RULES)
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "cae"},
        {"model": "cae", "latent_layout": "spatial", "filter": "guided"},
        {"model": "unet"},
        {"model": "unet", "margin": 4, "filter": "guided", "exposure": "none", "unet_norm": "group"},
        {"model": "unet", "unet_upsampling": "transpose", "unet_padding": "reflect", "filter": "none"},
        {"model": "memae"},
        {"model": "memae", "memory_addressing": "cosine", "filter": "guided"},
        {"model": "unet", "base": "ssim"},
        {"model": "cae", "method": "riad"},
        {"model": "cae", "method": "ffl", "precision": "bfloat16"},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
@pytest.mark.parametrize("channels", [1, 3])
def test_maps_are_those_of_torch(line: Line, tmp_path: Path, changes: dict[str, Any], channels: int) -> None:
    run = stored_run(tmp_path / "run", channels, **changes)
    target = run / "model.onnx"
    assert export(run, target) <= TOLERANCE
    if changes.get("precision") == "bfloat16":  # the exported model computes in float32, torch as the run did
        return
    torch, onnx = (Localizer.open(run, backend=backend) for backend in ("torch", "onnx"))
    paths = [item.path for item in line.test]
    for use_filter in (True, False):
        for batch in (1, 3):
            ours = list(torch.localize_all(paths, batch=batch, use_filter=use_filter))
            theirs = list(onnx.localize_all(paths, batch=batch, use_filter=use_filter))
            for one, other in zip(ours, theirs, strict=True):
                assert not isinstance(one, Unreadable)
                assert not isinstance(other, Unreadable)
                assert np.abs(other.map - one.map).max() <= TOLERANCE * one.map.max()
    first = onnx.localize(paths[0])
    assert first.decision.rule == torch.decision().rule
    assert {region.rule for region in first.regions} <= {"any", None}


SCRIPT = """
import sys
for name in ("torch", "scipy", "safetensors", "onnx", "pyarrow"):
    sys.modules[name] = None  # importing it fails: the extra `line` does not bring it
from kistdsl.cli.main import main
code = main(sys.argv[1:])
assert [name for name in sys.modules if name.partition(".")[0] == "torch"] == ["torch"]
sys.exit(code)
"""


@pytest.mark.parametrize("model", ["cae", "unet", "memae"])
def test_a_line_needs_no_torch(line: Line, tmp_path: Path, model: str) -> None:
    run = stored_run(tmp_path / "run", model=model)
    target = tmp_path / "line.onnx"
    assert main(["export", str(run), "-o", str(target), "--quiet"]) == 0
    out = tmp_path / "out"
    root = Path(__file__).resolve().parents[2]
    images = str(line.test[0].path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "localize", str(target), images, "--out", str(out), "--json", "-q"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    expected = Localizer.open(run).localize(line.test[0].path)
    assert row["score"] == pytest.approx(expected.score, rel=TOLERANCE)
    assert row["alarm"] == expected.alarm
    assert (out / f"{line.test[0].path.stem}_overlay.png").is_file()


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = stored_run(tmp_path / "run")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"no model")
    out = ["--out", str(tmp_path / "out")]
    for words, message in (
        (["export", str(tmp_path / "none")], "no such run folder"),
        (["export", str(run), "-o", str(tmp_path / "x.pt")], "name a .onnx file"),
        (["localize", str(run), str(other), *out, "--backend", "onnx"], "write it with: kistdsl export"),
        (["localize", str(other), str(other), *out], "onnxruntime cannot read it"),
        (["localize", str(other), str(other), *out, "--backend", "torch"], "runs in onnxruntime"),
    ):
        assert main(words) == 2
        assert message in capsys.readouterr().err
    with pytest.raises(InputError, match="cannot be written"):
        export(run, tmp_path / "nowhere" / "x.onnx")


@pytest.mark.parametrize(
    "words",
    [
        ["localize", "RUN", "IMAGES", "--out", "OUT", "--false-alarms", "1%"],
        ["localize", "RUN", "IMAGES", "--out", "OUT", "--watch"],
        ["evaluate", "RUN", "--data", "LINE"],
        ["export", "RUN"],
    ],
    ids=" ".join,
)
def test_a_run_that_kept_no_levels_of_normal_images_says_so_once(
    words: list[str], line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = stored_run(tmp_path / "run")
    network, facts = tensors.load(run / "model.safetensors")
    del facts["normal"]  # as versions without chosen rates of false alarms left it
    tensors.save(run / "model.safetensors", network, facts)
    places = {"RUN": run, "LINE": line.root, "IMAGES": line.root / "test" / "good", "OUT": tmp_path / "out"}
    assert main([str(places.get(word, word)) for word in words]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("did not keep what maps reach on normal images") == 1
    assert str(run) in said.err
    assert len(said.err.splitlines()) == 1, said.err
