"""Files are written whole or not at all: write beside, then rename."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from kistdsl.diagnostics import InputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No room: on the disk, in the user's share of it, in one file."""


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `target`, renamed onto it when the block ends well, else removed.

    The suffix is kept, so that writers which choose a format by it (cv2, pandas) work. A link stays a link to what
    is written. What is no regular file (/dev/stdout, a pipe) is not replaced but written to, from a temporary file
    elsewhere.

    Raises:
        InputError: the folder does not exist, cannot be written or is full, or `target` is a folder, naming it.
    """
    import tempfile  # brings a dozen modules that `check` has no use for

    path = Path(target)
    if path.is_dir():
        raise InputError(f"{path}: cannot be written: {os.strerror(errno.EISDIR)}")
    special = path.exists() and not path.is_file()
    whole = path if special or not path.is_symlink() else path.resolve()
    folder = None if special else whole.parent
    if whole.exists() and not os.access(whole, os.W_OK):
        raise InputError(f"{path}: cannot be written: {os.strerror(errno.EACCES)}")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}.", suffix=path.suffix, dir=folder)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    except OSError as error:
        if error.errno in NO_ROOM:  # others belong to what the block reads
            raise InputError(f"{path}: cannot be written: {os.strerror(error.errno)}") from error
        raise
    else:
        try:
            if special:
                _copy(temporary, path)
            else:
                _rename(temporary, whole)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
    """Onto `path`, with the mode (and, where allowed, the owner) of what is there."""
    if path.exists():
        before = path.stat()
        with contextlib.suppress(OSError, AttributeError):
            os.chown(temporary, before.st_uid, before.st_gid)
        temporary.chmod(before.st_mode & 0o7777)
    else:
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
    temporary.replace(path)


def _copy(temporary: Path, path: Path) -> None:
    import shutil

    with temporary.open("rb") as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def write_text(target: str | os.PathLike[str], text: str) -> None:
    """Write `text` (UTF-8, LF) to `target`, whole or not at all."""
    with atomic_path(target) as path:
        # A file name in the text may hold what is no UTF-8.
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
