"""The analyses of a checked program, one file each, in the order in which they run."""

from __future__ import annotations

from kistdsl.language.codes import Check

CHECKS: tuple[Check, ...] = ()
