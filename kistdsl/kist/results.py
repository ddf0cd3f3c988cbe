"""Figures of a run as rows and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kistdsl.kist.config import Settings
from kistdsl.kist.stages import Trained
from kistdsl.metrics import DecisionFigures, Evaluation


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One row of the table.

    Attributes:
        name: "initial", "baseline" or "kist".
        title: for people.
        seconds, steps: of all training that led to it, labelling included.
        held_out: its loss on held-out normal images.
        figures: with the filter at test; None without a test set.
        raw: without it.
        without, raw_without: the same without the defect types that the settings exclude; None if none.
        decision: what the thresholds make of the test set; None without one.
    """

    name: str
    title: str
    seconds: float
    steps: int
    held_out: float
    figures: Evaluation | None
    raw: Evaluation | None
    without: Evaluation | None = None
    raw_without: Evaluation | None = None
    decision: DecisionFigures | None = None


def metrics_json(models: list[ModelResult], settings: Settings) -> dict[str, Any]:
    """The content of metrics.json, see `kistdsl.kist.run_folder`."""
    return {
        "size": settings.metric_size or settings.size,
        "exclude": list(settings.exclude),
        "models": [_model_json(model) for model in models],
    }


def _model_json(model: ModelResult) -> dict[str, Any]:
    evaluations: dict[str, Evaluation | DecisionFigures | None] = {
        "figures": model.figures,
        "raw": model.raw,
        "without": model.without,
        "raw_without": model.raw_without,
        "decision": model.decision,
    }
    return {
        "name": model.name,
        "title": model.title,
        "seconds": model.seconds,
        "steps": model.steps,
        "held_out_loss": model.held_out,
        **{name: found.as_json() if found else None for name, found in evaluations.items()},
    }


def history_row(iteration: int, trained: Trained, figures: Evaluation | None) -> dict[str, Any]:
    """One line of history.csv; iteration 0 is the initial model."""
    facts = trained.facts
    row: dict[str, Any] = {
        "iteration": iteration,
        "stage": trained.name,
        "steps": trained.steps,
        "seconds": round(trained.seconds, 3),
        "loss": trained.loss,
        "held_out_loss": trained.held_out,
        "mu": facts.get("mu"),
        "sigma": facts.get("sigma"),
        "thresholds": " ".join(f"{t:.6g}" for levels in facts.get("thresholds", {}).values() for t in levels),
        "labelled_images": facts.get("labelled_images"),
        "regions": facts.get("regions"),
        "labelled_pixels": facts.get("pixels"),
        "set_aside": " ".join(rule["rule"] for rule in facts.get("rules", []) if rule["set_aside"]),
        "stopped": facts.get("stopped"),
    }
    if figures:
        overall = figures.overall
        row["pixel_auroc"], row["aupro"] = overall.pixel_auroc, overall.aupro
        row["per_image_auroc"], row["image_auroc"] = overall.per_image_auroc, overall.image_auroc
    return row
