"""Rule text in colour."""

from __future__ import annotations

import re
from html import escape

from kistdsl.language.tokens import KEYWORDS

_WORDS = frozenset(KEYWORDS)
_PARTS = re.compile(
    r"""(?P<co>\#[^\n]*)|(?P<st>"[^"\n]*"?)|(?P<word>[^\W\d]\w*)|(?P<nu>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?)"""
)


def highlighted(text: str) -> str:
    """Rules as HTML in `<pre>`; the text itself is unchanged."""
    made, end = [], 0
    for found in _PARTS.finditer(text):
        made.append(escape(text[end : found.start()]))
        kind = found.lastgroup
        if kind == "word":
            kind = "kw" if found[0].lower() in _WORDS else None
        made.append(f'<span class="{kind}">{escape(found[0])}</span>' if kind else escape(found[0]))
        end = found.end()
    made.append(escape(text[end:]))
    return f'<pre tabindex="0" aria-label="rules">{"".join(made)}</pre>'
