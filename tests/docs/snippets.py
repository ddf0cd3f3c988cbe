"""What the pages show, taken out of Markdown and run: one mechanism for all of docs/ and the README.

The first word behind the fence says what becomes of a block; blocks of a page run in order, in one folder:

| fence | what is done |
|---|---|
| `console` | each `$ ` line runs in bash and must succeed; the lines behind it, if any, are its output, standard error included, `...` standing for anything. `console exit=1`: the last command ends so |
| `python` | runs in the page's one namespace; `expression  # -> value` must have that value, standard output is compared with a `text output` block behind it, if there is one |
| `kr NAME`, `toml NAME`, `c NAME`, ... | written to the file NAME; `kr` without a name is checked as a rule file |
| `sh` | each line runs in bash and must succeed, but for those that `tests.docs.unrun` lists with a reason; their verbs, options and make targets must exist |
| `text`, `json`, `toml`, `yaml`, `lua`, `c` | shown only |

A comment `<!-- run` ... `-->` holds commands (as in `console`, without `$`) that the reader need not see.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kistdsl.cli.main import VERBS
from kistdsl.diagnostics import Source
from kistdsl.language.check import check_text
from kistdsl.schema import BUILTIN
from tests.docs.unrun import INSTEAD, UNRUN

SHOWN_ONLY = frozenset({"text", "json", "toml", "yaml", "lua", "c", "html", "mermaid"})

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$|^<!-- run\n(?P<hidden>.*?)^-->$",
    re.MULTILINE | re.DOTALL,
)
_SAID = re.compile(r"# -> (.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        place: `page.md:line` of its first line.
        kind: first word of the info string; "run" for hidden commands.
        options: the other words.
        body: its text.
    """

    place: str
    kind: str
    options: tuple[str, ...]
    body: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks and hidden commands of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        place = f"{page.name}:{text.count(chr(10), 0, match.start()) + 1}"
        if match["hidden"] is not None:
            found.append(Block(place, "run", (), match["hidden"]))
            continue
        kind, *options = match["info"].split() or [""]
        body = "".join(line[len(match["indent"]) :] for line in match["body"].splitlines(keepends=True))
        found.append(Block(place, kind, tuple(options), body))
    return found


