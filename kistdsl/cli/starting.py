"""What `kistdsl init` does once its options are known."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from kistdsl.cli.console import Console
from kistdsl.cli.new_rules import measured_names, rule_text
from kistdsl.cli.normal_regions import NormalRegions, choose, counted, measure_normal
from kistdsl.data.images import list_images, read_image
from kistdsl.data.layouts import Line, read_line
from kistdsl.diagnostics import InputError

FOLDERS = ("data/train/good", "data/train/anomalous", "data/test/good", "data/ground_truth")

_ENOUGH = 20
"""Normal images below which what is measured is said to rest on little."""

_COLOURED = 1e-3
"""Chroma that one region in a hundred has where images have colour, and are not gray ones saved as RGB."""

T = TypeVar("T")

CONFIG = """\
# Settings of `kistdsl train --config kistdsl.toml`; any of them can also be given as --set name=value.
seed = 0
size = 128  # pixels a side to which images are scaled; 256 finds smaller defects and takes four times as long
"""

README = """\
# {name}

1. Put images into `data`:
   - `data/train/good`: normal images (100 or more; {count} so far);
   - `data/train/anomalous`: images known to hold a defect, nothing drawn in (one for each 20 normal ones is plenty);
   - to measure how well it works: `data/test/good`, `data/test/<defect>`, and masks
     `data/ground_truth/<defect>/<stem>_mask.png` (white on the defect).
2. Write down what a defect looks like in `rules.kr`, then `kistdsl check rules.kr`.
3. `kistdsl suggest --data data` compares the rules with what stands out on the normal images.
4. `kistdsl train --data data --rules rules.kr --config kistdsl.toml --out run`
5. `kistdsl localize run IMAGE_OR_DIR --out found`
"""


def run(args: argparse.Namespace) -> int:
    """Make the folder; exit code 0."""
    console = Console.of(args)
    folder: Path = args.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists already; a new line needs a new or empty folder")
    asks = not args.no_questions and sys.stdin.isatty()
    name = (
        _name(args.name) if args.name else _answer(asks, "Name of the product", folder.resolve().name, _name)
    )
    images = args.images or _answer(asks, "Folder with normal images (may stay empty)", "", _source)
    made = folder.resolve()
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{made.name}.", dir=made.parent))
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from error
    try:
        _fill(temporary, name, images, console)
        made.mkdir(exist_ok=True)
        for entry in temporary.iterdir():  # one by one: a folder that somebody stands in cannot be replaced
            entry.replace(made / entry.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    console.say(f"{folder}: made; README.md in it says what comes next")
    return 0


def _answer(asks: bool, question: str, default: str, accept: Callable[[str], T]) -> T:
    """What is typed, or `default` for nothing, once `accept` takes it; questions go to standard error."""
    while asks:
        print(f"{question}{f' [{default}]' if default else ''}: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        try:
            return accept(line.strip() or default)
        except InputError as error:
            if not line:  # nobody answers any more
                raise
            print(error.report(), file=sys.stderr)
    return accept(default)


def _name(text: str) -> str:
    if not text.isprintable() or '"' in text or "\\" in text:
        raise InputError(f"{text!r} is no product name: quotes, backslashes and line ends cannot stand in it")
    return text


def _source(text: str) -> Path | None:
    """A folder that holds images, or None for an empty answer; a terminal puts quotes around what is dropped on it."""
    if not text:
        return None
    folder = Path(text.strip("'\"")).expanduser()
    _images_in(folder)
    return folder


def _images_in(folder: Path) -> tuple[Path, ...]:
    paths = list_images(folder)
    if not paths:
        raise InputError(f"{folder}: no images (PNG, JPEG, TIFF, BMP, WebP) here")
    return paths


def _fill(root: Path, name: str, images: Path | None, console: Console) -> None:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    count = 0 if images is None else _copy(images, root / FOLDERS[0], console)
    normal: NormalRegions | None = None
    colour = False
    if images is not None:
        normal, colour = _measure(read_line(root / "data"), images, console)
    (root / "rules.kr").write_text(rule_text(name, normal, colour=colour), encoding="utf-8")
    (root / "kistdsl.toml").write_text(CONFIG, encoding="utf-8")
    (root / "README.md").write_text(README.format(name=name, count=count), encoding="utf-8")


def _copy(source: Path, target: Path, console: Console) -> int:
    """Copy all images that can be read; one that cannot is a problem, and all problems are told at once."""
    paths = _images_in(source)
    problems = []
    stems: dict[str, Path] = {}
    with console.progress("copying", len(paths)) as progress:
        for path in paths:
            namesake = stems.setdefault(path.stem, path)
            if namesake != path:
                problems.append(f"{path}: {namesake.name} has the same name; maps and masks are filed by it")
            try:
                read_image(path)
            except InputError as error:
                problems.append(str(error))
            shutil.copyfile(path, target / path.name)
            progress.advance()
    if problems:
        head = f"{source}: {counted(len(problems), 'image')} cannot be used"
        raise InputError("\n  ".join([head, *problems]))
    return len(paths)


def _measure(line: Line, images: Path, console: Console) -> tuple[NormalRegions, bool]:
    """Regions of the normal images, and whether they have colour."""
    items = choose(line.train_good)
    if len(items) < _ENOUGH:
        console.warn(
            f"only {counted(len(items), 'normal image')}: the terms in rules.kr rest on very little; "
            f"start anew with {_ENOUGH} or more"
        )
    with console.progress("measuring", 2 * len(items), "steps") as progress:
        normal = measure_normal(items, measured_names(), images, step=progress.advance)
    colour = float(np.quantile(normal.columns["chroma"], 0.99)) >= _COLOURED
    return normal, colour
