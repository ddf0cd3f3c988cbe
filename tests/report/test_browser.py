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


LOOK = """<script>
addEventListener('load', () => {
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const seen = name => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    return light(getComputedStyle(probe).color);
  };
  const contrast = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  const words = ['ink', 'soft', 'keyword', 'string', 'number', 'comment', 'normal', 'anomalous', 'third', 'fourth'];
  const pale = words.filter(w => ['paper', 'panel'].some(p => contrast(seen(w), seen(p)) < (w.length > 6 ? 4 : 4.5)));
  const reach = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(e => e.matches('summary') || !e.closest('details:not([open])'));
  const stuck = [...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX == 'auto' && e.tabIndex < 0).length;
  const lost = reach.filter(e => { e.focus(); return document.activeElement !== e; }).length;
  document.title = 'probe ' + JSON.stringify({dark: seen('paper') < .5, pale, stuck, lost, reach: reach.length > 10});
});
</script>"""
"""Contrast of every colour with both grounds, and what the keyboard cannot reach."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_keyboard(browser: str, run_folder: Path, tmp_path: Path, scheme: str) -> None:
    page = tmp_path / "looked-at.html"
    text = build_report(run_folder).read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", LOOK + "</body>"), encoding="utf-8")
    mode = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    document, said = visit(browser, page, tmp_path / "profile", mode, "--window-size=480,800")
    assert not said
    assert facts_of(document) == {
        "dark": scheme == "dark",
        "pale": [],
        "stuck": 0,
        "lost": 0,
        "reach": True,
    }


def test_printing_opens_what_is_folded(browser: str, run_folder: Path, tmp_path: Path) -> None:
    page = build_report(run_folder)
    printed = {}
    for name, text in {
        "folded": page.read_text(encoding="utf-8"),
        "without": re.sub(r"<details>.*?</details>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL),
    }.items():
        source, target = tmp_path / f"{name}.html", tmp_path / f"{name}.pdf"
        source.write_text(text, encoding="utf-8")
        visit(browser, source, tmp_path / "profile", f"--print-to-pdf={target}")
        printed[name] = len(re.findall(rb"/Type */Page\b", target.read_bytes()))
    assert printed["folded"] > printed["without"] >= 1


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
