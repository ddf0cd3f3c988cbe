"""How the map's values are distributed on normal and on anomalous pixels (Fig. 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.report.contents import Arrays, Contents
from kistdsl.report.html import figure, section
from kistdsl.report.svg import Axes, legend

_NAMES = ("baseline", "kist")


def residuals(contents: Contents) -> str:
    """A plot for each model, with the threshold of the decision; empty without a test set."""
    stored = contents.residuals
    if stored is None:
        return ""
    kinds = ("normal pixels", "anomalous pixels", "threshold of the decision")
    shown = _NAMES if contents.model("kist") else _NAMES[:1]
    plots = [_plot(contents, stored, number, name) for number, name in enumerate(shown)]
    return section(
        "residuals",
        "Residuals of normal and anomalous pixels",
        legend(kinds),
        f'<div class="grid2">{"".join(plots)}</div>',
    )


def _plot(contents: Contents, stored: Arrays, number: int, name: str) -> str:
    top = float(stored[f"{name}_top"]) if f"{name}_top" in stored else 1.0
    normal, anomalous = _shares(stored[f"{name}_normal"]), _shares(stored[f"{name}_anomalous"])
    edges = stored["edges"] * top
    highest = max(float(normal.max(initial=0.0)), float(anomalous.max(initial=0.0)), 1e-6)
    axes = Axes((float(edges[0]), float(edges[-1])), (0.0, highest * 1.05), width=460)
    marks = [axes.steps(edges, normal, 0), axes.steps(edges, anomalous, 1)]
    title = contents.before["title"] if name == "baseline" else "KIST"
    caption = f"{title}: share of the pixels (its square root, so that rare values show)."
    if contents.panels is not None:
        limit = float(contents.panels["thresholds"][number])
        if limit <= float(edges[-1]):
            marks.append(axes.upright(limit, f"{limit:.3g}", 2))
        over = [100 * _above(stored[f"{name}_{kind}"], edges, limit) for kind in ("normal", "anomalous")]
        sigmas = contents.settings.get("mask_sigmas", 2)
        caption += (
            f" Threshold mu + {sigmas:g} sigma of normal training images, {limit:.3g}: about {over[0]:.1f} % of the "
            f"normal and {over[1]:.1f} % of the anomalous pixels lie above."
        )
    plot = axes.picture(
        f"Residuals of the {title}, normal and anomalous pixels. {caption}",
        *marks,
        x_name="residual",
        y_name="root of share",
    )
    return figure(plot, caption)


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.sqrt(counts / max(int(counts.sum()), 1))


def _above(counts: NDArray[np.int64], edges: NDArray[np.float64], limit: float) -> float:
    """Share of the pixels above a limit, even within the bin that holds it."""
    inside = np.clip((edges[1:] - limit) / np.diff(edges), 0.0, 1.0)
    return float((counts * inside).sum() / max(int(counts.sum()), 1))
