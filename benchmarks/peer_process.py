"""Other libraries in an environment of their own, called from this one's benchmarks.

`KISTDSL_PEERS` names a folder for the environment (default: `.peers` in the checkout); it is made on first use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"


class Missing(Exception):
    """A peer that cannot run here; the message says why."""


def _environment() -> Path:
    """The environment's Python, with the packages of `peers.txt`.

    Raises:
        Missing: they cannot be installed.
    """
    folder = Path(os.environ.get("KISTDSL_PEERS", ROOT / ".peers"))
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted, installed = (HERE / "peers.txt").read_text(), folder / "installed.txt"
    if not installed.is_file() or installed.read_text() != wanted:
        print(f"installing the peers into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        command = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "-r",
            HERE / "peers.txt",
        ]
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        if done.returncode:
            raise Missing("the peers' environment cannot be made (see above)")
        installed.write_text(wanted)
    return python


class Peers:
    """The process in which the peers run; it answers one request after the other."""

    def __init__(self) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        one = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMEXPR_MAX_THREADS"), "1")
        self._process = subprocess.Popen(
            [_environment(), HERE / "grading_peers.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**environment, **one},
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Raises:
        Missing: the library is not there.
        RuntimeError: the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peers' process ended at {request}")
        reply: dict[str, Any] = json.loads(line)
        if "missing" in reply:
            raise Missing(reply["missing"])
        return reply


@cache
def peers() -> Peers | Missing:
    """The one process, or why there is none."""
    try:
        return Peers()
    except (Missing, OSError, subprocess.SubprocessError) as error:
        return Missing(str(error))


class PeerRun:
    """One peer on one table; a call gives the grades of its first run."""

    def __init__(self, name: str, folder: Path, gammas: dict[str, float]) -> None:
        started = peers()
        if isinstance(started, Missing):
            raise started
        self._peers, self._name = started, name
        started.ask(make=name, folder=str(folder), gammas=gammas)
        self._grades: NDArray[Any] = np.load(folder / "grades.npy")

    def __call__(self) -> NDArray[Any]:
        return self._grades

    def seconds(self, calls: int) -> float:
        """A call's seconds, the mean of `calls`, measured over there."""
        value: float = self._peers.ask(peer=self._name, calls=calls)["seconds"]
        return value
