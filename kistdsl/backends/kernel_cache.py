"""Machine code kept on disk, so that a rule file is compiled once a machine.

One file a kernel, named by a digest of its whole assembly, the compiler's version and the processor;
written beside and renamed, so that several processes can do it at once; read only where no other user
could have put it; checked by a digest of its content. A cache that is missing, full, read-only or
damaged costs a compilation, nothing else.

The folder is `$KISTDSL_CACHE_DIR`, else `kistdsl` in `$XDG_CACHE_HOME` or `~/.cache`; an empty
`KISTDSL_CACHE_DIR` turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

_MAGIC = b"kistdsl-kernel-1\n"
_DIGEST = hashlib.sha256().digest_size
LIMIT = 512
"""Files kept; the oldest go first."""


def folder() -> Path | None:
    """Where kernels are kept, or None when the cache is off."""
    chosen = os.environ.get("KISTDSL_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) / "kernels" if chosen else None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "kistdsl" / "kernels"


def _ours(status: os.stat_result) -> bool:
    """Whether nobody but this user (or root) can have written there."""
    if not hasattr(os, "getuid"):  # Windows: the user's profile is private by its access lists
        return True
    writable_by_others = bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    return status.st_uid in (os.getuid(), 0) and not writable_by_others


def read(key: str) -> bytes | None:
    """The machine code kept under `key`, or None where there is none that can be trusted."""
    where = folder()
    if where is None:
        return None
    try:
        if not _ours(where.stat()):
            return None
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(where / key, flags), "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read() if stat.S_ISREG(status.st_mode) and _ours(status) else b""
    except OSError:
        return None  # no such file, or a folder that cannot be read: compile
    code = content[len(_MAGIC) + _DIGEST :]
    return code if content == _MAGIC + hashlib.sha256(code).digest() + code else None


def write(key: str, code: bytes) -> None:
    """Keep machine code under `key`, if the folder allows it."""
    where = folder()
    if where is None:
        return
    # A full disk or a read-only home must not stop anybody from grading.
    with contextlib.suppress(OSError):
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(where.stat()):
            return
        handle, name = tempfile.mkstemp(prefix=".new", dir=where)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(code).digest() + code)
            os.replace(name, where / key)
        except OSError:
            os.unlink(name)
            raise
        _prune(where)


def _prune(where: Path) -> None:
    """Drop the oldest files beyond LIMIT."""
    files = sorted(where.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - LIMIT)]:
        path.unlink(missing_ok=True)
