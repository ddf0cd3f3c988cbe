"""Checking rule files, from a cold process: seconds and memory beside an interpreter that only imports Lark.

    python benchmarks/language.py [--rules 100 10000] [--repeats 5]

Each figure is the smallest of several runs of a process of its own, because other work on the machine only
adds time. The peer is the least that a checker which runs Lark must spend (this one runs Lark's tables without it); the
ratio is what counts.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROPERTIES = ("area", "gray", "shape", "unevenness", "symmetry")
TERMS = ("low", "mid", "high", "very low", "NOT high")


@dataclass(frozen=True, slots=True)
class Figure:
    """Wall and processor seconds, and the peak of resident memory in MB."""

    wall: float
    cpu: float
    memory: float


def rule_file(count: int) -> str:
    """`count` rules of three propositions each; the same for the same count."""
    rng = random.Random(count)
    lines = ["class crack"]
    for i in range(count):
        clauses = (f"{p} is {rng.choice(TERMS)}" for p in rng.sample(PROPERTIES, 3))
        target = rng.choice(("anomalous", "crack"))
        lines.append(f"rule r{i}: IF {' AND '.join(clauses)} THEN {target} (0.{rng.randint(80, 99)})")
    return "\n".join(lines) + "\n"


def measured(command: list[str], repeats: int) -> Figure:
    """The best of `repeats` runs, with bytecode on the disk as after an installation."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    figures = []
    for _ in range(repeats):
        start = time.perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        ) as process:
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        figures.append((time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return Figure(*(min(column) for column in zip(*figures, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rules", type=int, nargs="+", default=[100, 10000])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    peer = measured([sys.executable, "-c", "import argparse, lark"], args.repeats)
    print(f"{'':>14}  {'wall s':>7} {'cpu s':>7} {'MB':>6}  ratio (cpu)")
    print(f"{'import lark':>14}  {peer.wall:7.3f} {peer.cpu:7.3f} {peer.memory:6.0f}")
    with tempfile.TemporaryDirectory() as folder:
        for count in args.rules:
            path = Path(folder) / f"{count}.kr"
            path.write_text(rule_file(count), encoding="utf-8")
            for verb in ("check", "fmt"):
                options = ["--check"] if verb == "fmt" else []
                figure = measured(
                    [sys.executable, "-m", "kistdsl", verb, "-q", *options, str(path)], args.repeats
                )
                name = f"{verb} {count}"
                print(
                    f"{name:>14}  {figure.wall:7.3f} {figure.cpu:7.3f} {figure.memory:6.0f}  {figure.cpu / peer.cpu:.1f}"
                )


if __name__ == "__main__":
    main()
