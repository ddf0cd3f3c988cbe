"""From the rules' cuts (columns by number) to the region kernel's (properties by name)."""

from __future__ import annotations

from kistdsl.engine.rule_set import RuleSet
from kistdsl.ir import cuts as ir_cuts
from kistdsl.regions import cuts as region_cuts
from kistdsl.regions.measure import ORDER


def region_cut(rules: RuleSet) -> region_cuts.Cut | None:
    """Where a region's grade reaches alpha, as tests of built-in properties.

    None where the norms do not decompose or a user's own property is used: then regions are graded.
    Built-in properties are never NaN, so that the cut says all.
    """
    if not set(rules.properties) <= ORDER.keys():
        return None
    cut = ir_cuts.decision(rules.ir)
    return None if cut is None else _converted(cut, rules.ir.columns)


def _converted(cut: ir_cuts.Cut, columns: tuple[str, ...]) -> region_cuts.Cut:
    if isinstance(cut, ir_cuts.Inside):
        return region_cuts.Within(columns[cut.column], cut.intervals)
    parts = tuple(_converted(part, columns) for part in cut.parts)
    return region_cuts.All(parts) if isinstance(cut, ir_cuts.AllOf) else region_cuts.Some(parts)
