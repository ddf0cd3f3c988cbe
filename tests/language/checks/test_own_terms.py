"""K220, a property's own term in numbers of the standard scale, against the numbers as they were drawn."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from kistdsl.diagnostics import Source
from kistdsl.language.check import check_text
from kistdsl.schema import ColumnSpec, Schema

COLUMNS = tuple(
    ColumnSpec(name, unit, low, high, gamma, name)
    for name, unit, low, high, gamma in (
        ("share", "fraction", 0.0, 1.0, 1.0),
        ("level", "gray levels", 0.0, 255.0, 255.0),
        ("signed", "gray levels", -128.0, 127.0, 128.0),
        ("brim", "pixels", 0.0, 20.0, 20.0),
        ("under", "pixels", 0.0, 19.9, 20.0),
        ("long", "pixels", 0.0, math.inf, 100.0),
        ("aspect", "ratio", 0.0, math.inf, 10.0),
    )
)
SPOKEN_TO = {"level", "signed", "brim", "long"}
"""Properties whose values reach 20 and more and are no ratios: nobody means 0.2 of their unit."""

SHAPES = {
    "trapmf": "xxxx",
    "trimf": "xxx",
    "rectmf": "xx",
    "smf": "xx",
    "zmf": "xx",
    "pimf": "xxxx",
    "points": "xyxyxy",
    "gaussmf": "xw",
    "gbellmf": "wsx",
    "sigmf": "sx",
}
"""Arguments of every kind: x a place, w a width, y a membership, s a number without the property's unit."""


@dataclass
class Drawn:
    """A term as text, and the finite numbers in it that are in the property's unit."""

    kind: str
    scale: float
    text: str = ""
    lengths: list[float] = field(default_factory=list)
    slope: float = math.inf


def drawn(rng: random.Random) -> Drawn:
    made = Drawn(rng.choice(list(SHAPES)), rng.choice([1.0, 1.0, 1.2, 100.0]))
    shape = SHAPES[made.kind]
    places = sorted(rng.randrange(-1 if rng.random() < 0.1 else 0, 21) / 20 for _ in range(shape.count("x")))
    arguments: list[float] = []
    for letter in shape:
        if letter in "xw":
            value = (places.pop(0) if letter == "x" else rng.choice([0.05, 0.3, 1.0])) * made.scale
            value *= 60.0 if letter == "w" and rng.random() < 0.2 else 1.0
            made.lengths.append(value)
            arguments.append(value)
        else:
            arguments.append(rng.choice([0.0, 1.0]) if letter == "y" else rng.choice([0.25, 2.0, 20.0]))
    if made.kind == "sigmf":
        made.slope = arguments[0]
        arguments[0] *= rng.choice([1.0, -1.0])
    if made.kind in ("trapmf", "pimf") and rng.random() < 0.3:
        arguments[:2] = [-math.inf, -math.inf]
        made.lengths = made.lengths[2:]
    numbers = [repr(x) for x in arguments]
    if made.kind == "points":
        numbers = [f"({x}, {y})" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    made.text = f"{made.kind}({', '.join(numbers)})"
    return made


def on_standard_scale(made: Drawn) -> bool:
    small = all(0.0 <= x <= 1.0 for x in made.lengths) and any(0.0 < x < 1.0 for x in made.lengths)
    return small and made.slope >= 1.0


def test_no_false_alarm_and_no_miss() -> None:
    told_of, untold = set(), set()
    for seed in range(3000):
        rng = random.Random(seed)
        column, made = rng.choice(COLUMNS), drawn(rng)
        text = f"term t of {column.name} = {made.text}\nIF {column.name} is t THEN anomalous\n"
        result = check_text(Source("generated.kr", text), Schema(COLUMNS))
        assert result.program is not None, (seed, text, result.diagnostics)
        told = any(d.code == "K220" for d in result.diagnostics)
        assert told == (column.name in SPOKEN_TO and on_standard_scale(made)), (seed, text)
        (told_of if told else untold).add((column.name in SPOKEN_TO, made.kind))
    assert told_of == {(True, kind) for kind in SHAPES}
    assert untold == {(spoken_to, kind) for spoken_to in (True, False) for kind in SHAPES}


def test_a_shared_term_is_on_the_standard_scale() -> None:
    for seed in range(200):
        made = drawn(random.Random(seed))
        text = f"term t = {made.text}\nIF level is t AND brim is t THEN anomalous\n"
        result = check_text(Source("generated.kr", text), Schema(COLUMNS))
        assert not any(d.code == "K220" for d in result.diagnostics), (seed, text)
