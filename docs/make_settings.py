"""Writes `docs/settings.md` from `kistdsl.kist.config.Settings`.

    python docs/make_settings.py [--check]

With `--check` nothing is written; exit code 1 when the file is not what it would be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kistdsl.kist.config import Settings, make_settings, settings_json
from kistdsl.kist.presets import PRESETS

TARGET = Path(__file__).resolve().parent / "settings.md"

HEAD = """# Settings of a run

Made by `docs/make_settings.py` from `kistdsl/kist/config.py`; do not edit. Each name can stand in a TOML file
(`--config run.toml`) or behind `--set` (`--set epochs=80`). What is said later wins: preset, file, options
such as `--model`, `--set`. An unknown name or an unfit value is an error that names it.

Lengths that are known from 256x256 images (`label_sigma`, `filter_sigma`, `guided_radius`, `riad_scales`) are
given at 256 and scale with `size`.

"""


def page() -> str:
    """The whole file."""
    presets = {name: settings_json(make_settings({}, preset=name)) for name in PRESETS}
    default = settings_json(make_settings({}))
    lines = [HEAD + "| setting | default | " + " | ".join(presets) + " | what, and what the paper does |"]
    lines.append("|" + "---|" * (len(presets) + 3))
    for name, field in Settings.model_fields.items():
        own = [_value(values[name]) if values[name] != default[name] else "" for values in presets.values()]
        doc = " ".join((field.description or "").split()).replace("|", "\\|")
        lines.append(f"| `{name}` | {_value(default[name])} | " + " | ".join(own) + f" | {doc} |")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "(none)"
    return "(none)" if value in ("", None) else str(value)


def main() -> int:
    if "--check" in sys.argv[1:]:
        return int(not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != page())
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
