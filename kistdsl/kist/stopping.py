"""Ctrl-C and SIGTERM while a run trains: what was done is kept, so that `--resume` goes on from there.

While steps are made a signal is only noted; the run ends at the next step boundary, behind a checkpoint.
Elsewhere (reading, labelling, measuring) there is nothing to keep that is not stored already, and one
process ends at once. Several processes never end at once: one that left alone would leave the others
waiting in an exchange. They agree on the end at a step where they exchange figures anyway.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch.distributed as dist

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what schedulers and service managers send."""


class Stop:
    """Whether somebody asked a run to end; never, until `on_signals` listens.

    Attributes:
        asked: the end is wanted.
    """

    def __init__(self) -> None:
        self.asked = False
        self._only_noted = False

    @contextmanager
    def on_signals(self) -> Iterator[Stop]:
        """Listen to Ctrl-C and SIGTERM; signals that this process was told to ignore stay ignored."""
        before = {number: signal.getsignal(number) for number in SIGNALS}
        heard = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
        if threading.current_thread() is not threading.main_thread():
            heard = []  # only the main thread may say what a signal does
        for number in heard:
            signal.signal(number, self._signalled)
        try:
            yield self
        finally:
            for number in heard:
                signal.signal(number, before[number])

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Within, one process notes a signal instead of ending; it looks at `asked` itself.

        Raises:
            KeyboardInterrupt: at its end, for a signal after the last look.
        """
        self._only_noted = True
        try:
            yield
        finally:
            self._only_noted = False
        if self.asked and not _several():
            raise KeyboardInterrupt

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        # Schedulers send SIGTERM to a process and to its parent, which passes it on: only Ctrl-C twice is haste.
        again = self.asked and number == signal.SIGINT
        self.asked = True
        if not _several() and (again or not self._only_noted):
            raise KeyboardInterrupt


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
