"""Every command and snippet of the pages runs and shows what the page says (see `tests.docs.snippets`).

Each page has a folder of its own that holds `rules/`, `line.kr`, `LINE` (a small generated product line), `IMAGES` of
it, and `RUN` (a finished run on it), as the pages call them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import torch

from kistdsl.cli.main import main
from kistdsl.data.demo import DemoSettings, make_demo_line
from tests.cli.test_train import TINY
from tests.docs.snippets import Block, Runner, blocks, lines_of
from tests.docs.unrun import INSTEAD, UNRUN

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
    shutil.copytree(ROOT / "rules", folder / "rules")  # a page may write into it
    shutil.copyfile(ROOT / "rules" / "demo.kr", folder / "line.kr")
    for path in workshop.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "IMAGES").symlink_to(folder / "LINE" / "test" / "crack")
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
        Block("here", "sh", (), "kistdsl rule K301\nkistdsl check no-such-file.kr  # fails\n"),
        Block("here", "sh", (), "kistdsl train --config no-such-file.toml\n"),
        Block("here", "sh", (), "make no-such-target\n"),
        Block("here", "", (), "kistdsl check RULES\n"),
    ],
    ids=lambda block: f"{block.kind} {block.body.strip()}",
)
def test_what_a_page_says_wrongly_is_noticed(block: Block, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(AssertionError, match="here"):
        Runner(tmp_path / "here", ROOT).run(block)


def test_what_is_not_run_as_it_stands_is_on_a_page() -> None:
    shown = {
        line
        for page in PAGES
        for block in blocks(page)
        if block.kind == "sh"
        for line in lines_of(block.body)
    }
    assert not set(UNRUN) & set(INSTEAD)
    assert set(UNRUN) | set(INSTEAD) <= shown
    assert all(UNRUN.values())
    assert all(reason for _, reason in INSTEAD.values())


def test_lines_of_a_block() -> None:
    assert lines_of("# first\na  # why\n\nb \\\n  --c d\n") == ["a", "b --c d"]
