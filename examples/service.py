"""An inspection service that grades regions sent as JSON.

    KISTDSL_RULES=rules/mtd.kr uvicorn --app-dir examples service:app

    curl -s localhost:8000/grade -H 'content-type: application/json' \\
      -d '{"regions": [{"area": 0.04, "gray": 30, "shape": 40, "unevenness": 2, "symmetry": 0.9}]}'

The fields of a region are the properties that the rules read, so the interactive page at /docs shows them with
their units, and a request that lacks one is answered with 422, its place and its name. JSON has no NaN: an unknown
value is null, and so is the grade of a region whose rules read it. The rules are compiled once, before the
first request; grading releases the GIL, so requests are answered side by side.
"""

import os
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

import kistdsl

DEFAULT_RULES = Path(__file__).parents[1] / "rules" / "mtd.kr"
MOST = 100_000  # regions in one request


class Verdict(BaseModel):
    """What the rules say of one region."""

    grade: float | None
    anomalous: bool
    rule: str | None


class Answer(BaseModel):
    """Verdicts in the order of the regions, and the rules that gave them."""

    rules: str
    source_hash: str
    alpha: float
    verdicts: list[Verdict]


def make_app(path: str | Path) -> FastAPI:
    """The service for one rule file; a file with errors is refused here, not at the first request."""
    rules = kistdsl.load(path)
    rules.evaluate({name: np.zeros(1) for name in rules.properties})  # compiled before anyone waits for it
    fields: dict[str, Any] = {
        column.name: (float | None, Field(description=f"{column.spec.doc} ({column.spec.unit})"))
        for column in rules.program.columns
    }
    region = create_model("Region", __config__=ConfigDict(extra="ignore", allow_inf_nan=False), **fields)
    body = create_model("Regions", regions=(Annotated[list[region], Field(max_length=MOST)], ...))
    app = FastAPI(title=rules.program.name or "kistdsl", version=rules.source_hash[:12])

    @app.exception_handler(RequestValidationError)
    def unfit(_: Request, error: RequestValidationError) -> JSONResponse:
        """What is unfit and where, without the value itself: an answer in JSON cannot hold NaN or 1e400."""
        problems = [{k: v for k, v in problem.items() if k != "input"} for problem in error.errors()]
        return JSONResponse({"detail": jsonable_encoder(problems)}, status_code=422)

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"rules": rules.program.name, "source_hash": rules.source_hash, "properties": rules.properties}

    @app.post("/grade")
    def grade(request: body) -> Answer:  # type: ignore[valid-type]
        columns = {
            name: np.array(
                [nan if (value := getattr(row, name)) is None else value for row in request.regions]
            )
            for name in rules.properties
        }
        found = rules.evaluate(columns)
        verdicts = [
            Verdict(
                grade=None if isnan(grade) else grade, anomalous=anomalous, rule=winner if anomalous else None
            )
            for grade, anomalous, winner in zip(
                found.grade.tolist(), found.anomalous.tolist(), found.winners, strict=True
            )
        ]
        return Answer(
            rules=rules.program.name, source_hash=rules.source_hash, alpha=rules.alpha, verdicts=verdicts
        )

    return app


app = make_app(os.environ.get("KISTDSL_RULES", DEFAULT_RULES))
