"""The static site builds without a warning, holds every page, and asks nobody for anything while it is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("material")


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_can_be_reached(root: Path, site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^"#:]+\.html)"', front))
    assert linked >= {page.with_suffix(".html").name for page in (root / "docs").glob("*.md")}


def test_what_only_the_tests_read_is_not_shown(site: Path) -> None:
    text = (site / "first-line.html").read_text(encoding="utf-8")
    assert "<!-- run" not in text
    assert "```" not in text


def test_rules_are_coloured(site: Path) -> None:
    text = (site / "first-line.html").read_text(encoding="utf-8")
    assert re.search(r"<span class=\"\w+\">rule</span>", text)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="https?:', text), page.name
        assert not re.findall(r'<link[^>]*href="https?:', text), page.name
