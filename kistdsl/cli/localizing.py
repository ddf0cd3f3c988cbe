"""What `kistdsl localize` does once its options are known."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kistdsl.atomic import atomic_path, write_text
from kistdsl.cli.console import Console, Progress
from kistdsl.cli.watching import watched
from kistdsl.data.images import list_images, write_png
from kistdsl.diagnostics import InputError
from kistdsl.engine.pseudo_labels import ordered_map
from kistdsl.kist.localization import Localization, Localizer, Unreadable
from kistdsl.kist.overlays import overlay, words_of
from kistdsl.kist.thresholds import Asked

SUMMARY = "localization.csv"
"""One row an image, beside the maps."""

_WRITERS = 2
_BY_STEM: Mapping[Path, str] = {}

COLUMNS = (
    *("image", "width", "height", "alarm", "score", "margin", "threshold", "pixel_threshold"),
    *("anomalous_share", "regions", "rules", "peak_row", "peak_column", "map"),
)
"""Of the CSV; a JSON line has `found` beside them, a list of regions."""


def run(args: argparse.Namespace) -> int:
    """Localize all images; 0, or 2 when any of them could not be read (the others are done)."""
    console = Console.of(args)
    _require_apart(args)
    work = _Work(args, console)
    if args.watch:
        return _watch(work)
    names = names_of(args.images)
    paths = list(names)
    work.open(names)
    with console.progress("localize", len(paths)) as progress, work.summary_at_the_end(paths):
        work.do(paths, progress)
    if work.failed:
        console.warn(f"{work.failed} of {len(paths)} images could not be localized")
    return 2 if work.failed else 0


def names_of(arguments: Iterable[Path]) -> dict[Path, str]:
    """Images and what their results are called: files and images of folders by their stem.

    A folder without images stands for its subfolders; their results lie in subfolders of the same names.

    Raises:
        InputError: something that does not exist, a folder without images, or two images of one name.
    """
    names: dict[Path, str] = {}
    for argument in arguments:
        if argument.is_dir():
            names |= _inside(argument)
        elif argument.exists():
            names[argument] = argument.stem
        else:
            raise InputError(f"{argument}: no such file or folder")
    by_name: dict[str, Path] = {}
    for path, name in names.items():
        other = by_name.setdefault(name, path)
        if other != path:
            raise InputError(f"{other} and {path} would both give {name}.npy; localize them apart")
    return names


def _inside(folder: Path) -> dict[Path, str]:
    """The images of a folder, or of its subfolders, with their names."""
    found = {path: path.stem for path in list_images(folder)}
    if not found:
        below = (inner for inner in sorted(folder.iterdir()) if inner.is_dir())
        found = {path: f"{inner.name}/{path.stem}" for inner in below for path in list_images(inner)}
    if not found:
        raise InputError(f"{folder}: no images in this folder")
    return found


def _require_apart(args: argparse.Namespace) -> None:
    """The overlays would be taken for images.

    Raises:
        InputError: --out is a folder that is localized.
    """
    for folder in args.images:
        if folder.is_dir() and folder.resolve() == args.out.resolve():
            raise InputError(f"{args.out}: results would lie among the images; give another --out")


class _Work:
    """One call: the model, and what was done so far."""

    def __init__(self, args: argparse.Namespace, console: Console) -> None:
        self.args, self.console = args, console
        self.rows: dict[Path, dict[str, Any]] = {}
        self.failed = 0
        self._localizer: Localizer | None = None
        self._names: Mapping[Path, str] = {}

    def open(self, names: Mapping[Path, str] = _BY_STEM) -> None:
        """Load the model and make the folders.

        Args:
            names: of the results of images; others are called by their stem.

        Raises:
            InputError: no run, or a folder that cannot be made.
        """
        args = self.args
        asked = Asked(args.threshold, args.sigmas, args.false_alarms, args.false_pixels)
        self._localizer = Localizer.open(args.run, device=args.device, backend=args.backend, asked=asked)
        self._names = names
        try:
            for folder in {args.out, *((args.out / name).parent for name in names.values())}:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{args.out}: cannot be made: {error.strerror or error}") from error

    def do(self, paths: Sequence[Path], progress: Progress) -> None:
        """Localize images, write their files, and tell of each, in order."""
        assert self._localizer is not None
        found = self._localizer.localize_all(paths, batch=self.args.batch, use_filter=not self.args.no_filter)
        for row in ordered_map(self._written, found, _WRITERS):
            if isinstance(row, Unreadable):
                self.console.warn(row.message)
                self.failed += 1
            else:
                print(json.dumps(row) if self.args.json else _line(row), flush=True)
            progress.advance()

    def _written(self, found: Localization | Unreadable) -> dict[str, Any] | Unreadable:
        """The files and the facts of one image."""
        if isinstance(found, Unreadable):
            return found
        out, stem = self.args.out, self._names.get(found.path, found.path.stem)
        target = out / f"{stem}.npy"
        with atomic_path(target) as temporary:
            np.save(temporary, found.map)
        write_png(out / f"{stem}_mask.png", found.mask)
        write_png(out / f"{stem}_overlay.png", overlay(found))
        row = _facts(found, target)
        self.rows[found.path] = row
        return row

    @contextlib.contextmanager
    def summary_at_the_end(self, paths: Sequence[Path]) -> Iterator[None]:
        """Write the CSV of all that was done, also when it is stopped."""
        try:
            yield
        finally:
            if self.rows:
                write_text(self.args.out / SUMMARY, as_csv(self.in_order(paths)))

    def in_order(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """Rows of what was done, as the images were given (writers end in any order)."""
        return [self.rows[path] for path in paths if path in self.rows]


def as_csv(rows: Iterable[dict[str, Any]], *, head: bool = True) -> str:
    """Rows as CSV; the list of regions is in the JSON line alone."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    if head:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _facts(found: Localization, target: Path) -> dict[str, Any]:
    height, width = found.map.shape
    row, column = np.unravel_index(int(found.map.argmax()), found.map.shape)
    regions = [_region(found, i) for i in range(len(found.regions))]
    return {
        "image": str(found.path),
        "width": width,
        "height": height,
        "alarm": found.alarm,
        "score": found.score,
        "margin": found.margin,
        "threshold": found.decision.image,
        "pixel_threshold": found.decision.pixel,
        "anomalous_share": float(found.mask.mean()),
        "regions": len(regions),
        "rules": " ".join(sorted({region["rule"] for region in regions if region["rule"]})),
        "peak_row": int(row),
        "peak_column": int(column),
        "map": str(target),
        "found": regions,
    }


