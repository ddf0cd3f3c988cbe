"""The page in a real browser: no word on the console, no request to the outside, nothing that overflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kistdsl.report.build import build_report

NAMES = ("chromium", "chromium-browser", "google-chrome")

PROBE = """<script>
addEventListener('load', () => {
  const asked = performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'));
  const broken = [...document.images].filter(i => !i.naturalWidth).length;
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  const dark = getComputedStyle(document.body).backgroundColor;
  document.title = 'probe ' + JSON.stringify({asked, broken, wide, dark});
});
</script>"""


@pytest.fixture
def browser() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no chromium found: install the package chromium")
    return found


def visit(browser: str, page: Path, profile: Path, *options: str) -> tuple[str, str, str]:
    """The document after loading, what its console said, and the network log."""
    log = profile / "net.json"
    done = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"),
            *("--disable-dev-shm-usage", f"--user-data-dir={profile}", f"--log-net-log={log}"),
            *("--virtual-time-budget=3000", "--dump-dom", *options, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    said = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, said, log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


@pytest.mark.parametrize("size", ["1200,900", "480,800"])
def test_in_chromium(browser: str, run_folder: Path, tmp_path: Path, size: str) -> None:
    text = build_report(run_folder).read_text(encoding="utf-8")
    page = tmp_path / "probed.html"
    page.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    document, said, log = visit(browser, page, tmp_path / "profile", f"--window-size={size}")
    assert not said
    found = re.search(r"<title>probe (.*?)</title>", document)
    assert found, "the page did not load"
    facts = json.loads(found[1])
    assert facts["asked"] == []
    assert facts["broken"] == 0
    assert not facts["wide"]
    outside = re.findall(r'"url":"(https?://[^"]+)"', log)
    assert not outside


def test_a_fault_would_be_seen(browser: str, run_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "faulty.html"
    text = build_report(run_folder).read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", "<script>nowhere()</script></body>"), encoding="utf-8")
    assert "nowhere" in visit(browser, page, tmp_path / "profile")[1]
