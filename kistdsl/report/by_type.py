"""Each defect type with its intervals as a picture, and what the thresholds make of the images."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from kistdsl.report.contents import Json
from kistdsl.report.html import figure, paragraph, table
from kistdsl.report.svg import Axes, legend

_ROW = 46  # pixels a defect type


def by_type_picture(measured: Sequence[Json], key: str, name: str) -> str:
    """A row a defect type, in it a dot with its 95 % interval for each model; empty without types."""
    kinds = list(measured[0]["figures"]["by_type"]) if measured else []
    if not kinds:
        return ""
    rows = [(kind, [model["figures"]["by_type"].get(kind, {}) for model in measured]) for kind in kinds]
    ends = [100 * end for _, of in rows for found in of for end in _ends(found, key)]
    if not ends:
        return ""
    low = max(0.0, min(ends) - 3)
    axes = Axes((low, 100.0), (0.0, float(len(kinds))), width=640, height=_ROW * len(kinds) + 60)
    marks = []
    for place, (kind, of) in enumerate(rows):
        base = len(kinds) - place
        marks.append(axes.words(low, base - 0.16, kind))
        for number, found in enumerate(of):
            if found.get(key) is not None:
                first, last = (100 * end for end in _ends(found, key))
                level = base - 0.36 - 0.2 * number
                marks.append(axes.spans(level, first, 100 * found[key], last, number))
    titles = [model["title"] for model in measured]
    said = "; ".join(
        f"{kind}: " + ", ".join(f"{t} {_said(found, key)}" for t, found in zip(titles, of, strict=True))
        for kind, of in rows
    )
    plot = axes.picture(
        f"{name} by defect type, in percent. {said}", *marks, x_name=f"{name}, percent", y_ticks=()
    )
    return legend(titles) + figure(plot, f"{name} by defect type with 95 % bootstrap intervals.")


def _ends(found: Json, key: str) -> tuple[float, float] | tuple[()]:
    """The interval, or twice the value where there is none."""
    value = found.get(key)
    if value is None:
        return ()
    interval = (found.get("intervals") or {}).get(key)
    return (interval[0], interval[1]) if interval else (value, value)


def _said(found: Json, key: str) -> str:
    return "not defined" if found.get(key) is None else f"{100 * found[key]:.1f}"


def decisions(models: Sequence[Json]) -> str:
    """What each model's thresholds make of the test images; empty where nothing is known of it."""
    known = [model for model in models if model.get("decision")]
    if not known:
        return ""
    head = ["model", "defective images found", "false alarms", "precision", "recall", "IoU", "area over true"]
    last = known[-1]["decision"]
    return table(
        "At the thresholds of each model; masks over all pixels, in percent.", head, [_row(m) for m in known]
    ) + paragraph(
        f"Thresholds of {known[-1]['title']}: image {last['image_threshold']:.3g}, pixel "
        f"{last['pixel_threshold']:.3g} ({last['rule']}). They rest on normal images that never trained, not on "
        "this test set: an image that exceeds the first anywhere is an alarm, and its regions reach as far as it "
        "exceeds the second.",
        "soft",
    )


def _row(model: Json) -> list[str]:
    found = model["decision"]
    shares = [found["precision"], found["recall"], found["iou"]]
    ratio = found["area_ratio"]
    return [
        escape(model["title"]),
        f"{found['found']} of {found['anomalous_images']}",
        f"{found['false_alarms']} of {found['normal_images']}",
        *("-" if share is None else f"{100 * share:.1f}" for share in shares),
        "-" if ratio is None else f"{ratio:.2g}",
    ]


def alarms_sentence(model: Json) -> str:
    """One sentence for the verdict; empty where nothing is known."""
    found = model.get("decision")
    if not found:
        return ""
    return (
        f" At its thresholds it finds {found['found']} of {found['anomalous_images']} defective images, with "
        f"{found['false_alarms']} false alarm{'s' * (found['false_alarms'] != 1)} on {found['normal_images']} good ones."
    )
