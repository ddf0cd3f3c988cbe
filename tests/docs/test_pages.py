"""Every command and snippet of the pages runs and shows what the page says (see `tests.docs.snippets`).

Each page has a folder of its own that holds `rules/`, `LINE` (a small generated product line) and `RUN` (a
finished run on it), as the pages call them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line
from tests.cli.test_train import TINY
from tests.docs.snippets import Block, Runner, blocks

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("docs/**/*.md"),
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "README.md",
    ]
)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a line and a run."""
    place = tmp_path_factory.mktemp("workshop")
    settings = DemoSettings(size=32, train_good=12, train_anomalous=3, test_good=2, test_each=1)
    make_demo_line(place / "LINE", settings)
    (place / "tiny.toml").write_text(TINY)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    options = [
        "--data",
        str(place / "LINE"),
        "--config",
        str(place / "tiny.toml"),
        "--out",
        str(place / "RUN"),
    ]
    assert main(["train", *options, "--rules", str(ROOT / "rules" / "demo.kr"), "-q"]) == 0
    torch.set_num_threads(threads)
    return place


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page(page: Path, workshop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "rules").symlink_to(ROOT / "rules")
    for path in workshop.iterdir():
        (folder / path.name).symlink_to(path)
    runner = Runner(folder, ROOT)
    for block in blocks(page):
        runner.run(block)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "block",
    [
        Block("here", "python", (), "1 + 1  # -> 3\n"),
        Block("here", "console", (), "$ echo one\ntwo\n"),
        Block("here", "console", (), "$ false\n"),
        Block("here", "kr", (), "IF area is THEN anomalous\n"),
        Block("here", "sh", (), "kistdsl check RULES --no-such-option\n"),
        Block("here", "sh", (), "kistdsl chekc RULES\n"),
        Block("here", "", (), "kistdsl check RULES\n"),
    ],
    ids=lambda block: f"{block.kind} {block.body.strip()}",
)
def test_what_a_page_says_wrongly_is_noticed(block: Block, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(AssertionError, match="here"):
        Runner(tmp_path / "here", ROOT).run(block)
