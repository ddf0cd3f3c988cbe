"""Rule files as bytes: encoding, byte-order marks, line ends, tabs; and who reads included files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from kistdsl.diagnostics import Diagnostic, InputError, Source, Span
from kistdsl.language import syntax_codes as codes

MAX_BYTES = 16_000_000
"""More is refused unread: `parser.MAX_CHARACTERS` says what is read as rules."""

REPLACEMENT = "\ufffd"
_BOM = "\ufeff"
_WRONG_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_TAB = re.compile(r"^[^#\"\n]*?(\t)", re.MULTILINE)
_LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A text as read, and what is wrong with its bytes."""

    source: Source
    problems: tuple[Diagnostic, ...] = ()


Loader: TypeAlias = Callable[[str], Loaded]
"""Reads the file at a path; raises InputError when it cannot."""


def load_file(path: str | os.PathLike[str]) -> Loaded:
    """Read a rule file.

    Raises:
        InputError: there is no such file, it cannot be read, or it has more than `MAX_BYTES`.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            data = bounded(file, name)
    except IsADirectoryError as error:
        raise InputError(f"{name}: is a folder, not a rule file") from error
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return decode(data, name)


def bounded(file: BinaryIO, name: str) -> bytes:
    """What an open file holds, of whatever kind it is: a device may never end.

    Raises:
        InputError: more than `MAX_BYTES`.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: over {MAX_BYTES / 1e6:.0f} MB is no rule file; up to 4 MB are read")
    return data


def decode(data: bytes, name: str) -> Loaded:
    """The text of UTF-8 bytes; bytes that are none become U+FFFD and one error says where the first is."""
    for mark, encoding in _WRONG_MARKS.items():
        if data.startswith(mark):
            text = data.decode("utf-16", errors="replace")
            source = Source(name, text)
            problem = codes.NOT_UTF8.at(
                Span(source, 0, 0), f"this file is {encoding}, not UTF-8", help="save it again as UTF-8"
            )
            return Loaded(source, (problem,))
    try:
        return Loaded(Source(name, data.decode("utf-8")))
    except UnicodeDecodeError as error:
        # The text before the first bad byte is good, so its length is the place in the decoded text.
        at = len(data[: error.start].decode("utf-8"))
        source = Source(name, data.decode("utf-8", errors="replace"))
        return Loaded(source, (_not_utf8(source, at, data[error.start]),))


def _not_utf8(source: Source, at: int, byte: int) -> Diagnostic:
    latin = bytes([byte]).decode("cp1252", errors="replace")
    looks = f"; in Windows-1252 it is `{latin}`" if latin != REPLACEMENT else ""
    return codes.NOT_UTF8.at(
        Span(source, at, at + 1),
        f"byte 0x{byte:02X} is not UTF-8{looks}",
        help="save the file again as UTF-8 (in most editors: Save with Encoding)",
    )


def without_mark(source: Source) -> tuple[Source, bool]:
    """`source` without a leading byte-order mark, and whether there was one."""
    if source.text.startswith(_BOM):
        return Source(source.name, source.text[1:]), True
    return source, False


def text_problems(source: Source, *, marked: bool) -> Iterator[Diagnostic]:
    """What is unusual about the text as a whole; each kind is said once a file."""
    if marked:
        yield codes.BYTE_ORDER_MARK.at(
            Span(source, 0, 0),
            "this file begins with a byte-order mark",
            help="it does no harm here; save as UTF-8 without BOM, or run `kistdsl fmt`",
        )
    if (at := source.text.find("\r\n")) >= 0:
        yield codes.WINDOWS_LINE_ENDS.at(
            Span(source, at, at),
            "lines of this file end in CR LF",
            help="they are read like LF; `kistdsl fmt` writes LF",
        )
    if (lone := _LONE_RETURN.search(source.text)) is not None:
        yield codes.LONE_RETURN.at(
            Span(source, lone.start(), lone.start()),
            "this line ends in a carriage return alone, so the next line is taken for a part of it",
            help="save the file with LF or CR LF line ends",
        )
    if (tab := _TAB.search(source.text)) is not None:
        yield codes.TAB.at(
            Span(source, tab.start(1), tab.end(1)),
            "a tab stands where spaces belong",
            help="it is read like a space; `kistdsl fmt` replaces all of them",
        )
