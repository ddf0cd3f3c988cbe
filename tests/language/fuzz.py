"""Odd inputs by the million: `python -m tests.language.fuzz 1000000 [seed]` prints how many went through.

Each input is a mutated rule file, a soup of words, or bytes. It is decoded, checked, rendered as text and, if
its syntax holds, formatted, twice; every eighth is also written for other tools. Anything that raises is
printed with its input.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from kistdsl.diagnostics.export import FORMATS
from kistdsl.diagnostics.render import render
from kistdsl.language.catalog import CATALOG
from kistdsl.language.check import check_loaded
from kistdsl.language.layout import formatted
from kistdsl.language.sources import Loaded, decode
from kistdsl.language.tokens import KEYWORDS
from kistdsl.schema import BUILTIN

ROOT = Path(__file__).resolve().parents[2]
WORDS = (
    *KEYWORDS,
    *[
        "AND",
        "OR",
        "NOT",
        "IF",
        "THEN",
        "area",
        "gray",
        "shape",
        "low",
        "mid",
        "high",
        "dark",
        "anomalous",
        "crack",
        "at",
        "L1",
    ],
    *[
        "trapmf",
        "zmf",
        "points",
        "0",
        "1",
        "0.8",
        "2%",
        "-inf",
        "inf",
        "1e400",
        ".5",
        "0,8",
        "1.2.3",
        "5px",
        "=>",
        ">=",
        "<=",
        "=",
        ":",
        ",",
        "(",
        ")",
        "#",
        "%",
    ],
    *(
        '"text"',
        '"',
        "“",
        "'",
        "\t",
        "\r",
        "\n",
        "\n  ",
        "\r\n",
        "\ufeff",
        "\u00a0",
        "é",
        "面",
        "\x00",
        "->",
        "&&",
    ),
    *("# kr: ignore[tab]", "# kr: ignore[", 'include "x.kr"', 'test "t":', "rule a:"),
)


def corpus() -> list[str]:
    """Every rule file of the repository, and a few lines that hold every construct."""
    texts = [p.read_bytes().decode("utf-8", errors="replace") for p in sorted(ROOT.glob("rules/*.kr"))]
    texts += [
        p.read_bytes().decode("utf-8", errors="replace") for p in sorted(ROOT.glob("tests/golden/*/*.kr"))
    ]
    return texts


def mutated(rng: random.Random, texts: list[str]) -> str:
    """A piece of a file with words put in, taken out, doubled or swapped."""
    lines = rng.choice(texts).splitlines(keepends=True) or [""]
    start = rng.randrange(len(lines))
    words = "".join(lines[start : start + rng.randint(1, 6)]).replace("\n", " \n ").split(" ")
    for _ in range(rng.randint(1, 5)):
        i = rng.randrange(len(words))
        choice = rng.randrange(5)
        if choice == 0:
            words[i] = rng.choice(WORDS)
        elif choice == 1:
            words.insert(i, rng.choice(WORDS))
        elif choice == 2 and len(words) > 1:
            del words[i]
        elif choice == 3:
            words[i] = words[i] * 2
        else:
            words[i] = words[i][: rng.randint(0, len(words[i]))] + rng.choice(WORDS)
    return " ".join(words)


def soup(rng: random.Random) -> str:
    return rng.choice([" ", ""]).join(rng.choice(WORDS) for _ in range(rng.randint(0, 25)))


def made(rng: random.Random, texts: list[str]) -> bytes:
    """One input."""
    choice = rng.randrange(20)
    if choice == 0:
        return rng.randbytes(rng.randint(0, 60))
    text = soup(rng) if choice < 8 else mutated(rng, texts)
    data = text.encode("utf-8", errors="surrogatepass")
    if choice == 8 and data:
        i = rng.randrange(len(data))
        return data[:i] + rng.randbytes(2) + data[i:]
    return data


def absent(path: str) -> Loaded:
    """Included files are empty: the fuzzer reads nothing from the disk."""
    return decode(b"", path)


def try_one(data: bytes, *, every_format: bool = True) -> None:
    """Anything but a return is a bug."""
    loaded = decode(data, "fuzz.kr")
    checked = check_loaded(loaded, BUILTIN, loader=absent)
    assert (checked.program is None) == any(d.severity == "error" for d in checked.diagnostics)
    for diagnostic in checked.diagnostics:
        render(diagnostic)
    if every_format:
        for write in FORMATS.values():
            write(checked.diagnostics, CATALOG[:1])
    if any(d.severity == "error" and d.code < "K1" for d in checked.diagnostics) and not every_format:
        return
    result = formatted(loaded)
    if not result.problems:
        assert not formatted(decode(result.text.encode("utf-8"), "fuzz.kr")).changed


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng, texts = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0), corpus()
    start, failures = time.monotonic(), 0
    for i in range(count):
        data = made(rng, texts)
        try:
            try_one(data, every_format=i % 8 == 0)
        except Exception as error:  # noqa: BLE001 - that is what the fuzzer looks for
            failures += 1
            print(f"{data!r}\n    {type(error).__name__}: {error}", flush=True)
        if i % 10000 == 9999:
            print(f"{i + 1} inputs, {failures} failures, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{count} inputs, {failures} failures, {time.monotonic() - start:.0f} s")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
