"""Writes `docs/properties.md` and its pictures from the declarations and from measured shapes.

    python docs/make_properties.py [--check]

With `--check` nothing is written; exit code 1 when a file is not what it would be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kistdsl.regions.picture import Picture
from kistdsl.regions.properties import PROPERTIES
from kistdsl.regions.region import Region
from kistdsl.schema import BUILTIN, ColumnSpec

HERE = Path(__file__).resolve().parent
CELL, GAP, CAPTION = 5, 14, 30

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Example = tuple[str, Mask, Levels]
"""Caption, region, and the image: (H, W) gray or (H, W, 3) RGB."""


def disc(size: int = 21, radius: float = 8.0, inner: float = -1.0) -> Mask:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    r2 = y * y + x * x
    mask: Mask = (r2 <= radius * radius) & (r2 > inner * abs(inner))
    return mask


def box(height: int, width: int, size: int = 21, top: int | None = None, left: int | None = None) -> Mask:
    mask = np.zeros((size, size), np.bool_)
    top = (size - height) // 2 if top is None else top
    left = (size - width) // 2 if left is None else left
    mask[top : top + height, left : left + width] = True
    return mask


def ell() -> Mask:
    return box(15, 4, left=3, top=3) | box(4, 15, left=3, top=14)


def falling(rising: bool = False) -> Mask:
    y, x = np.mgrid[:21, :21]
    line: Mask = (np.abs((20 - x if rising else x) - y) <= 1) & (np.abs(x - 10) <= 7)
    return line


SHAPES: dict[str, Mask] = {
    "disc": disc(),
    "square": box(13, 13),
    "2:1": box(7, 14),
    "line": box(1, 17),
    "ring": disc(inner=5.0),
    "L": ell(),
    "rising": falling(rising=True),
    "one pixel": box(1, 1),
}


def flat(mask: Mask, inside: int = 70, outside: int = 170) -> Levels:
    levels: Levels = np.where(mask, inside, outside).astype(np.uint8)
    return levels


def of_shapes(*names: str) -> Callable[[], Iterator[Example]]:
    """The same even gray, other shapes."""
    return lambda: ((name, SHAPES[name], flat(SHAPES[name])) for name in names)


def of_grays() -> Iterator[Example]:
    """The same disc, other grays in and around it."""
    mask = disc()
    yield "dark", mask, flat(mask, 40, 160)
    yield "as around", mask, flat(mask, 160, 160)
    yield "bright", mask, flat(mask, 240, 160)
    striped = flat(mask, 60, 160)
    striped[::2][mask[::2]] = 140
    yield "striped", mask, striped
    speck = flat(mask, 150, 160)
    speck[9:12, 9:12] = 20
    yield "dark speck", mask, speck


def of_uneven_images() -> Iterator[Example]:
    """The same grays in the region, on an even and on a rough surface."""
    for caption, roughness in (("even surface", 2), ("rough surface", 30)):
        rng = np.random.default_rng(1)
        levels = np.clip(150 + roughness * rng.standard_normal((21, 21)), 0, 255).astype(np.uint8)
        mask = disc(radius=6.0)
        levels[mask] = np.where(np.arange(mask.sum()) % 2, 90, 130)
        yield caption, mask, levels


def of_colours() -> Iterator[Example]:
    mask = disc()
    for caption, colour in (
        ("redder", (190, 100, 80)),
        ("the same, darker", (75, 60, 45)),
        ("bluer", (120, 110, 190)),
    ):
        image = np.empty((21, 21, 3), np.uint8)
        image[:] = (150, 120, 90)
        image[mask] = colour
        yield caption, mask, image


def of_places() -> Iterator[Example]:
    for caption, top, left in (("left", 8, 0), ("middle", 8, 8), ("lower right", 14, 13)):
        mask = box(5, 5, top=top, left=left)
        yield caption, mask, flat(mask)


def of_residuals() -> Iterator[Example]:
    """What is drawn is the residual, white for 1; the region lies where it exceeds a threshold."""
    for caption, level, peak in (("faint", 60, 60), ("strong", 180, 180), ("one strong pixel", 60, 250)):
        mask = disc()
        residual = flat(mask, level, 10)
        residual[10, 10] = peak
        yield caption, mask, residual


EXAMPLES: dict[str, Callable[[], Iterator[Example]]] = {
    **dict.fromkeys(
        ["gray", "unevenness", "contrast", "ring_contrast", "bright_tenth", "dark_tenth", "variation"],
        of_grays,
    ),
    **dict.fromkeys(["relative_unevenness"], of_uneven_images),
    **dict.fromkeys(["redness", "chroma"], of_colours),
    **dict.fromkeys(["x", "y", "border"], of_places),
    **dict.fromkeys(["residual_mean", "residual_peak"], of_residuals),
    "area": of_shapes("disc", "square", "line", "one pixel"),
    "shape": of_shapes("disc", "square", "2:1", "line", "ring", "L"),
    "symmetry": of_shapes("disc", "square", "L", "rising"),
    "orientation": of_shapes("line", "rising", "L", "2:1"),
}
DEFAULT = of_shapes("disc", "square", "2:1", "line", "ring", "L")


def region_of(mask: Mask, image: Levels) -> Region:
    rows, columns = np.nonzero(mask)
    colour = image if image.ndim == 3 else None
    gray = image if colour is None else np.rint(image.mean(axis=2)).astype(np.uint8)
    return Region(rows, columns, Picture.of(gray, gray.astype(np.float32) / 255, image=colour))


def picture(name: str) -> str:
    """One SVG: the examples side by side, the region outlined, its value below."""
    parts, x0, height = [], 0, 0
    for caption, mask, image in EXAMPLES.get(name, DEFAULT)():
        value = PROPERTIES[name](region_of(mask, image))
        parts.append(f'<g transform="translate({x0} 0)">{_pixels(image)}{_outline(mask)}')
        middle = mask.shape[1] * CELL / 2
        for line, text in enumerate((caption, f"{value:.4g}")):
            y = mask.shape[0] * CELL + 13 + 14 * line
            parts.append(f'<text x="{middle:g}" y="{y}" text-anchor="middle">{text}</text>')
        parts.append("</g>")
        x0 += mask.shape[1] * CELL + GAP
        height = max(height, mask.shape[0] * CELL + CAPTION)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x0 - GAP} {height}" width="{x0 - GAP}" '
        f'font-family="sans-serif" font-size="11">{"".join(parts)}</svg>\n'
    )


def _pixels(image: Levels) -> str:
    """The corner's colour all over, and runs of other colours as rectangles."""
    rgb = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    height, width = rgb.shape[:2]
    ground = rgb[0, 0]
    drawn = [f'<rect width="{width * CELL}" height="{height * CELL}" fill="{_hex(ground)}"/>']
    for y in range(height):
        start = 0
        for x in range(1, width + 1):
            if x == width or (rgb[y, x] != rgb[y, start]).any():
                if (rgb[y, start] != ground).any():
                    span = f'x="{start * CELL}" y="{y * CELL}" width="{(x - start) * CELL}" height="{CELL}"'
                    drawn.append(f'<rect {span} fill="{_hex(rgb[y, start])}"/>')
                start = x
    return "".join(drawn)


