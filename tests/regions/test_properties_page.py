"""docs/properties.md and its pictures are what their script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_page_is_up_to_date(root: Path) -> None:
    command = [sys.executable, str(root / "docs" / "make_properties.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), "run python docs/make_properties.py"