def _region(found: Localization, number: int) -> dict[str, Any]:
    region = found.regions[number]
    return {
        "top": region.top,
        "left": region.left,
        "bottom": region.bottom,
        "right": region.right,
        "pixels": region.pixels,
        "rule": region.rule,
        "grade": region.grade,
        "words": words_of(found, region),
    }


def _line(row: dict[str, Any]) -> str:
    rules = f" ({row['rules'].replace(' ', ', ')})" if row["rules"] else ""
    return (
        f"{row['image']}: {'ALARM' if row['alarm'] else 'ok'}, {row['margin']:.2f} of the threshold, "
        f"{row['regions']} regions{rules}, {row['anomalous_share']:.2%} of the pixels, "
        f"highest {row['score']:.4g} at row {row['peak_row'] + 1}, column {row['peak_column'] + 1}"
    )


# ---- watching


def _watch(work: _Work) -> int:
    """Go on until Ctrl-C or SIGTERM: 0, the CSV has a row for each image that was done."""
    args, console = work.args, work.console
    for folder in args.images:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; --watch takes folders")
    work.open()
    path = args.out / SUMMARY
    _require_same_columns(path)
    console.say(f"watching {', '.join(map(str, args.images))}; stop with Ctrl-C")
    count = 0
    try:
        _terminate_like_ctrl_c()
        with console.progress("localize") as progress:
            for paths in watched(args.images, lambda image: _is_done(image, args.out)):
                try:
                    work.do(paths, progress)
                finally:
                    count += len(work.rows)
                    _append(path, work.in_order(paths))
                    work.rows.clear()
    except KeyboardInterrupt:
        failed = f", {work.failed} could not be read" if work.failed else ""
        console.say(f"stopped; {count} images localized{failed}: {path}")
    return 0


def _terminate_like_ctrl_c() -> None:
    """A service that is stopped ends as a person would end it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _is_done(image: Path, out: Path) -> bool:
    """Whether its map is there and as new as it."""
    with contextlib.suppress(OSError):
        return (out / f"{image.stem}.npy").stat().st_mtime_ns >= image.stat().st_mtime_ns
    return False


def _append(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    text = as_csv(rows, head=not path.exists())
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)


def _require_same_columns(path: Path) -> None:
    """Rows are added to the CSV of an earlier call.

    Raises:
        InputError: it has other columns.
    """
    if not path.exists():
        return
    head = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    if head != list(COLUMNS):
        raise InputError(f"{path}: has other columns than this version writes; move it away")
