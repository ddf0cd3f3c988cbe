"""kistdsl: fuzzy rules for defects, compiled, and used to teach a reconstruction network."""

from kistdsl._version import __version__

__all__ = ["__version__"]
