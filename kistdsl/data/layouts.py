"""Product lines on disk: the layouts as they are downloaded, read into one `Line`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kistdsl.data.images import by_stem, list_images, read_mask
from kistdsl.data.splits import Exposure, choose_anomalous, exposure, joined, split, tiles
from kistdsl.diagnostics import InputError

GOOD = "good"
"""The class of normal images."""

ANOMALOUS = "anomalous"
"""The class of images that are known to hold a defect, kind and place unknown."""


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a line.

    Attributes:
        name: its path relative to the line's folder, with forward slashes.
        path: the file.
        defect: "good", "anomalous" (weak label), or the defect type.
        group: images that show the same piece share it (the exposures of one magnetic tile).
        mask: the ground truth, of test images only; None for normal ones and where there is none.
    """

    name: str
    path: Path
    defect: str
    group: str
    mask: Path | None = None

    @property
    def is_anomalous(self) -> bool:
        return self.defect != GOOD


@dataclass(frozen=True, slots=True)
class Line:
    """A product line: what trains, with image-level labels only, and what tests.

    Attributes:
        root: the folder.
        layout: "mvtec", "mtd", "kolektorsdd2" or "plain".
        train_good: normal images.
        train_anomalous: weakly labelled images; empty where there are none. No mask is ever given.
        test: normal and anomalous images; empty where there is no test set.
        stray_masks: ground truth that belongs to no image (a problem, see `checks`).
        ceiling_masks: ground truth of weakly labelled images, by name, where a split had to move test
            images into training. Nothing may learn from it but the control `true-masks`, which shows how
            much perfect labels would bring.
        notes: what was done in reading the layout (a split made, images left out).
    """

    root: Path
    layout: str
    train_good: tuple[Item, ...]
    train_anomalous: tuple[Item, ...] = ()
    test: tuple[Item, ...] = ()
    stray_masks: tuple[Path, ...] = ()
    ceiling_masks: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def defects(self) -> tuple[str, ...]:
        """The defect types of the test set, sorted."""
        return tuple(sorted({item.defect for item in self.test if item.is_anomalous}))

    @property
    def missing(self) -> tuple[str, ...]:
        """What the line lacks and what follows from it, in sentences; empty for a complete line."""
        lacks = []
        if not self.train_anomalous:
            lacks.append("no anomalous training images (train/anomalous): only the baseline can be trained")
        if not self.test:
            lacks.append("no test set (test/good, test/<defect>): nothing can be evaluated")
        elif not any(item.mask for item in self.test):
            lacks.append("no masks (ground_truth/<defect>): no pixel figures can be given")
        elif not any(not item.is_anomalous for item in self.test):
            lacks.append("no normal test images (test/good): no image AUROC can be given")
        return tuple(lacks)


