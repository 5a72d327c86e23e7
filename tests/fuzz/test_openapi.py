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
from app.api.examples import EXAMPLE_ID, TRAINING
from app.app import create_app
from app.settings import Settings
from kohonen import Parameters, TrainedMap
from kohonen.data import FloatArray

#: Small limits make it quick; what the defaults of a request ask for is within them.
LIMITS: dict[str, Any] = {
    "max_side": 100,
    "max_iterations": 1000,
    "max_samples": 40,
    "max_weights": 100_000,
    "max_body_bytes": 2**20,
}
#: What JSON Schema has no words for, so that a request may fit the document and still be refused.
UNSAID = {
    "/colours": "a text that is no colour, a number that is out of the range",
    "/data": "rows of unequal lengths, values too large to be squared",
}

app = create_app(Settings(store="memory:", **LIMITS))
TestClient(app).post("/train", json=TRAINING["colours"]["value"]).raise_for_status()
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.fixture(autouse=True, scope="module")
def _quick_training() -> Iterator[None]:
    """Train for one iteration whatever is asked for: here it is about requests and answers."""

    def train(samples: FloatArray, parameters: Parameters, **more: Any) -> TrainedMap:
        trained = kohonen.train(samples, replace(parameters, iterations=1), **more)
        return replace(trained, parameters=parameters, iterations=parameters.iterations)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.training.train", train)
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
    answer = case.call()
    excluded: list[Any] = [positive_data_acceptance] if refused_for_what_is_unsaid(answer) else []
    case.validate_response(answer, excluded_checks=excluded)


def refused_for_what_is_unsaid(answer: Any) -> bool:
    """Say whether a request is over a limit of the deployment, or wrong in what a schema cannot say."""
    if answer.status_code != 422:
        return False
    document = answer.json()
    pointers = [error["pointer"] for error in document.get("errors", [])]
    return document["type"].endswith(":over-limit") or any(
        pointer.startswith(tuple(UNSAID)) for pointer in pointers
    )


def test_there_is_a_model_to_ask_for() -> None:
    assert TestClient(app).get(f"/models/{EXAMPLE_ID}").status_code == 200
