"""What happens while a run trains, for whoever watches: a progress display, a log, a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of `total` steps begins (at step `done` > 0 when it is resumed).

    `epochs` passes over the normal images lie in them, `images` go into each; 0 where that is not known.
    """

    stage: str
    title: str
    total: int
    done: int
    unit: str = "steps"
    epochs: int = 0
    images: int = 0


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


_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def as_json(event: Event) -> dict[str, Any]:
    """An object with `event` ("stage_started", "advanced", ...) and the event's fields."""
    return {"event": _WORD.sub("_", type(event).__name__).lower(), **asdict(event)}


def told(
    listener: Listener, stage: str, title: str, items: Iterable[T], total: int, unit: str = "images"
) -> Iterator[T]:
    """The items, a stage of their own: one step each."""
    listener(StageStarted(stage, title, total, 0, unit))
    for done, item in enumerate(items, 1):
        yield item
        listener(Advanced(stage, done))
    listener(StageEnded(stage))


def ignore(event: Event) -> None:
    """A listener that does nothing."""