def _hex(colour: Levels) -> str:
    return "#" + "".join(f"{v:02x}" for v in colour.tolist())


def _outline(mask: Mask) -> str:
    """The edges between the region's pixels and others."""
    padded = np.pad(mask, 1)
    steps = []
    for y, x in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]).tolist():
        steps.append(f"M{x * CELL} {y * CELL}h{CELL}")
    for y, x in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]).tolist():
        steps.append(f"M{x * CELL} {y * CELL}v{CELL}")
    return f'<path d="{"".join(steps)}" stroke="#e0310a" fill="none"/>'


HEAD = """# Region properties

A region is a set of pixels that touch, corners included, and whose residual (or another candidate map, see
[below](#candidate-maps)) lies above a threshold. Rules speak of these properties of regions; `kistdsl label` and
`kistdsl regions` write one column for each.

Gray levels run from 0 to 255, whatever the image: 16-bit levels are divided by 257, colours weighted
0.299 R + 0.587 G + 0.114 B; fractions of a level are kept to 1/256. n is the number of the region's pixels.
Standard deviations have the divisor n. Pixels are unit squares: a single pixel is as long as it is broad.
Default gamma: a rule file's `property P scale G` or `high at V` replaces it; v' = v / gamma is what the standard
terms low, mid and high are about.

Properties marked *relative* do not follow the exposure of the photograph.

| property | unit | range | gamma | |
|---|---|---|---|---|
"""

