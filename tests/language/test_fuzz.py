"""No input raises: a short run of the fuzzer, and Hypothesis on bytes and on broken files."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from .fuzz import corpus, made, try_one
from .strategies import files


def test_a_short_run_of_the_fuzzer() -> None:
    rng, texts = random.Random(20), corpus()
    for _ in range(1500):
        try_one(made(rng, texts))


@given(st.binary(max_size=80))
def test_bytes(data: bytes) -> None:
    try_one(data)


@given(files(), st.integers(0, 10**6), st.integers(0, 12), st.text(max_size=3))
def test_files_with_a_hole(text: str, place: int, length: int, patch: str) -> None:
    at = place % (len(text) + 1)
    try_one((text[:at] + patch + text[at + length :]).encode("utf-8", errors="surrogatepass"))
