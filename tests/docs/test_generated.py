"""Pages made from code are those of the present code; the citation names the present version."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kistdsl._version import __version__


@pytest.mark.parametrize("script", ["make_settings.py", "make_properties.py", "make_cli.py"])
def test_a_page_made_from_code_is_current(script: str, root: Path) -> None:
    command = [sys.executable, str(root / "docs" / script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), f"run: python docs/{script}"


def test_the_citation_file_is_of_this_version(root: Path) -> None:
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([a-z-]+): *(.*)$", text, flags=re.MULTILINE))
    assert set(fields) >= {"cff-version", "message", "title", "authors", "version", "license", "type"}
    assert fields["version"] == __version__
    assert fields["license"] == "Apache-2.0"
    assert "\t" not in text
