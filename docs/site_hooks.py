"""What the site needs beyond the pages as they stand: called by mkdocs (`make docs`), see mkdocs.yml."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from pygments.lexers import LEXERS

REPOSITORY = "https://github.com/kistdsl/kistdsl/blob/main/"
_FENCE = re.compile(
    r"^(```\w+) [^\n`]*$", re.MULTILINE
)  # "```kr tiles/rules.kr": what the tests do with the block
_RUN = re.compile(r"^<!-- run\n.*?-->\n", re.MULTILINE | re.DOTALL)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "grammars"))
importlib.import_module("kr_pygments")  # now: mkdocs takes its changes of sys.path back
LEXERS["KrLexer"] = ("kr_pygments", "kistdsl rules", ("kr",), ("*.kr",), ())


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page without what only its tests read, and with links out of `docs` pointing to the repository."""
    return _FENCE.sub(r"\1", _RUN.sub("", markdown)).replace("](../", f"]({REPOSITORY}")
