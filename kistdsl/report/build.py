"""`report.html` from a finished run folder."""

from __future__ import annotations

from html import escape
from pathlib import Path

from kistdsl._version import __version__
from kistdsl.atomic import write_text
from kistdsl.report.cases import cases
from kistdsl.report.contents import Contents, read_contents
from kistdsl.report.html import page, paragraph
from kistdsl.report.labels import firings, labels
from kistdsl.report.memberships import memberships, rules
from kistdsl.report.residuals import residuals
from kistdsl.report.results import curve, results, verdict
from kistdsl.report.settings import settings

_SECTIONS = (
    ("results", "Results", results),
    ("iterations", "Iterations", curve),
    ("residuals", "Residuals", residuals),
    ("cases", "Images", cases),
    ("labels", "Pseudo-labels", labels),
    ("firings", "Rules firing", firings),
    ("memberships", "Words", memberships),
    ("rules", "Rules", rules),
    ("settings", "Repeat", settings),
)
"""Sections in the order of the page: anchor, name in the menu, maker; an empty one is left out."""


def build_report(run_folder: Path) -> Path:
    """Write `report.html` into a run folder, whole or not at all.

    Args:
        run_folder: of a finished run.

    Returns:
        The page's path. It holds all that it shows and asks for nothing from outside.

    Raises:
        InputError: the folder holds no finished run, or a damaged file.
    """
    target = run_folder / "report.html"
    write_text(target, report(read_contents(run_folder)))
    return target


def report(contents: Contents) -> str:
    """The page as text."""
    made = [(anchor, name, make(contents)) for anchor, name, make in _SECTIONS]
    made = [entry for entry in made if entry[2]]
    menu = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name, _ in made)
    return page(
        f"KIST run {contents.name}",
        [
            f"<header><h1>Run {escape(contents.name)}</h1>{paragraph(_subtitle(contents), 'soft')}",
            f"{paragraph(verdict(contents), 'verdict')}",
            f'<nav aria-label="sections">{menu}</nav></header><main>',
            *(text for _, _, text in made),
            f'</main><footer class="soft"><p>kistdsl {escape(__version__)}</p></footer>',
        ],
    )


def _subtitle(contents: Contents) -> str:
    config, settings = contents.config, contents.settings
    images = config.get("images", {})
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in images.items())
    return (
        f"{Path(str(config.get('data', ''))).name or 'product line'}: {counts} images; "
        f"{settings.get('model', '')} with {settings.get('method', '')}, {settings.get('size', '')} pixels, "
        f"seed {settings.get('seed', '')}"
    )
