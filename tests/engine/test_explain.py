"""Explanations: the evaluator's own bits, exact flips."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kistdsl
from kistdsl.diagnostics import InputError
from kistdsl.engine.explain import explain, why_not
from kistdsl.engine.rule_set import RuleSet
from kistdsl.ir import reference
from kistdsl.language.floatline import before, behind
from kistdsl.language.literals import ranges_of

from ..ir.programs import programs

RULES = """\
property area high at 2%
class crack
rule stain "large dark patch": IF area is high AND gray is low AND unevenness is low THEN anomalous
rule line: IF gray is low AND shape is high THEN crack (0.8)
rule weak: IF gray is low OR NOT area is very high THEN anomalous (0.5)
"""
ROW = {"area": 0.04, "gray": 30.0, "shape": 20.0, "unevenness": 3.0}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return kistdsl.compile(RULES)


def test_what_it_says(rules: RuleSet) -> None:
    e = rules.explain(ROW)
    assert (e.grade, e.target, e.rule, e.anomalous, e.alpha) == (1.0, "anomalous", "stain", True, 0.8)
    stain, line, weak = e.rules
    assert (stain.grade, stain.truth, stain.tv, stain.capped_by, stain.text) == (
        1.0,
        1.0,
        1.0,
        "nothing",
        "large dark patch",
    )
    assert [p.membership for p in line.propositions] == [1.0, 0.0]
    assert (line.propositions[line.weakest].text, line.capped_by, line.fires) == (
        "shape is high",
        "clause",
        False,
    )
    assert (weak.capped_by, weak.propositions[weak.weakest].text) == ("truth value", "gray is low")
    assert weak.propositions[1].text == "area is very high"


def test_the_nearest_change_is_exact(rules: RuleSet) -> None:
    e = rules.explain(ROW)
    assert e.changes
    assert [c.distance for c in e.changes] == sorted(c.distance for c in e.changes)
    for change in e.changes:
        side = before if change.to > change.value else behind
        assert rules.grade_one({**ROW, change.property: change.to}) == change.grade < 0.8
        assert rules.grade_one({**ROW, change.property: side(change.to)}) >= 0.8
    assert "shape" not in {c.property for c in e.changes}


def test_json_has_the_named_keys(rules: RuleSet) -> None:
    data = json.loads(json.dumps(rules.explain(ROW).to_dict()))
    assert data.keys() >= {"grade", "class", "rule", "anomalous", "alpha", "rules"}
    for rule in data["rules"]:
        assert rule.keys() >= {"name", "grade", "truth", "tv", "propositions"}
        assert all(p.keys() >= {"text", "property", "value", "membership"} for p in rule["propositions"])


@settings(max_examples=60)
@given(st.data())
def test_numbers_are_the_evaluators(data: st.DataObject) -> None:
    program = data.draw(programs())
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    found = RuleSet(program)
    row = {c.name: rng.uniform(-0.2, 1.4) * c.gamma for c in program.columns}
    e = explain(found, row)
    outcome = reference.evaluate(program, row)
    matrix = found.matrix({name: [value] for name, value in row.items()}, backend="numpy")
    assert tuple(rule.grade for rule in e.rules) == outcome.rule_grades == tuple(matrix[0].tolist())
    assert (e.grade, e.anomalous, e.target) == (outcome.grade, outcome.anomalous, outcome.target)
    assert e.rule == program.rules[outcome.rule or 0].name
    for change in e.changes:
        there = reference.evaluate(program, {**row, change.property: change.to})
        assert there.grade == change.grade
        assert there.anomalous != e.anomalous


@settings(max_examples=60)
@given(st.data())
def test_no_nearer_change_exists(data: st.DataObject) -> None:
    program = data.draw(programs(norms=("zadeh",)))
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    ranges = ranges_of(program)
    row = {
        c.name: rng.uniform(max(ranges[c.name][0], -9), min(ranges[c.name][1], 9)) for c in program.columns
    }
    e = explain(RuleSet(program), row)
    assert not e.unproved
    nearest = {c.property: abs(c.to - c.value) for c in e.changes}
    for name, value in row.items():
        low, high = ranges[name]
        reach = nearest.get(name, math.inf)
        for _ in range(20):
            other = rng.uniform(max(low, value - min(reach, 1e3)), min(high, value + min(reach, 1e3)))
            if abs(other - value) < reach * (1 - 1e-12):
                assert reference.evaluate(program, {**row, name: other}).anomalous == e.anomalous


def test_why_not(rules: RuleSet) -> None:
    answer = why_not(rules, ROW, "line")
    assert [c.property for c in answer.changes] == ["shape"]
    to = answer.changes[0].to
    assert why_not(rules, {**ROW, "shape": to}, "line").rule.fires
    assert not why_not(rules, {**ROW, "shape": before(to)}, "line").rule.fires
    far = why_not(rules, {**ROW, "gray": 200.0}, "line")
    assert far.changes == ()
    assert [n.proposition.text for n in far.needed] == ["gray is low", "shape is high"]
    assert why_not(rules, ROW, "weak").needed_truth is None
    assert why_not(rules, ROW, "stain").winner == "stain"
    assert json.dumps(answer.to_dict())


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"area": 0.1}, "no value for property 'gray', which rules stain, line, weak read"),
        ({**ROW, "gray": math.nan}, "the value of property 'gray' is missing"),
        ({**ROW, "gray": math.inf}, "not a finite number"),
        ({**ROW, "gray": 10**400}, "property 'gray' is a number that float64 cannot hold"),
        ({**ROW, "gray": "dark"}, "property 'gray' is 'dark', not a number"),
    ],
)
def test_values_that_cannot_be_explained(rules: RuleSet, row: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rules.explain(row)


def test_unknown_rule(rules: RuleSet) -> None:
    with pytest.raises(InputError, match="no rule is called 'lin'; did you mean `line`"):
        why_not(rules, ROW, "lin")


def test_no_rules() -> None:
    e = kistdsl.compile("alpha 0.5\n").explain({})
    assert (e.grade, e.rule, e.target, e.anomalous, e.rules, e.changes) == (0.0, None, None, False, (), ())


def test_other_norms_say_what_is_not_determined() -> None:
    rules = kistdsl.compile(
        "norms product\nIF gray is low AND NOT gray is very low AND area is high THEN anomalous (0.9)\n"
    )
    e = rules.explain({"gray": 70.0, "area": 0.9})
    assert e.unproved == ("gray",)
