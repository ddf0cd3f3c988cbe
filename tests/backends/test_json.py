"""The JSON form: valid by its schema, and the same program when read back."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings

import kistdsl
from kistdsl.backends.json_export import schema, to_json
from kistdsl.ir.lower import lower
from kistdsl.language import checked
from kistdsl.language.memberships import MEMBERSHIPS
from tests.ir.programs import SPAN, SYNTAX, programs

VALIDATOR = jsonschema.Draft202012Validator(schema())


def condition(node: dict, program: checked.Program) -> checked.Condition:
    """A reader as another implementation would write it."""
    if "not" in node:
        return checked.Not(condition(node["not"], program), SPAN)
    for word, kind in (("and", checked.And), ("or", checked.Or)):
        if word in node:
            return kind(tuple(condition(n, program) for n in node[word]), SPAN)
    function = MEMBERSHIPS[node["function"]].build([float(v) for v in node["arguments"]])
    term = checked.Term(node["term"], None, function)
    return checked.Proposition(
        node["property"], node["divisor"], term, tuple(node["hedges"]), node["negated"], SPAN
    )


def read(text: str, program: checked.Program) -> checked.Program:
    """The rules of `text` in place of the program's own."""
    document = json.loads(text)
    rules = tuple(
        checked.Rule(
            r["name"], r["text"], condition(r["condition"], program), r["class"], r["truth_value"], r["line"],
            SPAN, SYNTAX,
        )
        for r in document["rules"]
    )  # fmt: skip
    columns = {c.name: c for c in program.columns}
    return checked.Program(
        name=document["name"],
        product=document["product"],
        alpha=document["alpha"],
        norms=document["norms"],
        columns=tuple(columns[p["name"]] for p in document["properties"]),
        declared=program.declared,
        terms=program.terms,
        classes=tuple(document["classes"]),
        rules=rules,
        tests=(),
        source_hash=document["source_hash"],
    )


@given(programs())
@settings(max_examples=40)
def test_reading_it_back_gives_the_same_program(program):
    text = to_json(program)
    VALIDATOR.validate(json.loads(text))
    assert lower(read(text, program)) == lower(program)


@pytest.mark.parametrize("name", ["mtd", "mtd_expert", "leather", "kolektor_mvtec", "demo"])
def test_shipped_rules(name, root):
    program = kistdsl.load(root / "rules" / f"{name}.kr").program
    document = json.loads(to_json(program))
    VALIDATOR.validate(document)
    assert document["product"] == program.product
    assert document["source_hash"] == program.source_hash
    assert document["alpha"] == program.alpha
    assert [(p["name"], p["unit"]) for p in document["properties"]] == [
        (c.name, c.spec.unit) for c in program.columns
    ]


def test_the_schema_is_one_and_refuses_what_is_not_a_program():
    jsonschema.Draft202012Validator.check_schema(schema())
    document = json.loads(to_json(kistdsl.compile("IF gray is low THEN anomalous").program))
    for wrong in ({"version": 2}, {"alpha": 0}, {"norms": "max"}, {"extra": 1}):
        assert not VALIDATOR.is_valid({**document, **wrong})
