"""Commands of the pages that are not run as they stand: what is run in their place, or why nothing is.

Every other line of an `sh` block is run; a line that cannot be must be entered here, with its reason.
"""

from __future__ import annotations

GRID = "--dry-run: the grid itself takes hours; tests/cli/test_reproduce.py runs a tiny one"
PRESET = "tiny settings in place of a preset that takes minutes"
_DEPARTURES = (
    "anomalous_form candidate_maps paste background_weight paste_decoys exposure anomalous_weight "
    "threshold_reach rule_check label_sigma anomalous_average anomalous_bound min_area usual_places"
)

INSTEAD: dict[str, tuple[str, str]] = {
    "kistdsl train": ("kistdsl train --config tiny.toml --out demo", PRESET),
    "kistdsl train --data LINE --rules line.kr --preset fast --out RUN": (
        "kistdsl train --data LINE --rules line.kr --config tiny.toml --out TRAINED",
        f"{PRESET}, and another folder: RUN holds the page's finished run",
    ),
    "kistdsl train --data LINE --rules line.kr --out RUN": (
        "kistdsl train --data LINE --rules line.kr --config tiny.toml --out TRAINED",
        f"{PRESET}, and another folder: RUN holds the page's finished run",
    ),
    "kistdsl train --data tiles/data --rules tiles/rules.kr --preset demo --out run": (
        "kistdsl train --data tiles/data --rules tiles/rules.kr --config tiny.toml --out run",
        PRESET,
    ),
    "torchrun --nproc-per-node 2 -m kistdsl train --data LINE --rules line.kr --out RUN": (
        "torchrun --nproc-per-node 2 -m kistdsl train --data LINE --rules line.kr --config tiny.toml --out TWO",
        f"{PRESET}, two processes on the CPU of one machine",
    ),
    "kistdsl reproduce --data LINE --rules line.kr --out GRID --methods l2 ssim ffl wfd riad memae kist --seeds 0 1 2": (
        "kistdsl reproduce --data LINE --rules line.kr --out GRID --methods l2 ssim ffl wfd riad memae kist "
        "--seeds 0 1 2 --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data LINE --rules line.kr --out GRID --methods kist "
    "--controls no-rules wrong-image random-labels --each-rule": (
        "kistdsl reproduce --data LINE --rules line.kr --out GRID --methods kist "
        "--controls no-rules wrong-image random-labels --each-rule --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data mtd leather --rules rules/mtd.kr rules/leather.kr --out GRID --seeds 0 1 2 "
    "--ablations all --set \"exclude=['uneven']\"": (
        "kistdsl reproduce --data mtd leather --rules rules/mtd.kr rules/leather.kr --out GRID --seeds 0 1 2 "
        "--ablations all --set \"exclude=['uneven']\" --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data mtd leather --rules rules/mtd_expert.kr rules/leather.kr --out GRID --models unet "
    "--methods kist --controls no-rules --seeds 0 1 2 --set \"exclude=['uneven']\"": (
        "kistdsl reproduce --data mtd leather --rules rules/mtd_expert.kr rules/leather.kr --out GRID "
        "--models unet --methods kist --controls no-rules --seeds 0 1 2 --set \"exclude=['uneven']\" --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data LINES/brick LINES/grass LINES/gravel --out GRID --models unet --methods kist --controls "
    "no-rules --rules rules/kolektor_mvtec.kr rules/kolektor_mvtec.kr rules/kolektor_mvtec.kr": (
        "kistdsl reproduce --data LINES/brick LINES/grass LINES/gravel --out GRID --models unet --methods kist "
        "--controls no-rules --rules rules/kolektor_mvtec.kr rules/kolektor_mvtec.kr rules/kolektor_mvtec.kr --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data leather --rules rules/leather.kr --out GRID --models unet --methods kist --controls "
    "--seeds 0 1 2 --set size=256": (
        "kistdsl reproduce --data leather --rules rules/leather.kr --out GRID --models unet --methods kist "
        "--controls --seeds 0 1 2 --set size=256 --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data mtd --rules rules/mtd_expert.kr --out GRID --models cae --methods kist --controls "
    "--seeds 0 1 --set \"exclude=['uneven']\" epochs=40 latent_layout=spatial": (
        "kistdsl reproduce --data mtd --rules rules/mtd_expert.kr --out GRID --models cae --methods kist --controls "
        "--seeds 0 1 --set \"exclude=['uneven']\" epochs=40 latent_layout=spatial --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data leather --rules rules/leather.kr --out GRID --models unet --methods kist --controls "
    f"--seeds 0 --ablations {_DEPARTURES}": (
        "kistdsl reproduce --data leather --rules rules/leather.kr --out GRID --models unet --methods kist "
        f"--controls --seeds 0 --ablations {_DEPARTURES} --dry-run",
        GRID,
    ),
    "kistdsl reproduce --data mtd leather --rules rules/mtd.kr rules/kolektor_mvtec.kr --preset paper --out GRID": (
        "kistdsl reproduce --data mtd leather --rules rules/mtd.kr rules/kolektor_mvtec.kr --preset paper "
        "--out GRID --dry-run",
        GRID,
    ),
}
"""By command: what is run in its place, and why."""

INSTALLS = "downloads and installs gigabytes"

UNRUN: dict[str, str] = {
    "make install": INSTALLS,
    "make demo": "installs first, then takes minutes; its one command is run in small, see INSTEAD",
    "make test": "runs these tests",
    "make check": "minutes; .ci runs it beside the tests",
    "make docs": "installs first; its command, `mkdocs build --strict`, is run by tests/docs/test_site.py",
    "python3 -m venv .venv && . .venv/bin/activate": INSTALLS,
    "pip install --constraint constraints.txt torch==2.13.0": INSTALLS,
    'pip install --constraint constraints.txt --editable ".[dev]"': INSTALLS,
    "python -m pytest": "runs these tests",
    "kistdsl localize RUN INCOMING --out FOUND --watch --json | your-program": (
        "goes on until it is stopped; tests/cli/test_watch.py stops it by signals"
    ),
    "kistdsl train --data mtd --rules rules/mtd.kr --preset paper --out mtd-paper": (
        "hours on a GPU, and on photographs that are not in the repository"
    ),
}
"""By command: why it is not run. Its verb, options and make target must exist all the same."""
