"""The table at the end of a run: models by figures, then each defect type."""

from __future__ import annotations

from collections.abc import Sequence

from kistdsl.kist.results import ModelResult
from kistdsl.kist.self_training import Result
from kistdsl.metrics import Evaluation, Figures

_HEAD = ("method", "pixel AUROC", "AUPRO", "per-image AUROC", "image AUROC", "seconds")


def results_table(result: Result) -> str:
    """Plain text; figures in percent, with the filter at test. Without a test set only the seconds."""
    models = result.models
    parts = [aligned([_HEAD, *(_overall(model, model.figures) for model in models)])]
    measured = [model for model in models if model.figures]
    if measured:
        left_out = [_overall(model, model.without) for model in models if model.without]
        if left_out:
            names = ", ".join(result.settings.exclude)
            parts.append("\n" + aligned([(f"without {names}", *_HEAD[1:]), *left_out]))
        parts.append(_by_type(measured))
        parts.append("\nFigures in percent, with the filter at test; without it: metrics.json.")
    else:
        parts.append("\nNo test set with masks: nothing was measured.")
    return "\n".join(parts)


def _overall(model: ModelResult, evaluation: Evaluation | None) -> tuple[str, ...]:
    seconds = f"{model.seconds:.0f}"
    if evaluation is None:
        return (model.title, "-", "-", "-", "-", seconds)
    of = evaluation.overall
    figures = (of.pixel_auroc, of.aupro, of.per_image_auroc, of.image_auroc)
    return (model.title, *(percent(value) for value in figures), seconds)


def _by_type(models: Sequence[ModelResult]) -> str:
    """AUROC / AUPRO of each defect type, a column a model."""
    first = models[0].figures
    kinds = list(first.by_type) if first else []
    rows = [("defect type (pixel AUROC / AUPRO)", "images", *(model.title for model in models))]
    for kind in kinds:
        found = [model.figures.by_type[kind] for model in models if model.figures]
        rows.append((kind, str(found[0].images), *(_pair(figures) for figures in found)))
    return "\n" + aligned(rows)


def _pair(figures: Figures) -> str:
    return f"{percent(figures.pixel_auroc)} / {percent(figures.aupro)}"


def percent(value: float | None) -> str:
    """A share in percent with one decimal, or a dash where it is not defined."""
    return "-" if value is None else f"{100 * value:.1f}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns of text: the first to the left, the others to the right, a line under the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
