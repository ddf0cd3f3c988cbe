"""What `kistdsl localize` does once its options are known."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kistdsl.atomic import atomic_path, write_text
from kistdsl.cli.console import Console
from kistdsl.data.images import list_images, write_png
from kistdsl.diagnostics import InputError
from kistdsl.kist.labelling import count_regions
from kistdsl.kist.localization import Asked, Localization, Localizer, overlay

SUMMARY = "localization.csv"
"""One row an image, beside the maps."""


def run(args: argparse.Namespace) -> int:
    """Localize all images; 0, or 2 when any of them could not be read (the others are done)."""
    console = Console.of(args)
    paths = _distinct_stems(images_of(args.images))
    localizer = Localizer.open(args.run, device=args.device, asked=asked_of(args))
    _make_folder(args.out)
    rows: list[dict[str, Any]] = []
    failed = 0
    with console.progress("localize", len(paths)) as progress:
        for path in paths:
            try:
                row = _one(localizer, path, args)
            except InputError as error:
                console.warn(str(error))
                failed += 1
            else:
                rows.append(row)
                print(json.dumps(row) if args.json else _line(row))
            progress.advance()
    _write_summary(args.out / SUMMARY, rows)
    if failed:
        console.warn(f"{failed} of {len(paths)} images could not be localized")
    return 2 if failed else 0


def asked_of(args: argparse.Namespace) -> Asked:
    """Thresholds from the options of `kistdsl.cli.thresholds`."""
    return Asked(args.threshold, args.sigmas, args.false_alarms, args.false_pixels)


def images_of(arguments: Iterable[Path]) -> list[Path]:
    """Files as they are, folders as the images in them and (where there are none) in their subfolders.

    Raises:
        InputError: something that does not exist, or a folder without images.
    """
    found: list[Path] = []
    for argument in arguments:
        if argument.is_dir():
            inside = list(list_images(argument))
            if not inside:
                inside = [p for d in sorted(argument.iterdir()) if d.is_dir() for p in list_images(d)]
            if not inside:
                raise InputError(f"{argument}: no images in this folder")
            found += inside
        elif argument.exists():
            found.append(argument)
        else:
            raise InputError(f"{argument}: no such file or folder")
    return found


def _distinct_stems(paths: list[Path]) -> list[Path]:
    """The paths, each once; results are named by stem, so two files must not share one.

    Raises:
        InputError: two different files of one stem.
    """
    by_stem: dict[str, Path] = {}
    for path in dict.fromkeys(paths):
        other = by_stem.setdefault(path.stem, path)
        if other != path:
            raise InputError(f"{other} and {path} would both give {path.stem}.npy; localize them apart")
    return list(by_stem.values())


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made: {error.strerror or error}") from error


def _one(localizer: Localizer, path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Localize one image, write its files, and describe it."""
    found = localizer.localize(path, use_filter=not args.no_filter)
    target = args.out / f"{path.stem}.npy"
    with atomic_path(target) as temporary:
        np.save(temporary, found.map)
    write_png(args.out / f"{path.stem}_mask.png", found.mask)
    write_png(args.out / f"{path.stem}_overlay.png", overlay(found))
    return _facts(found, target)


def _facts(found: Localization, target: Path) -> dict[str, Any]:
    height, width = found.map.shape
    row, column = np.unravel_index(int(found.map.argmax()), found.map.shape)
    return {
        "image": str(found.path),
        "width": width,
        "height": height,
        "score": found.score,
        "alarm": found.alarm,
        "margin": found.margin,
        "threshold": found.decision.image,
        "pixel_threshold": found.decision.pixel,
        "anomalous_share": float(found.mask.mean()),
        "regions": count_regions(found.mask),
        "peak_row": int(row),
        "peak_column": int(column),
        "map": str(target),
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['image']}: {'ALARM' if row['alarm'] else 'ok'}, {row['regions']} regions, {row['anomalous_share']:.2%} of the pixels, "
        f"highest {row['score']:.4g} at row {row['peak_row'] + 1}, column {row['peak_column'] + 1}"
    )


def _write_summary(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
