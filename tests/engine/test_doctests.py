"""The examples in the engine's docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["rule_set", "tables"])
def test_examples(name):
    module = importlib.import_module(f"kistdsl.engine.{name}")
    result = doctest.testmod(module)
    assert result.failed == 0
    assert name != "rule_set" or result.attempted >= 8
