"""Every diagnostic code, in order: one table for `kistdsl rule`, the reference and SARIF."""

from __future__ import annotations

from kistdsl.language.checks import CHECKS
from kistdsl.language.codes import Code
from kistdsl.language.ignores import UNUSED_IGNORE
from kistdsl.language.name_codes import NAMES
from kistdsl.language.number_codes import NUMBERS
from kistdsl.language.phrase_codes import PHRASES
from kistdsl.language.syntax_codes import SYNTAX

CATALOG: tuple[Code, ...] = tuple(
    sorted((*SYNTAX, *PHRASES, *NAMES, *NUMBERS, *CHECKS, UNUSED_IGNORE), key=lambda code: code.code)
)


def find_code(text: str) -> Code | None:
    """The declaration with this code (`K301`, any case) or slug; None if there is none."""
    return next((c for c in CATALOG if text.upper() == c.code or text.lower() == c.slug), None)
