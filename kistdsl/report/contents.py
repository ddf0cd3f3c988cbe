"""What a finished run folder holds, read once; every part that a run may lack is None or empty."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.diagnostics import InputError, RuleError
from kistdsl.engine.rule_set import load
from kistdsl.language import checked

Arrays = Mapping[str, NDArray[Any]]
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """A run folder's files.

    Attributes:
        name: of the folder.
        config: config.json.
        models: `models` of metrics.json, in the order of the table; at least one.
        history: rows of history.csv as text, an empty field is "".
        firings: rules.json, one object an iteration; empty without rules.
        rules_text: rules.kr, or "".
        program: the checked rules; None without rules, or where they need properties not declared here.
        panels, labels, residuals, properties: the arrays of the `.npz` files.
    """

    name: str
    config: Json
    models: tuple[Json, ...]
    history: tuple[Mapping[str, str], ...]
    firings: tuple[Json, ...]
    rules_text: str
    program: checked.Program | None
    panels: Arrays | None
    labels: Arrays | None
    residuals: Arrays | None
    properties: Arrays | None

    @property
    def settings(self) -> Json:
        """The settings of the run."""
        found: Json = self.config.get("settings", {})
        return found

    def model(self, name: str) -> Json | None:
        """The model of this name, if the run has one."""
        return next((model for model in self.models if model["name"] == name), None)

    @property
    def before(self) -> Json:
        """What KIST is measured against: the baseline trained as long, else the initial model."""
        return self.model("baseline") or self.model("initial") or self.models[0]


def read_contents(folder: Path) -> Contents:
    """Read a run folder.

    Raises:
        InputError: it holds no finished run, or a damaged file.
    """
    if not (folder / "metrics.json").is_file():
        raise InputError(f"{folder}: no metrics.json; the run has not come to its end")
    models = tuple(_json(folder / "metrics.json")["models"])
    if not models:
        raise InputError(f"{folder / 'metrics.json'}: names no model")
    rules = folder / "rules.kr"
    text = rules.read_text(encoding="utf-8") if rules.is_file() else ""
    firings = folder / "rules.json"
    return Contents(
        name=folder.resolve().name,
        config=_json(folder / "config.json"),
        models=models,
        history=_rows(folder / "history.csv"),
        firings=tuple(_json(firings)) if firings.is_file() else (),
        rules_text=text,
        program=_program(rules) if text.strip() else None,
        panels=_arrays(folder / "panels.npz"),
        labels=_arrays(folder / "labels.npz"),
        residuals=_arrays(folder / "residuals.npz"),
        properties=_arrays(folder / "properties.npz"),
    )


def _program(rules: Path) -> checked.Program | None:
    """Rules over properties that the embedder declares in Python cannot be checked without them."""
    try:
        return load(rules).program
    except RuleError:
        return None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: no JSON ({error})") from error


def _rows(path: Path) -> tuple[Mapping[str, str], ...]:
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def _arrays(path: Path) -> Arrays | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
