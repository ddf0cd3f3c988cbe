"""Images with their residuals, as `label`, `regions` and `audit` take them: pairing, reading, thresholds."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kistdsl.cli.region_options import MapSetting
from kistdsl.data.images import list_images, read_image
from kistdsl.data.maps import read_map
from kistdsl.diagnostics import InputError
from kistdsl.regions.maps import RESIDUAL, CandidateMap, map_values
from kistdsl.regions.picture import Picture


@dataclass(frozen=True, slots=True)
class Pair:
    """An image file and its residual file."""

    image: Path
    residual: Path

    @property
    def stem(self) -> str:
        return self.image.stem

    def picture(self) -> Picture:
        """Read both.

        Raises:
            InputError: a file is missing or corrupt, sizes differ, NaN; names the file.
        """
        image = read_image(self.image)
        if not self.residual.exists():
            raise InputError(f"{self.image}: no residual {self.residual}")
        residual = read_map(self.residual)
        pixels = image.pixels if image.is_color else None
        return Picture.of(image.gray(), residual, image=pixels, name=str(self.image))


def pairs(images: Path, residuals: Path) -> list[Pair]:
    """Each image of a folder with `<stem>.npy` of another one (which need not exist yet).

    Raises:
        InputError: a folder is missing or holds no images, or two images have the same stem.
    """
    found = list_images(images)
    if not found:
        raise InputError(f"{images}: no images here")
    if not residuals.is_dir():
        raise InputError(f"{residuals}: no such folder")
    by_name: dict[str, Path] = {}
    for path in found:
        if path.stem in by_name:
            raise InputError(
                f"{path}: another image of the name {path.stem!r} exists: {by_name[path.stem].name}"
            )
        by_name[path.stem] = path
    return [Pair(path, residuals / f"{stem}.npy") for stem, path in by_name.items()]


def candidate_maps(args: argparse.Namespace, known: Sequence[Pair]) -> list[CandidateMap]:
    """The maps that `--maps`, `--mu`, `--sigma` and `--step` name, measured where no figures are given.

    Raises:
        InputError: only one of mu and sigma, or figures that give no thresholds.
    """
    if (args.mu is None) != (args.sigma is None):
        raise InputError("give both --mu and --sigma, or neither to measure them on the residuals given")
    settings = [
        MapSetting(s.name, (args.mu, args.sigma))
        if s.name == RESIDUAL and s.spread is None and args.mu is not None
        else s
        for s in args.maps
    ]
    measured = _spreads([s.name for s in settings if s.spread is None], known)
    spreads = [s.spread or measured[s.name] for s in settings]
    return [
        CandidateMap.by_spread(s.name, mu, sigma, args.step)
        for s, (mu, sigma) in zip(settings, spreads, strict=True)
    ]


def _spreads(names: Sequence[str], known: Iterable[Pair]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of maps over all pixels of the images that can be read."""
    sums = {name: _Sums() for name in names}
    for pair in known if names else ():
        try:
            picture = pair.picture()
            values = {name: map_values(name, picture) for name in names}
        except InputError:
            continue  # named when its turn comes to be labelled
        for name, array in values.items():
            sums[name].add(array)
    return {name: total.result() for name, total in sums.items()}


class _Sums:
    """Mean and deviation of arrays as they come (Chan's update)."""

    def __init__(self) -> None:
        self.n, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: NDArray[np.floating]) -> None:
        n, mean = values.size, float(values.mean(dtype=np.float64))
        squares = float(values.var(dtype=np.float64)) * n
        total, shift = self.n + n, mean - self.mean
        self.squares += squares + shift * shift * self.n * n / total
        self.mean += shift * n / total
        self.n = total

    def result(self) -> tuple[float, float]:
        return self.mean, sqrt(self.squares / max(self.n, 1))


def pictures(known: Iterable[Pair], failures: list[str]) -> Iterator[tuple[Pair, Picture]]:
    """Read one pair after the other; what cannot be read is added to the failures and left out."""
    for pair in known:
        try:
            yield pair, pair.picture()
        except InputError as error:
            failures.append(str(error))
