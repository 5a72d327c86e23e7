"""Requests made from the OpenAPI document, and every answer held to it by all of schemathesis's checks.

``FUZZ_EXAMPLES`` sets how many of each kind; the same number is the same requests, always.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

import kohonen
from app.api.schemas.examples import EXAMPLE_ID, TRAINING
from app.app import create_app
from app.settings import Settings
from kohonen import Parameters, TrainedMap
from kohonen.inputs.arrays import FloatArray

#: Small limits make it quick; what the defaults of a request ask for is within them.
LIMITS: dict[str, Any] = {
    "max_side": 100,
    "max_iterations": 1000,
    "max_samples": 40,
    "max_weights": 100_000,
    "max_body_bytes": 2**20,
}
#: Where a request may fit the document and still be refused, and why the document does not say so.
UNSAID = {
    "/encoding": "a text that names no encoding",
    "/thousands": "the sign that is the decimal one",
    "/colours": "a text that is no colour, a number that is out of the range",
    "/data": "rows of unequal lengths or of another length than the model's, values too large to be squared",
    "/columns": "columns of unequal lengths, of numbers and texts, or of nothing; CSV that is no table",
    "/normalisation": "a normalisation of a column that there is not, or in a query what is none",
    "/persist": "a job whose model is not to be stored",
    "/records": "rows by name, of a model that knows no names",
    "/cursor": "a text that no page before has handed out",
    "/annotated": "a figure of a view that has none",
    "/component": "a component that the map does not have",
    "/k": "more groups than the map has units",
    "/clusters": "the same",
    "/order": "an order without a metric to sort by",
    "/ref": "what moves, such as a name, where something is to be removed",
    "": "colours as well as data, or neither; two ways to space frames; text that is no table of numbers",
}

app = create_app(Settings(store="memory:", **LIMITS))
client = TestClient(app)
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.fixture(autouse=True, scope="module")
def _quick_training() -> Iterator[None]:
    """Train for one iteration whatever is asked for: here it is about requests and answers."""

    def train(samples: FloatArray, parameters: Parameters, **more: Any) -> TrainedMap:
        last_iteration = more.pop("last_iteration", None)
        if more.get("first_iteration"):  # going on from a model: its schedule is not this one's to change
            return kohonen.train(samples, parameters, **more, last_iteration=last_iteration)
        trained = kohonen.train(samples, replace(parameters, iterations=1), **more, last_iteration=1)
        return trained._replace(parameters=parameters, iterations=parameters.iterations, last_iteration=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.training.service.train", train)
        yield


@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20")),
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes long, and failures are told well as they are
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_documented(case: Case[Any]) -> None:
    if client.get(f"/models/{EXAMPLE_ID}").status_code == 404:  # an example has removed it
        client.post("/train", json=TRAINING["colours"]["value"]).raise_for_status()
    answer = case.call()
    excluded: list[Any] = [positive_data_acceptance] if refused_for_what_is_unsaid(answer) else []
    case.validate_response(answer, excluded_checks=excluded)


def refused_for_what_is_unsaid(answer: Any) -> bool:
    """Say whether a request is over a limit of the deployment, or wrong in what a schema cannot say."""
    if answer.status_code != 422:
        return False
    document = answer.json()
    errors = document.get("errors", [])
    if any(error["message"].endswith("a valid integer") for error in errors):
        return True  # 17.0, which is an integer to JSON Schema and none to strict types
    pointers = [error["pointer"] for error in errors]
    return document["type"].endswith(":over-limit") or any(
        pointer in UNSAID or pointer.startswith(("/colours/", "/data/", "/columns/")) for pointer in pointers
    )
