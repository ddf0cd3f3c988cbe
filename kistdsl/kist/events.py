"""What happens while a run trains, for whoever watches: a progress display, a log, a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of `total` steps begins (at step `done` > 0 when it is resumed)."""

    stage: str
    title: str
    total: int
    done: int
    unit: str = "steps"


@dataclass(frozen=True, slots=True)
class Advanced:
    """`done` steps of the stage are over; `note` is its latest figure, as text."""

    stage: str
    done: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class StageEnded:
    """A stage is over (or was found finished)."""

    stage: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a user should read; `warning` where it may change what they do."""

    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pseudo-labels of one iteration."""

    iteration: int
    images: int
    labelled_images: int
    regions: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one stage's model on the test set, in [0, 1] or None where undefined."""

    stage: str
    pixel_auroc: float | None
    aupro: float | None
    per_image_auroc: float | None


Event: TypeAlias = StageStarted | Advanced | StageEnded | Note | Labelled | Measured
Listener: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A listener that does nothing."""
