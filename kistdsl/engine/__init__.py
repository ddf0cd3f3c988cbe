"""Compiled rules for other people's programs: load, compile, grade, evaluate, explain."""

from __future__ import annotations

from kistdsl.engine.rule_set import Evaluation, RuleSet, compile, load

__all__ = ["Evaluation", "RuleSet", "compile", "load"]
