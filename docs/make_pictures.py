"""Writes `docs/pictures`: what the report, an overlay and the audit look like, from the generated line alone.

    python docs/make_pictures.py [--run RUN --data LINE]

Without a run the demo is trained first (minutes). Needs Chromium; the pictures are looked at and committed by
hand, for they differ from machine to machine in the last bits.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

HERE = Path(__file__).resolve().parent
TARGET = HERE / "pictures"
WIDTH = 1100  # of the browser's window, in pixels
SHOWN = 880  # of a picture on the page


def kistdsl(folder: Path, *words: str) -> None:
    """Run a verb in `folder`, so that pages show short names and no one's paths."""
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    subprocess.run([sys.executable, "-m", "kistdsl", *words], check=True, cwd=folder, env=env)


def screenshot(page: Path, height: int, target: Path) -> None:
    """The top of a page, scaled for the documentation."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("make_pictures: no chromium found: install the package chromium")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={WIDTH},{height}"
        subprocess.run([browser, *options, size, f"--screenshot={shot}", page.as_uri()], check=True)
        image = cv2.imread(str(shot))
    assert image is not None
    small = cv2.resize(image, (SHOWN, height * SHOWN // WIDTH), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), small, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, help="a finished run on the demo line")
    parser.add_argument("--data", type=Path, help="its line (default: as the run says)")
    args = parser.parse_args()
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.run is None:
            kistdsl(folder, "train", "--out", "run")
        else:
            (folder / "run").symlink_to(args.run.resolve())
        facts = json.loads((folder / "run" / "config.json").read_text(encoding="utf-8"))
        (folder / "tiles").symlink_to((args.data or folder / facts["data"]).resolve())
        shutil.copyfile(folder / "run" / "rules.kr", folder / "tiles.kr")
        screenshot(folder / "run" / "report.html", 1400, TARGET / "report.png")
        kistdsl(folder, "audit", "tiles.kr", "--data", "tiles", "--run", "run", "--out", "audit.html")
        screenshot(folder / "audit.html", 1500, TARGET / "audit.png")
        kistdsl(folder, "localize", "run", "tiles/test/blowhole", "--out", "found")
        shutil.copyfile(folder / "found" / "002_overlay.png", TARGET / "overlay.png")


if __name__ == "__main__":
    main()