TAIL = """
## How the shape index is measured

Radials leave the centroid at 32 equal angles, the first to the right. Each ends where it last leaves the
region, taken as closed unit squares; one that misses the region counts 0. With r_i their lengths, the index is the
sum of |100 r_i / sum r - 100 / 32|. It grows from 0 with slenderness and with branches, and does not depend on
size, but for small regions, whose pixels show.

| shape | index |
|---|---|
| large disc | 0 |
| disc of about 78 pixels | 4.6 |
| disc of about 6 pixels | 14 |
| square | 9.66 |
| 2 : 1 box | 27.1 |
| 3 : 1 box | 39 |
| 10 : 1 box | 66.5 |
| straight line, one pixel wide, long | 187.5 |
| all in one direction (a bound) | 193.75 |

## Candidate maps

Regions may come from more maps than the residual, each with thresholds of its own (eq. 9 with the map's own
mean and deviation): `kistdsl label --maps residual,darkness`, the setting `candidate_maps` in training, and
`maps=` of `kistdsl.pseudo_label`. `NAME:MU:SIGMA` states the figures; without them they are measured on the images
given. `NAME@P` is the map smoothed over P percent of the image's shorter side.

| map | value of a pixel |
|---|---|
| `residual` | the reconstruction residual |
| `darkness` | 1 - x / local median of gray: 0 as dark as around, 1 black |
| `brightness` | x / local median of gray - 1 |
| `colour` | distance of the pixel's log R/G and log B/G from the image's medians; 0 in gray images |

The local median's window reaches an eighth of the shorter side in each direction.

## A property of your own

One declaration makes it known to `check`, `grade`, `label`, `regions` and `audit`:

```python
# my_line/properties.py
import kistdsl


@kistdsl.property(name="overexposed", unit="fraction", range=(0, 1), gamma=1, doc="share of white pixels")
def overexposed(region: kistdsl.Region) -> float:
    return float((region.gray >= 250).mean())
```

In your package's `pyproject.toml`:

```toml
[project.entry-points."kistdsl.properties"]
overexposed = "my_line.properties:overexposed"
```

A `Region` gives `rows`, `columns`, `gray`, `residual` (n,) and `colour` (n, 3) of its pixels, `mask` within its
`box`, and the `picture` it is in. The function is called once for each distinct region, in Python, so rules that use
it are graded more slowly than those of built-in properties alone. In a script, declaring it before
`kistdsl.load` is enough.
"""


def number(value: float) -> str:
    return {inf: "∞", -inf: "-∞"}.get(value, f"{value:g}")


def row(spec: ColumnSpec) -> str:
    low, high = number(spec.low), number(spec.high)
    return f"| [`{spec.name}`](#{spec.name}) | {spec.unit} | {low} .. {high} | {spec.gamma:g} | {spec.doc} |"


RELATIVE = {
    "contrast", "ring_contrast", "bright_tenth", "dark_tenth", "variation", "relative_unevenness", "redness", "chroma",
}  # fmt: skip


def section(spec: ColumnSpec) -> str:
    kind = " *(relative)*" if spec.name in RELATIVE else ""
    lines = [
        f"### {spec.name}",
        "",
        f"{spec.doc[0].upper()}{spec.doc[1:]}.{kind}",
        "",
        f"    {spec.formula}",
        "",
    ]
    lines += [f"![{spec.name} of a few regions](properties/{spec.name}.svg)", ""]
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Every file that this script writes, with its content."""
    table = "\n".join(row(spec) for spec in BUILTIN.values())
    sections = "\n".join(section(spec) for spec in BUILTIN.values())
    page = f"{HEAD}{table}\n\n## One by one\n\n{sections}{TAIL}"
    made = {HERE / "properties.md": page}
    made.update({HERE / "properties" / f"{name}.svg": picture(name) for name in BUILTIN})
    return made


def main() -> int:
    stale = [p for p, text in files().items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"stale: {path}" for path in stale))
        return bool(stale)
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(files()[path], encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