@dataclass
class Runner:
    """Runs the blocks of one page.

    Attributes:
        folder: where commands run and files are written.
        root: the checkout, whose package is used.
    """

    folder: Path
    root: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "snippets"})
    printed: str = ""
    ran: int = 0

    def run(self, block: Block) -> None:
        """Run one block.

        Raises:
            AssertionError: it fails, or shows something else than the page says.
        """
        if block.kind in ("console", "run"):
            self._console(block)
        elif block.kind == "python":
            self._python(block)
        elif block.kind == "text" and "output" in block.options:
            same(block.body, self.printed, block.place)
        elif block.kind == "kr" and not block.options:
            checked = check_text(Source(block.place, block.body), BUILTIN)
            assert checked.program is not None, (block.place, [d.message for d in checked.diagnostics])
        elif block.options and "." in block.options[0]:
            target = self.folder / block.options[0]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif block.kind == "sh":
            for problem in unknown_words(block.body, self.root):
                raise AssertionError(f"{block.place}: {problem}")
            for command in lines_of(block.body):
                if command not in UNRUN:
                    self._bash(INSTEAD.get(command, (command,))[0], block.place)
        else:
            assert block.kind in SHOWN_ONLY, f"{block.place}: ```{block.kind} is not run; say what it is"
            return
        self.ran += 1

    def _python(self, block: Block) -> None:
        tree = ast.parse(block.body, block.place)
        lines = block.body.splitlines()
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard), contextlib.chdir(self.folder):
            for node in tree.body:
                said = _SAID.search(lines[(node.end_lineno or 1) - 1])
                if said and isinstance(node, ast.Expr):
                    value = eval(compile(ast.Expression(node.value), block.place, "eval"), self.names)
                    same(said[1] + "\n", repr(value) + "\n", f"{block.place}: {ast.unparse(node)}")
                else:
                    exec(compile(ast.Module([node], []), block.place, "exec"), self.names)
        self.printed = heard.getvalue()

    def _console(self, block: Block) -> None:
        commands = list(_commands(block))
        for number, (command, shown) in enumerate(commands):
            last = number == len(commands) - 1
            code = next((int(o[5:]) for o in block.options if last and o.startswith("exit=")), 0)
            said = self._bash(command, block.place, code)
            if shown:
                same(shown, said, f"{block.place}: {command}")

    def _bash(self, command: str, place: str, code: int = 0) -> str:
        """Run a command that must end with `code`; what it says."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == code, f"{place}: {command}\n{done.stdout}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """`kistdsl`, `python` and `torchrun` are those of this test run, without colour."""
        tools = self.folder.parent / "bin"
        if not tools.is_dir():
            tools.mkdir()
            run = {"kistdsl": "-m kistdsl", "python": "", "torchrun": "-m torch.distributed.run"}
            for name, arguments in run.items():
                tool = tools / name
                tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
                tool.chmod(0o755)
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        threads = {"OMP_NUM_THREADS": "1", "COLUMNS": "100", "NO_COLOR": "1"}
        return {**os.environ, **threads, "PATH": path, "PYTHONPATH": str(self.root), "LC_ALL": "C.UTF-8"}


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    """(command, output that is shown); a command goes on where its line ends with a backslash."""
    if block.kind == "run":
        yield f"set -e\n{block.body}", ""
        return
    lines = iter(block.body.splitlines())
    command, shown = "", ""
    for line in lines:
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], ""
            while command.endswith("\\"):
                command = command[:-1] + next(lines).strip()
        else:
            assert command, f"{block.place}: output before any command"
            shown += line + "\n"
    yield command, shown


def same(shown: str, got: str, place: str) -> None:
    """Whether what came out is what the page shows, `...` standing for anything, ends of lines trimmed."""
    want = "\n".join(line.rstrip() for line in shown.strip().splitlines())
    have = "\n".join(line.rstrip() for line in got.strip().splitlines())
    pattern = (
        re.escape(want + "\n")
        .replace(re.escape("...") + "\\\n", "(?:.*\n)*?")
        .replace(re.escape("..."), ".*?")
    )
    assert re.fullmatch(pattern, have + "\n", re.DOTALL), (
        f"{place}\nthe page shows\n{want}\nbut it gives\n{have}"
    )


def lines_of(body: str) -> list[str]:
    """Commands of an `sh` block, continued lines joined, without comments."""
    joined = re.sub(r"\\\n\s*", "", body)
    found = (re.sub(r"(^|\s+)#.*$", "", line) for line in joined.splitlines())
    return [command for command in found if command]


def options_of(verb: str) -> set[str]:
    """All option strings of a verb."""
    parser = argparse.ArgumentParser()
    importlib.import_module(f"kistdsl.cli.{verb}").configure(parser)
    return {option for action in parser._actions for option in action.option_strings}


def unknown_words(body: str, root: Path) -> Iterator[str]:
    """Verbs, options and make targets in forms of commands that do not exist."""
    targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", body).splitlines():
        words = (
            line.split("#")[0].replace("|", " ").replace("(", " ").replace(")", " ").replace("]", " ").split()
        )
        if words[:1] == ["make"] and words[1] not in targets:
            yield f"no make target {words[1]}"
        if "kistdsl" not in words:
            continue
        verb, *rest = words[words.index("kistdsl") + 1 :]
        if verb.startswith("-"):
            continue
        if verb not in VERBS:
            yield f"no verb {verb}"
            continue
        known = options_of(verb)
        for word in rest:
            option = word.lstrip("[").split("=")[0]
            if option.startswith("-") and option not in known:
                yield f"kistdsl {verb} has no option {option}"
