"""Pseudo-labels of the anomalous training images, and the rules that gave them."""

from __future__ import annotations

from html import escape
from pathlib import PurePosixPath

import numpy as np

from kistdsl.report.contents import Arrays, Contents, Json
from kistdsl.report.html import paragraph, section, table
from kistdsl.report.pictures import DECISION, Mask, img, outlined, rgb
from kistdsl.report.rule_marks import Mark, marks_of
from kistdsl.report.rule_outlines import outlined_by_rule

MOST = 24
"""Images shown at most."""


def firings(contents: Contents) -> str:
    """How often each rule fires on normal images and on anomalous ones, in the last iteration."""
    if not contents.firings:
        return ""
    last = contents.firings[-1]
    images = contents.config.get("images", {})
    held_out, anomalous = images.get("held_out"), images.get("anomalous")
    marks = marks_of(contents)
    rows = [_firing(rule, marks[rule["rule"]], held_out, anomalous) for rule in last["rules"]]
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


def _firing(rule: Json, mark: Mark, held_out: int | None, anomalous: int | None) -> list[str]:
    return [
        mark.html,
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
            f"no hand drew it. {_how_drawn(stored)}, the images with the largest labels first."
            + (f" {more} more lie in pseudo_labels/." if more else "")
        ),
        _legend(contents, stored),
        f'<div class="labels">{figures}</div>',
    )


def _how_drawn(stored: Arrays) -> str:
    if "parts" not in stored:
        return "Outlined in orange"
    return "What each rule gave is outlined in its colour, with its number; where outlines coincide, colours take turns"


def _legend(contents: Contents, stored: Arrays) -> str:
    """The rules that gave a part of the labels."""
    if "parts" not in stored:
        return ""
    marks = marks_of(contents)
    given = np.bitwise_or.reduce(stored["parts"].reshape(-1, stored["parts"].shape[-1]))
    there = np.unpackbits(given, count=len(stored["rules"]))
    names = [str(name) for name, any_pixel in zip(stored["rules"], there, strict=True) if any_pixel]
    items = "".join(f"<li>{marks[name].html}</li>" for name in names)
    return f'<ul class="marks" aria-label="rules that gave labels">{items}</ul>' if items else ""


def _figure(contents: Contents, stored: Arrays, index: int) -> str:
    name = str(stored["names"][index])
    mask = np.asarray(stored["last"][index], np.bool_)
    share = f"{100 * float(mask.mean()):.2f} %" if mask.any() else "no label"
    marks, image = marks_of(contents), rgb(stored["images"][index])
    parts = _parts(stored, index)
    if parts:
        drawn = outlined_by_rule(image, [(marks[rule], part) for rule, part in parts.items()])
        pixels = {rule: int(part.sum()) for rule, part in parts.items()}
    else:
        drawn, pixels = outlined(image, mask, DECISION), _counted(contents, index)
    said = ", ".join(f"{marks[rule].words} ({count} px)" for rule, count in pixels.items())
    shown = " ".join(
        f'<span class="whole">{marks[rule].html} ({count} px)</span>' for rule, count in pixels.items()
    )
    picture = img(drawn, f"{name}, pseudo-label {share}{' by ' if said else ''}{said}")
    caption = f"{escape(PurePosixPath(name).name)}: {share}{' by ' if shown else ''}{shown}"
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _parts(stored: Arrays, index: int) -> dict[str, Mask]:
    """What each rule gave of an image's label, the largest first; empty where the run does not say."""
    if "parts" not in stored:
        return {}
    layers = np.unpackbits(stored["parts"][index], axis=-1, count=len(stored["rules"])).astype(np.bool_)
    found = {str(name): layers[..., i] for i, name in enumerate(stored["rules"]) if layers[..., i].any()}
    return dict(sorted(found.items(), key=lambda entry: -int(entry[1].sum())))


def _counted(contents: Contents, index: int) -> dict[str, int]:
    """Pixels of the rules that marked this image in any iteration, the one with most first."""
    pixels: dict[str, int] = {}
    for iteration in contents.firings:
        for name, count in iteration["by_image"][index].items() if "by_image" in iteration else ():
            pixels[name] = max(count, pixels.get(name, 0))
    return dict(sorted(pixels.items(), key=lambda entry: -entry[1]))
