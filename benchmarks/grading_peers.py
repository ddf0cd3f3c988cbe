"""Table I's MTD rules by other libraries; runs in an environment of its own, driven line by line by `peer_process`.

Reads JSON requests on standard input, answers each with a JSON line: {"make": PEER, "folder": FOLDER, "gammas": ...}
prepares a grader for the columns kept in FOLDER and writes its grades there; {"peer": PEER, "calls": N} times it.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[], Any]
Columns = dict[str, "np.ndarray[Any, Any]"]
Gammas = dict[str, float]

FAR = 1e9  # as good as infinite, for libraries that want finite corners
TERMS = {"low": (-FAR, -FAR, 0.2, 0.4), "mid": (0.2, 0.4, 0.6, 0.8), "high": (0.6, 0.8, FAR, FAR)}
RULES = (
    ((("area", "high"), ("gray", "low"), ("unevenness", "low")), 1.0),
    ((("gray", "low"), ("shape", "high"), ("symmetry", "high")), 0.8),
    ((("shape", "low"), ("gray", "low"), ("unevenness", "low")), 0.8),
    ((("unevenness", "mid"), ("gray", "high"), ("shape", "high")), 1.0),
)
USED = tuple(dict.fromkeys(clause for clauses, _ in RULES for clause in clauses))


def corners(gammas: Gammas, name: str, term: str) -> list[float]:
    """Of a trapezoid in the property's own unit."""
    return [corner * gammas[name] for corner in TERMS[term]]


def scikit_fuzzy(columns: Columns, gammas: Gammas) -> Run:
    import skfuzzy

    def run() -> Any:
        of = {(n, t): skfuzzy.trapmf(columns[n], corners(gammas, n, t)) for n, t in USED}
        return reduce(np.fmax, (tv * reduce(np.fmin, map(of.__getitem__, clauses)) for clauses, tv in RULES))

    return run


def pyfuzzylite(columns: Columns, gammas: Gammas) -> Run:
    import fuzzylite as fl

    variables = [
        fl.InputVariable(
            name,
            minimum=0.0,
            maximum=gammas[name],
            terms=[fl.Trapezoid(t, *corners(gammas, name, t)) for n, t in USED if n == name],
        )
        for name in columns
    ]
    output = fl.OutputVariable("defect", aggregation=fl.Maximum(), terms=[fl.Constant("yes", 1.0)])
    texts = (
        "if " + " and ".join(f"{n} is {t}" for n, t in clauses) + f" then defect is yes with {tv}"
        for clauses, tv in RULES
    )
    block = fl.RuleBlock(conjunction=fl.Minimum(), implication=fl.Minimum(), activation=fl.General())
    engine = fl.Engine("mtd", input_variables=variables, output_variables=[output], rule_blocks=[block])
    block.rules.extend(fl.Rule.create(text, engine) for text in texts)

    def run() -> Any:
        output.fuzzy.clear()
        for name, column in columns.items():
            engine.input_variable(name).value = column
        block.activate()
        return reduce(np.maximum, (rule.activation_degree for rule in block.rules))

    return run


def simpful(columns: Columns, gammas: Gammas) -> Run:
    import simpful as sf

    system = sf.FuzzySystem(show_banner=False)
    for name in columns:
        sets = [sf.TrapezoidFuzzySet(*corners(gammas, name, t), term=t) for n, t in USED if n == name]
        system.add_linguistic_variable(name, sf.LinguisticVariable(sets, universe_of_discourse=[0, FAR]))
    system.set_crisp_output_value("yes", 1.0)
    for clauses, _ in RULES:
        text = "(" + ") AND (".join(f"{n} IS {t}" for n, t in clauses) + ")"
        system.add_rules([f"IF {text} THEN (defect IS yes)"])
    weights = [tv for _, tv in RULES]

    def run() -> Any:
        grades = []
        for row in zip(*columns.values(), strict=True):
            for name, value in zip(columns, row, strict=True):
                system.set_variable(name, value)
            strengths = system.get_firing_strengths()
            grades.append(max(w * float(s) for w, s in zip(weights, strengths, strict=True)))
        return np.array(grades)

    return run


def numexpr(columns: Columns, gammas: Gammas) -> Run:
    import numexpr as ne

    ne.set_num_threads(1)

    def least(texts: Any, sign: str) -> str:
        return reduce(lambda a, b: f"where({a} {sign} {b}, {a}, {b})", texts)

    def clause(name: str, term: str) -> str:
        a, b, c, d = TERMS[term]
        x = f"({name} / {gammas[name]!r})"
        sides = [f"(({x} - {a}) / {b - a!r})"] if a > -FAR else []
        sides += [f"(({d} - {x}) / {d - c!r})"] if d < FAR else []
        return least(["1.0", *sides], "<")

    # the clauses first, each into an array: nested whole, the expression grows beyond what numexpr takes
    texts = {f"m{i}": clause(n, t) for i, (n, t) in enumerate(USED)}
    place = {used: f"m{i}" for i, used in enumerate(USED)}
    rules = [f"({tv} * {least([place[c] for c in clauses], '<')})" for clauses, tv in RULES]

    def run() -> Any:
        kept = {name: ne.evaluate(text, columns) for name, text in texts.items()}
        grades = {f"r{i}": ne.evaluate(rule, kept) for i, rule in enumerate(rules)}
        return ne.evaluate(least(["0.0", *grades], ">"), grades)

    return run


def polars(columns: Columns, gammas: Gammas) -> Run:
    import polars as pl

    frame = pl.DataFrame(columns)

    def clause(name: str, term: str) -> Any:
        a, b, c, d = TERMS[term]
        x = pl.col(name) / gammas[name]
        sides = [(x - a) / (b - a)] if a > -FAR else []
        sides += [(d - x) / (d - c)] if d < FAR else []
        return pl.min_horizontal(sides).clip(0.0, 1.0)

    rules = [pl.min_horizontal(*(clause(n, t) for n, t in clauses)) * tv for clauses, tv in RULES]
    lazy = frame.lazy().select(grade=pl.max_horizontal(rules))  # the optimiser shares the memberships
    return lambda: lazy.collect()["grade"].to_numpy()


PEERS: dict[str, Callable[[Columns, Gammas], Run]] = {
    "scikit-fuzzy": scikit_fuzzy,
    "pyfuzzylite": pyfuzzylite,
    "simpful": simpful,
    "numexpr": numexpr,
    "polars": polars,
}


def answer(request: dict[str, Any], runs: dict[str, Run]) -> dict[str, Any]:
    if "make" in request:
        folder = Path(request["folder"])
        columns = {name: np.load(folder / f"{name}.npy") for name in request["gammas"]}
        runs[request["make"]] = PEERS[request["make"]](columns, request["gammas"])
        np.save(folder / "grades.npy", runs[request["make"]]())
        return {}
    run = runs[request["peer"]]
    start = time.perf_counter()
    for _ in range(request["calls"]):
        run()
    return {"seconds": (time.perf_counter() - start) / request["calls"]}


def main() -> None:
    runs: dict[str, Run] = {}
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):  # libraries greet
            try:
                reply = answer(json.loads(line), runs)
            except ImportError as error:
                reply = {"missing": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
