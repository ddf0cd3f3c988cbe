"""Pages made from code are those of the present code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_settings_page_is_current(root: Path) -> None:
    done = subprocess.run([sys.executable, str(root / "docs" / "make_settings.py"), "--check"], check=False)
    assert done.returncode == 0, "run: python docs/make_settings.py"
