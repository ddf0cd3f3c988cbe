"""An evaluation as a table for people: percent, one row a defect type, 95 % intervals in brackets."""

from __future__ import annotations

from kistdsl.metrics.decisions import DecisionFigures
from kistdsl.metrics.evaluation import Evaluation, Figures

_COLUMNS = (
    ("pixel AUROC", "pixel_auroc"),
    ("AUPRO", "aupro"),
    ("per-image AUROC", "per_image_auroc"),
    ("image AUROC", "image_auroc"),
    ("best F1", "best_f1"),
    ("best IoU", "best_iou"),
)


def figures_table(evaluation: Evaluation) -> str:
    """The table of `kistdsl evaluate`; undefined figures are a dash."""
    rows = [("", "images", "regions", *(title for title, _ in _COLUMNS))]
    rows.append(("all", *_cells(evaluation.overall)))
    if len(evaluation.by_type) > 1:
        means = evaluation.mean_over_types
        rows.append(("mean of types", "", "", *(_percent(means.get(key), None) for _, key in _COLUMNS)))
    rows.extend((name, *_cells(figures)) for name, figures in evaluation.by_type.items())
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            _aligned(cell, width, i) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", _legend(evaluation)])


def decision_text(found: DecisionFigures) -> str:
    """What the thresholds make of a test set, in two lines."""
    images = (
        f"{found.found} of {found.anomalous_images} anomalous images found, "
        f"{found.false_alarms} of {found.normal_images} normal images a false alarm"
    )
    of = ("precision", found.precision), ("recall", found.recall), ("IoU", found.iou)
    masks = ", ".join(f"{name} {_percent(value, None)}" for name, value in of)
    ratio = "" if found.area_ratio is None else f", {found.area_ratio:.2g} times the true area"
    return (
        f"thresholds: image {found.image_threshold:.4g}, pixel {found.pixel_threshold:.4g} ({found.rule})\n"
        f"{images}; masks: {masks}{ratio}"
    )


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in (1, 2) else cell.ljust(width)


def _cells(figures: Figures) -> list[str]:
    values = [_percent(getattr(figures, key), figures.intervals.get(key)) for _, key in _COLUMNS]
    return [str(figures.images), str(figures.regions), *values]


def _percent(value: float | None, bounds: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    between = f" [{100 * bounds[0]:.1f}, {100 * bounds[1]:.1f}]" if bounds else ""
    return f"{100 * value:.1f}{between}"


def _legend(evaluation: Evaluation) -> str:
    size = (
        "their own sizes" if evaluation.size is None else f"{evaluation.size[1]}x{evaluation.size[0]} pixels"
    )
    between = "; [ ]: 95 % bootstrap interval over images" if evaluation.overall.intervals else ""
    return f"in percent; maps and masks compared at {size}; AUPRO up to a false-positive rate of {evaluation.limit:g}{between}"
