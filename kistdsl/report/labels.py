"""Pseudo-labels of the anomalous training images, and the rules that gave them."""

from __future__ import annotations

from html import escape
from pathlib import PurePosixPath

import numpy as np

from kistdsl.report.contents import Arrays, Contents, Json
from kistdsl.report.html import paragraph, section, table
from kistdsl.report.pictures import DECISION, img, outlined, rgb

MOST = 24
"""Images shown at most."""


def firings(contents: Contents) -> str:
    """How often each rule fires on normal images and on anomalous ones, in the last iteration."""
    if not contents.firings:
        return ""
    last = contents.firings[-1]
    images = contents.config.get("images", {})
    held_out, anomalous = images.get("held_out"), images.get("anomalous")
    rows = [_firing(rule, held_out, anomalous) for rule in last["rules"]]
    head = [
        "rule",
        "normal images",
        "share of their pixels",
        "anomalous images",
        "share of their pixels",
        "",
    ]
    return section(
        "firings",
        "How often each rule fires",
        paragraph(
            "Normal images are those held out from training: a rule that fires on them much more than on the "
            "anomalous ones does not tell the two apart, and is set aside."
        ),
        table(f"Iteration {last['iteration']}.", head, rows),
    )


def _firing(rule: Json, held_out: int | None, anomalous: int | None) -> list[str]:
    return [
        escape(rule["rule"]),
        _of(rule["normal_images"], held_out),
        f"{100 * rule['normal_share']:.3f} %",
        _of(rule["anomalous_images"], anomalous),
        f"{100 * rule['anomalous_share']:.3f} %",
        "set aside" if rule["set_aside"] else "",
    ]


def _of(count: int, total: int | None) -> str:
    return str(count) if total is None else f"{count} of {total}"


def labels(contents: Contents) -> str:
    """The last labels as outlines; with the rule of each where the folder has it."""
    stored = contents.labels
    if stored is None or not len(stored["names"]):
        return ""
    last = stored["last"]
    order = np.argsort(-last.sum((1, 2)), kind="stable")[:MOST].tolist()
    figures = "".join(_figure(contents, stored, i) for i in order)
    labelled = int(last.any((1, 2)).sum())
    more = len(last) - len(order)
    return section(
        "labels",
        "Pseudo-labels",
        paragraph(
            f"{labelled} of {len(last)} anomalous training images carry a label: what the rules take for a defect; "
            "no hand drew it. Outlined in orange, the largest first."
            + (f" {more} more lie in pseudo_labels/." if more else "")
        ),
        f'<div class="labels">{figures}</div>',
    )


def _figure(contents: Contents, stored: Arrays, index: int) -> str:
    name = str(stored["names"][index])
    mask = np.asarray(stored["last"][index], np.bool_)
    share = f"{100 * float(mask.mean()):.2f} %" if mask.any() else "no label"
    by = _rules_of(contents, index)
    picture = img(outlined(rgb(stored["images"][index]), mask, DECISION), f"{name}, pseudo-label {share}{by}")
    return f"<figure>{picture}<figcaption>{escape(PurePosixPath(name).name)}: {share}{escape(by)}</figcaption></figure>"


def _rules_of(contents: Contents, index: int) -> str:
    """The rules that marked this image in any iteration, the one with most pixels first."""
    pixels: dict[str, int] = {}
    for iteration in contents.firings:
        for name, count in iteration["by_image"][index].items() if "by_image" in iteration else ():
            pixels[name] = max(count, pixels.get(name, 0))
    order = sorted(pixels, key=lambda name: -pixels[name])
    return " by " + ", ".join(f"{name} ({pixels[name]} px)" for name in order) if order else ""
