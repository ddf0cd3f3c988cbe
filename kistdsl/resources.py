"""The files that travel with the package: the grammar and the shipped rule files."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(relative: str) -> Path:
    """Path of e.g. `grammars/kr.lark` or `rules/mtd.kr`: inside an installed package, or the checkout's."""
    installed = _PACKAGE / "_resources" / relative
    return installed if installed.exists() else _PACKAGE.parent / relative
