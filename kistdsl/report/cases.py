"""Test images with truth, map and decision: the best, the median, the worst (Fig. 7)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from kistdsl.metrics import Decision, pixel_auroc
from kistdsl.report.contents import Arrays, Contents
from kistdsl.report.html import paragraph, section
from kistdsl.report.pictures import DECISION, TRUTH, heat, img, outlined, rgb

MOST = 24
"""Cases shown at most."""


@dataclass(frozen=True, slots=True)
class Case:
    """A test image among the panels; `score` is its AUROC over its own pixels."""

    index: int
    name: str
    kind: str
    score: float | None


def cases(contents: Contents) -> str:
    """Panels; empty without a test set."""
    panels = contents.panels
    if panels is None or not len(panels["names"]):
        return ""
    model = "kist" if contents.model("kist") else "baseline"
    found = _cases(panels, model)
    ranked = sorted((c for c in found if c.score is not None), key=lambda c: -(c.score or 0.0))
    chosen = _best_median_worst(ranked)
    normal = next((case for case in found if case.score is None), None)
    if normal is not None:
        chosen.append(("A normal image", normal))
    shown = {case.index for _, case in chosen}
    others = [case for case in found if case.index not in shown][: MOST - len(chosen)]
    rest = "".join(_row(panels, model, case, case.kind) for case in others)
    title = "KIST" if model == "kist" else contents.before["title"]
    return section(
        "cases",
        f"What {title} sees",
        paragraph(
            f"Of the {len(found)} test images kept for this page (the first of each kind, chosen before any result "
            "was known). Truth in green, the decision in orange. All maps share one scale: dark is 0, the brightest yellow is an alarm."
        ),
        *(_row(panels, model, case, label) for label, case in chosen),
        f"<details><summary>{len(others)} more</summary>{rest}</details>" if others else "",
    )


def _cases(panels: Arrays, model: str) -> list[Case]:
    names, kinds = panels["names"].tolist(), panels["kinds"].tolist()
    made = []
    for i, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        truth = panels["truths"][i]
        defined = bool(truth.any()) and not bool(truth.all())
        score = pixel_auroc([panels[model][i]], [truth]) if defined else None
        made.append(Case(i, name, kind, score))
    return made


def _best_median_worst(ranked: list[Case]) -> list[tuple[str, Case]]:
    places = {0: "Best", len(ranked) // 2: "Median", len(ranked) - 1: "Worst"} if ranked else {}
    return [(label, ranked[place]) for place, label in sorted(places.items())]


def _row(panels: Arrays, model: str, case: Case, label: str) -> str:
    image, truth = rgb(panels["images"][case.index]), np.asarray(panels["truths"][case.index], np.bool_)
    values = panels[model][case.index]
    decision = decision_of(panels, model)
    mask = decision.mask(values)
    score = "" if case.score is None else f", AUROC over its pixels {100 * case.score:.1f} %"
    of = f"{case.name} ({case.kind})"
    pictures = (
        (image, "image", f"Photograph {of}"),
        (outlined(image, truth, TRUTH), "truth", f"{of} with the true defect outlined, {_share(truth)}"),
        (heat(decision.relative(values), decision.image), "map", f"Anomaly map of {of}"),
        (outlined(image, mask, DECISION), "decision", f"{of} with the decision outlined, {_share(mask)}"),
    )
    cells = "".join(
        f"<figure>{img(pixels, alt)}<figcaption>{name}</figcaption></figure>"
        for pixels, name, alt in pictures
    )
    return f'<h3>{escape(label)}: {escape(case.name)}{escape(score)}</h3><div class="case">{cells}</div>'


def decision_of(panels: Arrays, model: str) -> Decision:
    """The thresholds of "baseline" or "kist"."""
    number = 1 if model == "kist" else 0
    image, pixel, reach = panels["thresholds"][number].tolist()
    return Decision(image, pixel, "", panels["usual"][number], reach)


def _share(mask: NDArray[np.bool_]) -> str:
    return f"{100 * float(mask.mean()):.2f} % of the image" if mask.any() else "none"
