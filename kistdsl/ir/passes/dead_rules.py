"""Rules that can never win are marked: another rule always grades at least as high.

A conjunction of more clauses than another's, with a truth value that is not higher, never passes it.
Its NaN must be some live rule's NaN too. The per-rule matrix still computes it.
"""

from __future__ import annotations

from dataclasses import replace

from kistdsl.ir import nodes as ir


def run(program: ir.Program) -> ir.Program:
    live = [True] * len(program.rules)
    for i in range(len(program.rules)):
        rivals = (j for j in range(len(program.rules)) if j != i and live[j])
        live[i] = not (any(_passes(program, j, i) for j in rivals) and _covered(program, i, live))
    rules = (replace(rule, live=keep) for rule, keep in zip(program.rules, live, strict=True))
    return replace(program, rules=tuple(rules))


def _parts(program: ir.Program, rule: ir.Rule) -> tuple[float, int]:
    """(truth value, node of the condition)."""
    node = program.nodes[rule.grade]
    return (node.truth_value, node.x) if isinstance(node, ir.Weigh) else (1.0, rule.grade)


def _clauses(program: ir.Program, index: int) -> frozenset[int]:
    """Nodes whose minimum the node is, up to one clamp."""
    node = program.nodes[index]
    if isinstance(node, ir.Clamp):
        return _clauses(program, node.x)
    if isinstance(node, ir.Minimum):
        return _clauses(program, node.a) | _clauses(program, node.b)
    return frozenset({index})


def _passes(program: ir.Program, winner: int, loser: int) -> bool:
    """Whether `winner` beats `loser` for every region.

    It must come first in the file: a tie, which 0 always is, goes to the first rule.
    """
    strong, condition = _parts(program, program.rules[winner])
    weak, other = _parts(program, program.rules[loser])
    return winner < loser and weak <= strong and _clauses(program, condition) <= _clauses(program, other)


def _covered(program: ir.Program, loser: int, live: list[bool]) -> bool:
    """Whether the loser's columns are all read by the other live rules."""
    sets = ir.column_sets(program.nodes)
    others = (sets[r.grade] for j, r in enumerate(program.rules) if live[j] and j != loser)
    return sets[program.rules[loser].grade] <= frozenset().union(*others)
