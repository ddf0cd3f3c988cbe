"""A package of somebody else's, as pip leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

MODULE = """
import kistdsl

@kistdsl.property(name="overexposed", unit="fraction", range=(0, 1), gamma=1, doc="share of white pixels")
def overexposed(region):
    return float((region.gray >= 250).mean())
"""


@pytest.fixture
def own_property(tmp_path: Path) -> Path:
    """A folder with a module that declares the property `overexposed`, and its entry point."""
    folder = tmp_path / "site"
    info = folder / "my_line-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "my_line.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-line\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kistdsl.properties]\noverexposed = my_line:overexposed\n")
    return folder
