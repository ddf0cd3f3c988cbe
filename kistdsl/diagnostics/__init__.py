"""Where something stands in a text, what is said about it, how it is shown, and the errors a user can cause.

`model` holds the facts; `render` draws them for people, `export` writes them for other tools.
"""

from kistdsl.diagnostics.model import (
    Diagnostic,
    Fix,
    InputError,
    KistError,
    Label,
    RuleError,
    Source,
    Span,
)

__all__ = ["Diagnostic", "Fix", "InputError", "KistError", "Label", "RuleError", "Source", "Span"]
