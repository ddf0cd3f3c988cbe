"""The look of each rule on the page: a number and a colour, the same wherever it is named."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from kistdsl.report.contents import Contents

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
)
"""Okabe and Ito's, which the colour-blind tell apart; the eighth rule has the first one's again, and its own number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule's look.

    Attributes:
        number: from 1, in the order of the rule file.
        name: of the rule.
    """

    number: int
    name: str

    @property
    def colour(self) -> Colour:
        """RGB; of the rule's outlines and of the ground of its number."""
        return COLOURS[(self.number - 1) % len(COLOURS)]

    @property
    def ink(self) -> Colour:
        """Black or white RGB, whichever is easier to read on the colour."""
        return (0, 0, 0) if _luminance(self.colour) > 0.18 else (255, 255, 255)

    @property
    def style(self) -> str:
        """CSS of the number."""
        return f"background:{_css(self.colour)};color:{_css(self.ink)}"

    @property
    def words(self) -> str:
        """Number and name as plain text."""
        return f"{self.number} {self.name}"

    @property
    def html(self) -> str:
        """The number on its colour, and the name."""
        return f'<span class="mark" style="{self.style}">{self.number}</span> {escape(self.name)}'


def marks_of(contents: Contents) -> dict[str, Mark]:
    """By name, of the rules in the run's file, then of whatever else gave labels (controls)."""
    program = contents.program
    names = [] if program is None else [rule.name for rule in program.rules]
    names += [rule["rule"] for iteration in contents.firings for rule in iteration["rules"]]
    names += [] if contents.labels is None else [str(name) for name in contents.labels.get("rules", ())]
    return {name: Mark(number, name) for number, name in enumerate(dict.fromkeys(names), 1)}


def _css(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2), 0 to 1; above 0.18 black reads better than white."""
    red, green, blue = (
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (part / 255 for part in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
