"""A run's events as a person sees them, and how a person ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kistdsl.cli.console import Console, Progress
from kistdsl.kist import events
from kistdsl.kist.stopping import Stop


class Watcher:
    """Shows a run's events: a bar for each stage, notes as they come."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar: Progress | None = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.StageStarted():
                self._close()
                self._bar = self.console.progress(
                    event.title,
                    event.total,
                    event.unit,
                    done=event.done,
                    images=event.images,
                    epochs=event.epochs,
                ).__enter__()
            case events.Advanced() if self._bar is not None:
                self._bar.advance(event.done - self._bar.done, event.note or None)
            case events.StageEnded():
                self._close()
            case events.Note():
                (self.console.warn if event.warning else self.console.say)(event.message)
            case events.Labelled():
                self.console.say(
                    f"iteration {event.iteration}: {event.labelled_images} of {event.images} anomalous images "
                    f"labelled, {event.regions} regions, {event.pixels} pixels"
                )
            case events.Measured():
                figures = f"pixel AUROC {percent(event.pixel_auroc)}, AUPRO {percent(event.aupro)}"
                self.console.say(f"{event.stage} on the test set: {figures}")


@contextmanager
def stoppable(console: Console, advice: str) -> Iterator[Stop]:
    """Ctrl-C and SIGTERM end what runs within, the steps that were made kept; `advice` says how to go on."""
    try:
        with Stop().on_signals() as stop:
            yield stop
    except KeyboardInterrupt:
        console.say(f"stopped; {advice}")
        raise


def percent(value: float | None) -> str:
    """A figure in percent, or a dash."""
    return "-" if value is None else f"{100 * value:.1f}"
