"""How the map's values are distributed on normal and on anomalous pixels (Fig. 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kistdsl.report.cases import decision_of
from kistdsl.report.contents import Arrays, Contents
from kistdsl.report.html import figure, section
from kistdsl.report.svg import Axes, legend

_NAMES = ("baseline", "kist")


def residuals(contents: Contents) -> str:
    """A plot for each model, with the threshold of the decision; empty without a test set."""
    stored = contents.residuals
    if stored is None:
        return ""
    kinds = ("normal pixels", "anomalous pixels", "threshold of an alarm", "of a region's extent")
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
        decision = decision_of(contents.panels, name)
        limits = sorted({decision.image, decision.pixel}, reverse=True)
        for row, limit in enumerate(limits):
            marks.append(axes.upright(limit, f"{limit:.3g}", 2 + row, row))
        over = [
            100 * _above(stored[f"{name}_{kind}"], edges, decision.pixel) for kind in ("normal", "anomalous")
        ]
        caption += (
            f" An image that exceeds {decision.image:.3g} is an alarm; about {over[0]:.2g} % of the normal and "
            f"{over[1]:.2g} % of the anomalous pixels lie above {decision.pixel:.3g}, which bounds a region."
        )
    plot = axes.picture(
        f"Residuals of the {title}, normal and anomalous pixels. {caption}",
        *marks,
        x_name="residual, over what is usual at the place",
        y_name="root of share",
    )
    return figure(plot, caption)


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.sqrt(counts / max(int(counts.sum()), 1))


def _above(counts: NDArray[np.int64], edges: NDArray[np.float64], limit: float) -> float:
    """Share of the pixels above a limit, even within the bin that holds it."""
    inside = np.clip((edges[1:] - limit) / np.diff(edges), 0.0, 1.0)
    return float((counts * inside).sum() / max(int(counts.sum()), 1))
