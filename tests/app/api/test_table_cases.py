"""The cases of tests/tables through ``POST /train``."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.app.api.test_bad_requests import problem
from tests.cases import CASES, FOLDER, applies, check, check_error, name_of

CHOSEN = [case for case in CASES if applies(case, "api")]
HEADERS = {"content-type": "text/csv", "accept": "application/json"}
SMALL = {"width": "3", "height": "2", "iterations": "2", "random_state": "1"}


@pytest.mark.parametrize("case", CHOSEN, ids=map(name_of, CHOSEN))
def test_a_table_trains_or_is_refused_with_a_remedy(client: TestClient, case: dict[str, Any]) -> None:
    content, options = (FOLDER / case["file"]).read_bytes(), {**SMALL, **case["options"]}
    answer = client.post("/train", params=options, content=content, headers=HEADERS)
    dry = client.post("/train", params={**options, "dry_run": "true"}, content=content, headers=HEADERS)
    if case["expect"] == "error":
        for one in (answer, dry):
            document = problem(one, 422)
            check_error(
                case, " ".join([document["detail"], *(each["message"] for each in document["errors"])])
            )
        return
    assert answer.status_code == 201, answer.text
    card = answer.json()
    check(case, card["preparation"]["columns"], card["preparation"]["notes"], card["data"]["samples"])
    assert dry.status_code == 200
    document = dry.json()
    check(case, document["columns"], document["notes"], document["rows"])
    assert document["refused"] == []
    said = document["call"].removeprefix("POST ")
    explicit = client.post(said, content=content, headers=HEADERS)
    assert (explicit.status_code, explicit.json()["id"]) == (200, card["id"])


def test_a_charset_is_the_encoding(client: TestClient) -> None:
    headers = {**HEADERS, "content-type": "text/csv; charset=windows-1250"}
    content = (FOLDER / "cp1250.csv").read_bytes()
    card = client.post("/train", params=SMALL, content=content, headers=headers).json()
    assert card["preparation"]["columns"][0]["categories"] == ["Gdańsk", "Kraków", "Łódź"]
