"""The page in a real browser: no word on the console, no request to the outside, nothing that overflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kistdsl.report.build import build_report

NAMES = ("chromium", "chromium-browser", "google-chrome")

PROBE = """<script>
addEventListener('load', () => {
  const asked = performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'));
  const broken = [...document.images].filter(i => !i.naturalWidth).length;
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  document.title = 'probe ' + JSON.stringify({asked, broken, wide});
});
</script>"""


@pytest.fixture
def browser() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no chromium found: install the package chromium")
    return found


def visit(browser: str, page: Path, profile: Path, *options: str) -> tuple[str, str]:
    """The document after loading, and what its console said; no name resolves, so a request outside fails."""
    done = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"),
            *(
                "--disable-dev-shm-usage",
                f"--user-data-dir={profile}",
                "--host-resolver-rules=MAP * ~NOTFOUND",
            ),
            *("--virtual-time-budget=3000", "--dump-dom", *options, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    said = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, said


def facts_of(document: str) -> dict[str, Any]:
    """What the probe found."""
    found = re.search(r"<title>probe (.*?)</title>", document)
    assert found, "the page did not load"
    facts: dict[str, Any] = json.loads(found[1])
    return facts


@pytest.mark.parametrize("size", ["1200,900", "480,800"])
def test_in_chromium(browser: str, run_folder: Path, tmp_path: Path, size: str) -> None:
    text = build_report(run_folder).read_text(encoding="utf-8")
    page = tmp_path / "probed.html"
    page.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    document, said = visit(browser, page, tmp_path / "profile", f"--window-size={size}")
    assert not said
    assert facts_of(document) == {"asked": [], "broken": 0, "wide": False}


def test_faults_would_be_seen(browser: str, run_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "faulty.html"
    text = build_report(run_folder).read_text(encoding="utf-8")
    faults = '<img src="http://outside.example/x.png"><script>nowhere()</script>'
    page.write_text(text.replace("</body>", faults + PROBE + "</body>"), encoding="utf-8")
    document, said = visit(browser, page, tmp_path / "profile")
    assert "nowhere" in said
    facts = facts_of(document)
    assert facts["broken"] == 1
    assert facts["asked"] == ["http://outside.example/x.png"]
