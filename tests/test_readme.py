"""The README's Python runs and says what it prints; its verbs and files exist."""

from __future__ import annotations

import re
from pathlib import Path

from kistdsl.cli.main import VERBS


def test_the_python_example_gives_what_its_comments_say(root: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)
    namespace: dict[str, object] = {}
    checked = 0
    for line in re.findall(r"^rules\..*?# .*$", block, flags=re.MULTILINE):
        expression, _, said = line.partition("#")
        if not namespace:
            exec(block, namespace)
        assert repr(eval(expression, namespace)) == said.strip()
        checked += 1
    assert checked == 2


def test_every_verb_and_file_that_is_named_exists(root: Path) -> None:
    text = (root / "README.md").read_text()
    blocks = "".join(re.findall(r"```\n(.*?)```", text, flags=re.DOTALL))
    assert set(re.findall(r"^kistdsl ([a-z]+)", blocks, flags=re.MULTILINE)) <= set(VERBS)
    for path in re.findall(r"\]\((docs/[^)]+)\)", text):
        assert (root / path).is_file(), path