def read_line(root: str | os.PathLike[str], *, seed: int = 0) -> Line:
    """Read a product line in any of the known layouts.

    - MVTec AD: `train/good`, `train/anomalous`, `test/good`, `test/<defect>`,
      `ground_truth/<defect>/<stem>_mask.png`. As downloaded it has no `train/anomalous`: then one test image
      for each 20 normal ones moves there.
    - MTD: `MT_Free/Imgs`, `MT_<Defect>/Imgs` with `*.jpg` and the mask `*.png` beside it; split by tile.
    - KolektorSDD2: `train|test/<id>.png` and `<id>_GT.png`; its own test set, one anomalous training image for
      each 20 normal ones.
    - plain: `good/` and `<defect>/` folders (masks in `ground_truth/<defect>` or beside the images as
      `<stem>_mask.png`), or a folder of nothing but normal images.

    Args:
        root: the line's folder.
        seed: for the split, where the layout has none. The same seed gives the same split.

    Raises:
        InputError: no folder, no known layout, or no normal training image; the message says what is expected.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    for recognises, read in _READERS:
        if recognises(folder):
            line = read(folder, seed)
            if not line.train_good:
                where = (
                    f"; put them into {folder / 'train' / 'good'}"
                    if (folder / "train" / "good").is_dir()
                    else ""
                )
                raise InputError(f"{folder}: no normal training images in this {line.layout} layout{where}")
            return line
    several = [entry.name for entry in sorted(folder.iterdir()) if (entry / "train" / GOOD).is_dir()]
    if several:
        raise InputError(f"{folder}: holds several product lines ({', '.join(several)}); name one of them")
    raise InputError(
        f"{folder}: no product line found; expected train/good (MVTec AD), MT_*/Imgs (MTD), "
        "train/<id>_GT.png (KolektorSDD2), or folders good and <defect>"
    )


# ---- MVTec AD


def _is_mvtec(root: Path) -> bool:
    return (root / "train" / GOOD).is_dir()


def _read_mvtec(root: Path, seed: int) -> Line:
    weak = root / "train" / ANOMALOUS
    train_good = _items(root, root / "train" / GOOD, GOOD)
    line = Line(root, "mvtec", train_good, _items(root, weak, ANOMALOUS) if weak.is_dir() else ())
    line = _with_test(line, root / "test", root / "ground_truth")
    return line if weak.is_dir() else _moved_to_training(line, seed)


def _with_test(line: Line, images: Path, masks: Path) -> Line:
    """`line` with the test images of the folders in `images`, and their masks."""
    test: list[Item] = []
    for folder in _folders(images):
        test.extend(_items(line.root, folder, folder.name))
    found: dict[tuple[str, str], Path] = {}
    for folder in _folders(masks):
        if folder.name != GOOD:
            found.update(((folder.name, stem), path) for stem, path in by_stem(list_images(folder)).items())
    masked = tuple(
        replace(item, mask=found.pop((item.defect, item.path.stem), None)) if item.is_anomalous else item
        for item in test
    )
    return replace(line, test=masked, stray_masks=tuple(found.values()))


def _moved_to_training(line: Line, seed: int) -> Line:
    """Anomalous test images become weakly labelled ones, for data that comes without any."""
    anomalous = [item for item in line.test if item.is_anomalous]
    if not anomalous:
        return line
    groups: dict[str, list[str]] = {}
    for item in anomalous:
        groups.setdefault(item.group, []).append(item.name)
    names = frozenset(item.name for item in anomalous)
    rng = np.random.default_rng(seed)
    chosen = choose_anomalous(sorted(groups.values()), names, len(line.train_good), rng)
    moved = {name for group in chosen for name in group}
    note = (
        f"no train/anomalous: {len(moved)} anomalous test images (seed {seed}) serve as weakly labelled "
        "training images and are left out of the test"
    )
    weak, masks = _weakly(item for item in anomalous if item.name in moved)
    kept = tuple(item for item in line.test if item.name not in moved)
    return replace(line, train_anomalous=weak, test=kept, ceiling_masks=masks, notes=(*line.notes, note))


def _weakly(items: Iterable[Item]) -> tuple[tuple[Item, ...], dict[str, Path]]:
    """Anomalous images with nothing but the image-level label; their masks apart."""
    found = tuple(items)
    masks = {item.name: item.mask for item in found if item.mask is not None}
    return tuple(replace(item, defect=ANOMALOUS, mask=None) for item in found), masks


# ---- MTD


def _is_mtd(root: Path) -> bool:
    return any(root.glob("MT_*/Imgs"))


def _read_mtd(root: Path, seed: int) -> Line:
    items: list[Item] = []
    stray: list[Path] = []
    for folder in sorted(root.glob("MT_*/Imgs")):
        defect = folder.parent.name.removeprefix("MT_").lower()
        defect = GOOD if defect == "free" else defect
        files = list_images(folder)
        masks = by_stem(path for path in files if path.suffix.lower() == ".png")
        photographs = [path for path in files if path.suffix.lower() != ".png"]
        for path in photographs:
            mask = masks.pop(path.stem, None)
            items.append(Item(_name(root, path), path, defect, "", mask if defect != GOOD else None))
        stray.extend(masks.values())
    return replace(_split_line(root, "mtd", items, seed), stray_masks=tuple(stray))


# ---- KolektorSDD2


_KOLEKTOR_MASK = "_GT"


def _is_kolektor(root: Path) -> bool:
    return any((root / "train").glob(f"*{_KOLEKTOR_MASK}.png"))


def _read_kolektor(root: Path, seed: int) -> Line:
    train, *of_train = _kolektor_items(root, root / "train")
    test, *of_test = _kolektor_items(root, root / "test")
    good = tuple(item for item in train if not item.is_anomalous)
    bad = {item.name: item for item in train if item.is_anomalous}
    rng = np.random.default_rng(seed)
    groups = [[name] for name in sorted(bad)]
    chosen = choose_anomalous(groups, frozenset(bad), len(good), rng) if bad else []
    weak, masks = _weakly(bad[group[0]] for group in chosen)
    left = len(bad) - len(weak)
    notes = (
        [f"{left} of {len(bad)} anomalous training images are left out (seed {seed}, 20 : 1)"] if left else []
    )
    stray, bare = ((*one, *other) for one, other in zip(of_train, of_test, strict=True))
    if bare:
        some = ", ".join(_name(root, path) for path in bare[:5]) + (", ..." if len(bare) > 5 else "")
        notes.append(f"{len(bare)} images without {_KOLEKTOR_MASK}.png ({some}) are taken for normal ones")
    return Line(root, "kolektorsdd2", good, weak, test, stray, masks, tuple(notes))


def _kolektor_items(root: Path, folder: Path) -> tuple[tuple[Item, ...], tuple[Path, ...], tuple[Path, ...]]:
    """Images of one folder, masks without image, images without mask; anomalous is whose mask has a set pixel."""
    if not folder.is_dir():
        return (), (), ()
    files = list_images(folder)
    masks = {p.stem.removesuffix(_KOLEKTOR_MASK): p for p in files if p.stem.endswith(_KOLEKTOR_MASK)}
    items, bare = [], []
    for path in files:
        if not path.stem.endswith(_KOLEKTOR_MASK):
            mask = masks.pop(path.stem, None)
            if mask is None:
                bare.append(path)
            anomalous = mask is not None and _marks(mask)
            name = _name(root, path)
            items.append(Item(name, path, "defect" if anomalous else GOOD, name, mask if anomalous else None))
    return tuple(items), tuple(masks.values()), tuple(bare)


def _marks(mask: Path) -> bool:
    """Whether a mask has a set pixel; one that cannot be read counts as such, and is reported with all else."""
    try:
        return bool(read_mask(mask).pixels.any())
    except InputError:
        return True


# ---- plain


def _is_plain(root: Path) -> bool:
    return (root / GOOD).is_dir() or bool(list_images(root))


def _read_plain(root: Path, seed: int) -> Line:
    if not (root / GOOD).is_dir():
        return Line(root, "plain", _items(root, root, GOOD))
    items: list[Item] = []
    stray: list[Path] = []
    for folder in _folders(root):
        if folder.name == "ground_truth":
            continue
        files = list_images(folder)
        beside = [path for path in files if path.stem.endswith("_mask")]
        truth = root / "ground_truth" / folder.name
        masks = by_stem([*beside, *(list_images(truth) if truth.is_dir() else ())])
        for path in files:
            if path not in beside:
                mask = masks.pop(path.stem, None)
                items.append(
                    Item(_name(root, path), path, folder.name, "", mask if folder.name != GOOD else None)
                )
        stray.extend(masks.values())
    return replace(_split_line(root, "plain", items, seed), stray_masks=tuple(stray))


# ---- shared


def _split_line(root: Path, layout: str, items: Sequence[Item], seed: int) -> Line:
    """A line from images without a split of their own."""
    grouped = with_groups(items)
    groups: dict[str, list[str]] = {}
    for item in grouped:
        groups.setdefault(item.group, []).append(item.name)
    chosen = split(list(groups.values()), frozenset(i.name for i in grouped if i.is_anomalous), seed)
    in_training = chosen.train_good | chosen.train_anomalous
    weak, masks = _weakly(item for item in grouped if item.name in chosen.train_anomalous)
    return Line(
        root,
        layout,
        tuple(item for item in grouped if item.name in chosen.train_good),
        weak,
        tuple(item for item in grouped if item.name not in in_training),
        ceiling_masks=masks,
        notes=(f"split by group at 20 normal : 1 anomalous in training (seed {seed})",),
    )


def with_groups(items: Iterable[Item]) -> tuple[Item, ...]:
    """`items` with their group: the tile where names say the exposure, else each image by itself."""
    items = tuple(items)
    by_class: dict[str, list[Exposure]] = {}
    group_of = {item.name: item.name for item in items}
    for item in items:
        shot = exposure(item.path.stem, item.name)
        if shot:
            by_class.setdefault(item.defect, []).append(shot)
    found = [tile for shots in by_class.values() for tile in tiles(shots)]
    for tile in joined(found):
        group_of.update((shot.key, tile[0].key) for shot in tile)
    return tuple(replace(item, group=group_of[item.name]) for item in items)


def _items(root: Path, folder: Path, defect: str) -> tuple[Item, ...]:
    return with_groups(Item(_name(root, path), path, defect, "") for path in list_images(folder))


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


_READERS: tuple[tuple[Callable[[Path], bool], Callable[[Path, int], Line]], ...] = (
    (_is_mtd, _read_mtd),
    (_is_kolektor, _read_kolektor),
    (_is_mvtec, _read_mvtec),
    (_is_plain, _read_plain),
)
"""Each layout: how it is recognised, how it is read; the first that is recognised counts."""
