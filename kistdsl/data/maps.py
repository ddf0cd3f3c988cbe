"""Stored anomaly maps and residuals (`<stem>.npy`), and their pairing with masks."""

from __future__ import annotations

import os
import tokenize
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kistdsl.data.images import by_stem, list_images
from kistdsl.data.layouts import ANOMALOUS, GOOD, Item, with_groups
from kistdsl.diagnostics import InputError

_LISTED = 10

_DAMAGED = (ValueError, EOFError, SyntaxError, MemoryError, zipfile.BadZipFile, tokenize.TokenError)
"""What NumPy raises at a file that is none of its own, or whose header claims what is not there."""


def read_map(path: str | os.PathLike[str]) -> NDArray[Any]:
    """An anomaly map or residual.

    Args:
        path: a `.npy` file that holds one (H, W) array of real numbers.

    Returns:
        (H, W) as stored (floating, or integers).

    Raises:
        InputError: missing, no `.npy` file, truncated, or of another shape or kind; it names the file.
    """
    try:
        with Path(path).open("rb") as file:  # NumPy leaves the file of a damaged archive open
            array: NDArray[Any] = np.load(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _DAMAGED as error:
        raise InputError(f"{path}: not a whole .npy file of numbers ({_damage(Path(path))})") from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "fiu":
        shape = getattr(array, "shape", None)
        kind = getattr(array, "dtype", type(array).__name__)
        raise InputError(f"{path}: (rows, columns) of real numbers are needed, this is {shape} of {kind}")
    return array


def _damage(path: Path) -> str:
    """What is wrong with a file that NumPy does not load; its own words advise to trust pickled data."""
    data = path.read_bytes()
    if not data:
        return "it is empty"
    if not data.startswith(b"\x93NUMPY"):
        return "it is of another format"
    return "it holds Python objects" if b"'|O'" in data[:256] else "it is cut short"


def pair_maps(
    maps: str | os.PathLike[str],
    masks: str | os.PathLike[str],
    normal_maps: str | os.PathLike[str] | None = None,
) -> tuple[Item, ...]:
    """Anomaly maps with their masks.

    Maps `<stem>.npy` and masks `<stem>_mask.png` (or `<stem>.png`) lie directly in their folders or in
    subfolders named by defect type; maps in a subfolder `good` and all of `normal_maps` are normal.

    Returns:
        Items whose `path` is the map; `defect` is the subfolder's name, or "anomalous" without one.

    Raises:
        InputError: a folder without maps; every map without a mask and every mask without a map, in one message.
    """
    root = Path(maps)
    found = _map_items(root)
    if not found:
        raise InputError(f"{root}: no anomaly maps (<stem>.npy) here")
    truth = _masks(Path(masks))
    paired: list[Item] = []
    problems: list[str] = []
    for item in found:
        if item.defect == GOOD:
            paired.append(item)
            continue
        kind, mask = _take_mask(item, truth)
        if mask is None:
            problems.append(f"{item.path}: no mask {item.path.stem}_mask.png in {masks}")
        paired.append(replace(item, mask=mask, defect=kind))
    problems.extend(f"{path}: no anomaly map {stem}.npy in {maps}" for (_, stem), path in truth.items())
    if problems:
        raise InputError(_summary(problems))
    normal = [replace(item, defect=GOOD) for item in _map_items(Path(normal_maps))] if normal_maps else []
    if normal_maps and not normal:
        raise InputError(f"{normal_maps}: no anomaly maps (<stem>.npy) here")
    return with_groups([*paired, *normal])


def _map_items(root: Path) -> list[Item]:
    """`<stem>.npy` directly in `root` and in its subfolders, in order of their names."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    flat = sorted(root.glob("*.npy"))
    nested = sorted(root.glob("*/*.npy"))
    return [
        Item(
            path.relative_to(root.parent).as_posix(),
            path,
            ANOMALOUS if path.parent == root else path.parent.name,
            "",
        )
        for path in [*flat, *nested]
    ]


def _masks(root: Path) -> dict[tuple[str, str], Path]:
    """Masks by (defect type, stem); the type is "anomalous" for those directly in `root`."""
    found = {(ANOMALOUS, stem): path for stem, path in by_stem(list_images(root)).items()}
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir() and entry.name != GOOD):
        found.update(((folder.name, stem), path) for stem, path in by_stem(list_images(folder)).items())
    return found


def _take_mask(item: Item, truth: dict[tuple[str, str], Path]) -> tuple[str, Path | None]:
    """Remove and return the mask of `item` and the more telling defect type of the two.

    Raises:
        InputError: the map lies in no subfolder, and several types have a mask of its name.
    """
    stem = item.path.stem
    keys = [key for key in ((item.defect, stem), (ANOMALOUS, stem)) if key in truth]
    if not keys and item.defect == ANOMALOUS:
        keys = [key for key in truth if key[1] == stem]
        if len(keys) > 1:
            names = ", ".join(str(truth[key]) for key in keys)
            raise InputError(f"{item.path}: which mask is meant? {names}; put maps into subfolders too")
    if not keys:
        return item.defect, None
    kind = keys[0][0] if item.defect == ANOMALOUS else item.defect
    return kind, truth.pop(keys[0])


def _summary(problems: list[str]) -> str:
    more = f"\n  and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
    listed = "\n  ".join(problems[:_LISTED])
    return f"{len(problems)} anomaly maps or masks without a partner\n  {listed}{more}"
