"""What a person sees while something runs: messages and progress, on standard error.

Results go to standard output through `print`; everything here goes to standard error. On a terminal
with rich installed progress is a bar; elsewhere it is a plain line at most every two seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from types import TracebackType
from typing import Any, Self


def add_verbosity(parser: argparse.ArgumentParser) -> None:
    """The two options that every verb has."""
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress and no messages but errors")
    parser.add_argument("--verbose", "-v", action="store_true", help="say more about what is done")


class Console:
    """Messages by verbosity."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose

    @classmethod
    def of(cls, args: argparse.Namespace) -> Console:
        return cls(quiet=args.quiet, verbose=args.verbose)

    def say(self, message: str) -> None:
        if not self.quiet:
            print(message, file=sys.stderr, flush=True)

    def detail(self, message: str) -> None:
        if self.verbose:
            self.say(message)

    def warn(self, message: str) -> None:
        print(f"kistdsl: warning: {message}", file=sys.stderr, flush=True)

    def progress(
        self,
        title: str,
        total: int | None = None,
        unit: str = "images",
        *,
        done: int = 0,
        images: int = 0,
        epochs: int = 0,
    ) -> Progress:
        """A progress display; use as a context manager.

        Args:
            title: of the stage.
            total: steps; None: not known.
            unit: of the steps.
            done: steps that were done before.
            images: that go into a step; 0: not said.
            epochs: that the steps make; 0: not said.
        """
        return Progress(self, title, total, unit, done, images, epochs)


class Progress:
    """Counts steps of one stage: share done, rate, time left, and figures as they come."""

    interval = 2.0

    def __init__(
        self,
        console: Console,
        title: str,
        total: int | None,
        unit: str,
        done: int = 0,
        images: int = 0,
        epochs: int = 0,
    ) -> None:
        self.console, self.title, self.total, self.unit = console, title, total, unit
        self.done = self._before = done
        self.images, self.epochs = images, epochs
        self.note = ""
        self._said = -1  # steps done when the last line was written
        self._start = self._last = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if not self.console.quiet and sys.stderr.isatty() and importlib.util.find_spec("rich"):
            self._open_bar()
        return self

    def _open_bar(self) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[note]}"),
            console=RichConsole(stderr=True),
        )
        self._task = self._bar.add_task(self.title, total=self.total, completed=self.done, note="", pace="")
        self._bar.start()

    def advance(self, steps: int = 1, note: str | None = None) -> None:
        """`steps` more are done; `note` replaces the figures shown beside the bar."""
        self.done += steps
        self.note = self.note if note is None else note
        if self._bar is not None:
            pace = self._pace(time.monotonic())
            self._bar.update(self._task, completed=self.done, note=self.note, pace=pace)
            return
        now = time.monotonic()
        if now - self._last >= self.interval:
            self._last = now
            self._said = self.done
            self.console.say(self._line(now))

    def _rate(self, now: float) -> float:
        """Steps a second, of those done here."""
        return (self.done - self._before) / max(now - self._start, 1e-9)

    def _pace(self, now: float) -> str:
        """The epoch, and images (else steps) a second."""
        rate = self._rate(now)
        speed = f"{rate * self.images:.3g} images/s" if self.images else f"{rate:.3g}/s"
        if not (self.epochs and self.total):
            return speed
        epoch = min(self.done * self.epochs // self.total + 1, self.epochs)
        return f"epoch {epoch} of {self.epochs}, {speed}"

    def _line(self, now: float) -> str:
        rate = self._rate(now)
        of = f"/{self.total}" if self.total is not None else ""
        left = f", {_duration((self.total - self.done) / rate)} left" if self.total and rate > 0 else ""
        note = f"  {self.note}" if self.note else ""
        return f"{self.title}: {self.done}{of} {self.unit} ({self._pace(now)}{left}){note}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._said != self.done and time.monotonic() - self._start >= self.interval:
            self.console.say(self._line(time.monotonic()))


def _duration(seconds: float) -> str:
    """`48 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
