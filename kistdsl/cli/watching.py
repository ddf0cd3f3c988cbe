"""Folders in which images appear: each is handed on once, when it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kistdsl.data.images import list_images, read_image
from kistdsl.diagnostics import InputError

INTERVAL = 0.5
"""Seconds between two looks."""

PATIENCE = 20
"""Looks at an unchanged file that cannot be decoded, before it is handed on as it is."""

_State = tuple[int, int]


def watched(
    folders: Sequence[Path],
    done: Callable[[Path], bool],
    *,
    interval: float = INTERVAL,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[list[Path]]:
    """Images that are new, for ever.

    A file counts as whole when size and time of change are those of the last look and it decodes to its end; a
    writer that rests in the middle of a file is waited for. One that stays as it is and does not decode is
    handed on after `PATIENCE` looks, so that somebody is told. A file that changes later is new again.

    Args:
        folders: that exist; looked at by listing, so that network shares work too.
        done: whether an image was localized before.
        interval: seconds between two looks.
        sleep: waits.

    Raises:
        InputError: a folder cannot be listed any more.
    """
    handed: dict[Path, _State] = {}
    seen: dict[Path, tuple[_State, int]] = {}
    while True:
        ready = []
        for path in (image for folder in folders for image in list_images(folder)):
            state = _state(path)
            if state is None or handed.get(path) == state:
                continue
            before, looks = seen.get(path, (None, 0))
            looks = looks + 1 if before == state else 0
            seen[path] = (state, looks)
            if looks and path not in handed and done(path):
                handed[path] = state
            elif looks and (looks >= PATIENCE or _decodes(path)) and _state(path) == state:
                handed[path] = state
                del seen[path]
                ready.append(path)
        if ready:
            yield ready
        sleep(interval)


def _state(path: Path) -> _State | None:
    """Size and time of change; None where it has gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _decodes(path: Path) -> bool:
    try:
        read_image(path)
    except InputError:
        return False
    return True
