"""What the run is worth: the verdict, the tables, the curve over the iterations (Fig. 8)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from kistdsl.report.by_type import alarms_sentence, by_type_picture, decisions
from kistdsl.report.contents import Contents, Json
from kistdsl.report.html import figure, section, table
from kistdsl.report.svg import Axes, legend

FIGURES = (
    ("pixel_auroc", "pixel AUROC"),
    ("aupro", "AUPRO"),
    ("per_image_auroc", "per-image AUROC"),
    ("image_auroc", "image AUROC"),
)
"""Keys of metrics.json and what people call them."""

MAIN = "aupro"
"""The figure that the verdict compares."""


def verdict(contents: Contents) -> str:
    """One sentence or two: whether KIST won, by how much, and whether that is certain."""
    kist, before = contents.model("kist"), contents.before
    trained = f"{contents.settings.get('model', 'model')} on {contents.name}"
    if kist is None or kist is before:
        found = before["figures"]
        if found is None:
            return f"{before['title']} ({trained}) was trained; without a test set nothing was measured."
        return (
            f"{before['title']} ({trained}) localizes defects with {_share(found['pixel_auroc'])} % pixel AUROC "
            f"and {_share(found[MAIN])} % AUPRO; the run holds no KIST model to compare it with."
            + alarms_sentence(before)
        )
    if kist["figures"] is None or before["figures"] is None:
        return f"KIST ({trained}) was trained; without a test set nothing was measured."
    return _comparison(kist["figures"], before["figures"], before["title"]) + alarms_sentence(kist)


def _comparison(kist: Json, before: Json, title: str) -> str:
    new, old = kist[MAIN], before[MAIN]
    pair = f"AUPRO {_share(new)} % against {_share(old)} % of the {title}"
    auroc = f"pixel AUROC {_share(kist['pixel_auroc'])} % against {_share(before['pixel_auroc'])} %"
    if new is None or old is None:
        return f"KIST: {auroc} of the {title}; AUPRO is not defined on this test set."
    word = "ahead of" if new > old else "behind" if new < old else "level with"
    common = [kind for kind in kist["by_type"] if kind in before["by_type"]]
    won = sum(_or_zero(kist["by_type"][k][MAIN]) > _or_zero(before["by_type"][k][MAIN]) for k in common)
    return (
        f"KIST is {word} the baseline: {pair}, {auroc}. It is ahead on {won} of {len(common)} defect types. "
        f"{_certainty(kist, before)}"
    )


def _certainty(kist: Json, before: Json) -> str:
    new, old = kist["intervals"].get(MAIN), before["intervals"].get(MAIN)
    if not (new and old):
        return ""
    if new[0] > old[1] or old[0] > new[1]:
        return "The 95 % intervals do not overlap."
    return "The 95 % intervals overlap: more test images would be needed to be sure."


def results(contents: Contents) -> str:
    """The tables: all figures of each model, then each defect type."""
    measured = [model for model in contents.models if model["figures"]]
    head = ["model", *(name for _, name in FIGURES), "steps", "seconds"]
    rows = [_overall(model) for model in contents.models]
    overall = table("All test images, in percent, with 95 % bootstrap intervals below.", head, rows)
    without = [model for model in contents.models if model.get("without")]
    left_out = ", ".join(contents.settings.get("exclude", ()))
    reduced = table(
        f"The same without {left_out}.", head[:-2], [_figures(m["title"], m["without"]) for m in without]
    )
    raw = table(
        "The same without the filter of the map.",
        head[:-2],
        [_figures(model["title"], model["raw"]) for model in measured if model["raw"]],
    )
    return section(
        "results",
        "Results",
        overall,
        reduced if without else "",
        decisions(contents.models),
        by_type_picture(measured, MAIN, "AUPRO"),
        _by_type(measured, MAIN, "AUPRO"),
        _by_type(measured, "pixel_auroc", "Pixel AUROC"),
        f"<details><summary>Without the filter</summary>{raw}</details>" if measured else "",
    )


def _overall(model: Json) -> list[str]:
    return [*_figures(model["title"], model["figures"]), str(model["steps"]), f"{model['seconds']:.0f}"]


def _figures(title: str, found: Json | None) -> list[str]:
    cells = [percent(found, key) if found else "-" for key, _ in FIGURES]
    return [escape(title), *cells]


def _by_type(measured: list[Json], key: str, name: str) -> str:
    kinds = list(measured[0]["figures"]["by_type"]) if measured else []
    if not kinds:
        return ""
    rows = []
    for kind in kinds:
        of = [model["figures"]["by_type"].get(kind, {}) for model in measured]
        best = max(_or_zero(found.get(key)) for found in of)
        cells = [
            f"<td{' class=best' if found.get(key) == best else ''}>{percent(found, key)}</td>" for found in of
        ]
        rows.append([escape(kind), str(of[0].get("images", "-")), *cells])
    caption = f"{name} by defect type, in percent, with 95 % intervals; the best in bold."
    return table(caption, ["defect type", "images", *(model["title"] for model in measured)], rows)


def percent(found: Mapping[str, object], key: str) -> str:
    """A figure in percent with its interval below, as HTML; a dash where it is not defined."""
    value, interval = found.get(key), None
    if not isinstance(value, (int, float)):
        return "-"
    intervals = found.get("intervals")
    if isinstance(intervals, Mapping):
        interval = intervals.get(key)
    small = f"<small>{_share(interval[0])} to {_share(interval[1])}</small>" if interval else ""
    return f"{_share(float(value))}{small}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _or_zero(value: float | None) -> float:
    return 0.0 if value is None else value


def curve(contents: Contents) -> str:
    """Figures after each iteration, beside the baseline trained as long (Fig. 8)."""
    lines = [(name, _points(contents, key)) for key, name in FIGURES[:3]]
    lines = [(name, points) for name, points in lines if points]
    rows = [_iteration(row) for row in contents.history]
    facts = table(
        "Each iteration of self-training; 0 is the initial model.",
        ["iteration", "images labelled", "regions", "pixels", "loss on held-out normal images", "seconds"],
        rows,
    )
    stopped = [
        f"Iteration {row['iteration']}: {row['stopped']}." for row in contents.history if row.get("stopped")
    ]
    notes = "".join(f"<p>{escape(note)}</p>" for note in stopped)
    plot = _curve_plot(contents, lines) if lines else ""
    return section("iterations", "Iteration by iteration", plot, facts if rows else "", notes)


def _curve_plot(contents: Contents, lines: list[tuple[str, list[tuple[float, float]]]]) -> str:
    last = max(x for _, points in lines for x, _ in points)
    values = [y for _, points in lines for _, y in points]
    baseline = contents.model("baseline")
    level = 100 * baseline["figures"][MAIN] if baseline and baseline["figures"] else None
    values += [level] if level is not None else []
    low = max(0.0, min(values) - 0.08 * (max(values) - min(values)) - 1)
    axes = Axes((0.0, max(last, 1.0)), (low, min(100.0, max(values) + 1)))
    marks = [axes.line(points, i, markers=True) for i, (_, points) in enumerate(lines)]
    names = [name for name, _ in lines]
    if level is not None:
        marks.append(axes.line([(0, level), (max(last, 1.0), level)], 3))
        names += [""] * (3 - len(names)) + ["AUPRO of the baseline trained as long"]
    said = "; ".join(f"{name}: " + ", ".join(f"{y:.1f}" for _, y in points) for name, points in lines)
    whole = list(range(int(last) + 1)) if last <= 12 else None
    plot = axes.picture(
        f"Figures in percent over the iterations. {said}",
        *marks,
        x_name="iteration",
        y_name="percent",
        x_ticks=whole,
    )
    return legend(names) + figure(plot, "On the test set, with the filter of the map.")


def _points(contents: Contents, key: str) -> list[tuple[float, float]]:
    return [
        (float(row["iteration"]), 100 * float(row[key])) for row in contents.history if row.get(key, "") != ""
    ]


def _iteration(row: Mapping[str, str]) -> list[str]:
    names = ("iteration", "labelled_images", "regions", "labelled_pixels")
    cells = [escape(row.get(name) or "-") for name in names]
    loss, seconds = row.get("held_out_loss"), row.get("seconds")
    return [*cells, f"{float(loss):.3g}" if loss else "-", f"{float(seconds):.0f}" if seconds else "-"]
