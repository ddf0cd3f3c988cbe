"""Rule text in colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from kistdsl.language.tokens import KEYWORDS
from kistdsl.report.rule_marks import Mark

_WORDS = frozenset(KEYWORDS)
_PARTS = re.compile(
    r"""(?P<co>\#[^\n]*)|(?P<st>"[^"\n]*"?)|(?P<word>[^\W\d]\w*)|(?P<nu>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?)"""
)


def highlighted(text: str, marks: Mapping[int, Mark] | None = None) -> str:
    """Rules as HTML in `<pre>`; the text itself is unchanged.

    Args:
        text: of the rules.
        marks: by the offset at which a rule begins, its mark; shown before it, not part of the text.
    """
    made, end = [], 0
    for found in _PARTS.finditer(text):
        made.append(escape(text[end : found.start()]))
        mark = (marks or {}).get(found.start())
        if mark is not None:
            made.append(f'<span class="mark" data-number="{mark.number}" style="{mark.style}"></span>')
        kind = found.lastgroup
        if kind == "word":
            kind = "kw" if found[0].lower() in _WORDS else None
        made.append(f'<span class="{kind}">{escape(found[0])}</span>' if kind else escape(found[0]))
        end = found.end()
    made.append(escape(text[end:]))
    return f'<pre tabindex="0" aria-label="rules">{"".join(made)}</pre>'
