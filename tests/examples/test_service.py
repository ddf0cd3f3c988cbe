"""The FastAPI example answers as the rules grade, also to many at once, and names what a request lacks."""

from __future__ import annotations

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kistdsl

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("httpx2", reason="httpx2, which the test client speaks through, is not installed")
TestClient = pytest.importorskip("fastapi.testclient").TestClient


REGION = {"area": 0.04, "gray": 30.0, "shape": 40.0, "unevenness": 2.0, "symmetry": 0.9}


@pytest.fixture(scope="module")
def client(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("service", root / "examples" / "service.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return TestClient(module.app)


def regions(seed: int, count: int = 50) -> list[dict[str, float | None]]:
    """Regions of which every fifth value is unknown."""
    rng = np.random.default_rng(seed)
    highest = {"area": 0.1, "gray": 255, "shape": 190, "unevenness": 40, "symmetry": 1}
    return [
        {name: None if rng.random() < 0.2 else float(rng.uniform(0, high)) for name, high in highest.items()}
        for _ in range(count)
    ]


def expected(root: Path, given: list[dict[str, float | None]]) -> list[dict[str, Any]]:
    rules = kistdsl.load(root / "rules" / "mtd.kr")
    found = rules.evaluate({name: [row[name] for row in given] for name in rules.properties})
    return [
        {
            "grade": None if isnan(grade) else grade,
            "anomalous": anomalous,
            "rule": winner if anomalous else None,
        }
        for grade, anomalous, winner in zip(
            found.grade.tolist(), found.anomalous.tolist(), found.winners, strict=True
        )
    ]


def test_many_requests_at_once_get_the_grades_of_the_rules(client: Any, root: Path) -> None:
    given = [regions(seed) for seed in range(24)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda rows: client.post("/grade", json={"regions": rows}), given))
    verdicts = [answer.json()["verdicts"] for answer in answers]
    assert verdicts == [expected(root, rows) for rows in given]
    grades = [verdict["grade"] for rows in verdicts for verdict in rows]
    assert None in grades  # unknown values were among them
    assert any(verdict["anomalous"] for rows in verdicts for verdict in rows)


def test_an_answer_names_its_rules(client: Any, root: Path) -> None:
    rules = kistdsl.load(root / "rules" / "mtd.kr")
    answer = client.post("/grade", json={"regions": [{**REGION, "tile": "a"}]}).json()
    assert answer["source_hash"] == rules.source_hash
    assert answer["verdicts"][0]["rule"] == "large_dark_even"
    assert client.get("/health").json()["properties"] == list(rules.properties)
    assert client.post("/grade", json={"regions": []}).json()["verdicts"] == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"gray": "dark"}, ["body", "regions", 1, "gray"]),
        ({"gray": ...}, ["body", "regions", 1, "gray"]),
    ],
)
def test_an_unfit_request_is_told_where(client: Any, change: dict[str, Any], place: list[Any]) -> None:
    row = {name: value for name, value in {**REGION, **change}.items() if value is not ...}
    answer = client.post("/grade", json={"regions": [REGION, row]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == place


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity"])
def test_a_number_that_is_not_finite_is_told_where(client: Any, number: str) -> None:
    """Python's JSON reads all of these, and writes none of them into an answer."""
    text = json.dumps({"regions": [{**REGION, "gray": 0.125}]}).replace("0.125", number)
    answer = client.post("/grade", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["loc"] == ["body", "regions", 0, "gray"]
    assert "finite" in problem["msg"]


def test_the_schema_tells_units(client: Any) -> None:
    region = client.get("/openapi.json").json()["components"]["schemas"]["Region"]
    assert "gray levels" in region["properties"]["gray"]["description"]
    assert set(region["required"]) == set(REGION)
