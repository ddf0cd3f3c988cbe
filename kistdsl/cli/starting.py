"""What `kistdsl init` does once its options are known."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from kistdsl.cli.console import Console
from kistdsl.cli.new_rules import measured_names, rule_text
from kistdsl.cli.normal_regions import NormalRegions, choose, measure_normal
from kistdsl.data.images import list_images, read_image
from kistdsl.data.layouts import Line, read_line
from kistdsl.diagnostics import InputError

FOLDERS = ("data/train/good", "data/train/anomalous", "data/test/good", "data/ground_truth")

_LOOKED_AT = 10
"""Images that say whether the line is in colour."""

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
    name = _name(args.name or _answer(asks, "Name of the product", folder.resolve().name))
    images = args.images or _optional_path(_answer(asks, "Folder with normal images (may stay empty)", ""))
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.resolve().parent))
    try:
        _fill(temporary, name, images, console)
        temporary.chmod(0o755)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    console.say(f"{folder}: made; README.md in it says what comes next")
    return 0


def _answer(asks: bool, question: str, default: str) -> str:
    """What is typed, or `default` for nothing; questions go to standard error."""
    if not asks:
        return default
    print(f"{question}{f' [{default}]' if default else ''}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or default


def _name(text: str) -> str:
    if not text.isprintable() or '"' in text or "\\" in text:
        raise InputError(f"{text!r} is no product name: quotes, backslashes and line ends cannot stand in it")
    return text


def _optional_path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _fill(root: Path, name: str, images: Path | None, console: Console) -> None:
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    count = 0 if images is None else _copy(images, root / FOLDERS[0], console)
    normal: NormalRegions | None = None
    colour = False
    if count:
        normal, colour = _measure(read_line(root / "data"), console)
    (root / "rules.kr").write_text(rule_text(name, normal, colour=colour), encoding="utf-8")
    (root / "kistdsl.toml").write_text(CONFIG, encoding="utf-8")
    (root / "README.md").write_text(README.format(name=name, count=count), encoding="utf-8")


def _copy(source: Path, target: Path, console: Console) -> int:
    """Copy all images that can be read; one that cannot is a problem, and all problems are told at once."""
    paths = list_images(source)
    if not paths:
        raise InputError(f"{source}: no images (PNG, JPEG, TIFF, BMP, WebP) here")
    problems = []
    with console.progress("copying", len(paths)) as progress:
        for path in paths:
            try:
                read_image(path)
            except InputError as error:
                problems.append(str(error))
            shutil.copy(path, target / path.name)
            progress.advance()
    if problems:
        raise InputError("\n  ".join([f"{source}: {len(problems)} images cannot be used", *problems]))
    return len(paths)


def _measure(line: Line, console: Console) -> tuple[NormalRegions, bool]:
    """Regions of the normal images, and whether they have colour."""
    items = choose(line.train_good)
    colour = any(read_image(item.path).is_color for item in items[:_LOOKED_AT])
    with console.progress("measuring", len(items)) as progress:
        return measure_normal(items, measured_names(colour=colour), step=progress.advance), colour
