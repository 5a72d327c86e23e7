"""The Lambda image by itself, under the emulator that its base brings along."""

import base64
import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest

from tests.e2e import expected
from tests.e2e.conftest import Report
from tests.e2e.docker import Container, container
from tests.e2e.emulator import body, gateway, invoke, rest_event
from tests.e2e.s3 import S3Server

#: As in docs/deploy.md, but for the port.
CURL = (
    """curl -XPOST "http://localhost:8000/2015-03-31/functions/function/invocations" -d '{"resource": "/", """
    """"path": "/", "httpMethod": "GET", "requestContext": {}, "multiValueQueryStringParameters": null}'"""
)
#: As Lambda runs a function: nothing to write to but /tmp, a user without rights, memory that buys one core.
AS_IN_LAMBDA = (
    "--read-only",
    "--tmpfs=/tmp",
    "--user=993:990",
    "--cap-drop=ALL",
    "--memory=1769m",
    "--cpus=1",
)


@pytest.fixture(scope="module")
def in_s3(lambda_image: str, s3: S3Server) -> Iterator[Container]:
    options = (*AS_IN_LAMBDA, *s3.options("lambda"), "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=300")
    with container(lambda_image, *options, port=8080) as started:
        yield started


def post(path: str, content: dict[str, Any], *, accept: str = "image/png") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Accept": accept}
    return rest_event("POST", path, headers, json.dumps(content).encode())


def get(path: str, query: str = "") -> dict[str, Any]:
    return rest_event("GET", path, {"Accept": "*/*"}, b"", query=query)


def test_docker_run_and_curl(lambda_image: str) -> None:
    with container(lambda_image, port=8080) as started:
        command = shlex.split(CURL.replace("http://localhost:8000", started.url))
        done = subprocess.run(
            [*command, "--silent", "--show-error"], capture_output=True, text=True, timeout=60, check=True
        )
    answer = json.loads(done.stdout)
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "image/png"
    drawn = expected.pixels(base64.b64decode(answer["body"], validate=True))
    seed = int(answer["headers"]["kohonen-random-state"])
    np.testing.assert_array_equal(drawn, expected.demo(seed=seed))


def test_what_it_trains_is_what_is_trained_here(in_s3: Container, s3: S3Server) -> None:
    made = invoke(in_s3.url, post("/train", expected.TRAINING))
    assert made["statusCode"] == 201, made
    np.testing.assert_array_equal(expected.pixels(body(made)), expected.picture(expected.TRAINING))
    model_id = made["headers"]["kohonen-model-id"]
    answer = invoke(in_s3.url, get(f"/models/{model_id}/download"))
    assert answer["statusCode"] == 200
    weights = np.load(BytesIO(body(answer)), allow_pickle=False)
    np.testing.assert_allclose(weights, expected.weights(expected.TRAINING), rtol=0, atol=1e-9)
    assert s3.has("lambda", model_id)


def test_what_is_too_large_to_answer_is_a_link_to_s3(in_s3: Container) -> None:
    large = {**expected.TRAINING, "width": 420, "height": 420, "iterations": 1}
    made = invoke(in_s3.url, post("/train", large, accept="application/json"))
    card = json.loads(made["body"])
    assert card["weights"]["bytes"] > 4_000_000
    answer = invoke(in_s3.url, get(f"/models/{card['id']}/download"))
    assert answer["statusCode"] == 303
    link = urlsplit(answer["headers"]["location"])
    # The link is signed for the name under which the container knows this machine.
    url = link._replace(netloc=f"127.0.0.1:{link.port}").geturl()
    loaded = httpx2.get(url, headers={"Host": link.netloc}, timeout=60)
    assert loaded.status_code == 200
    weights = np.load(BytesIO(loaded.content), allow_pickle=False)
    np.testing.assert_allclose(weights, expected.weights(large), rtol=0, atol=1e-9)
    assert (
        httpx2.get(
            url.replace("X-Amz-Signature=", "X-Amz-Signature=0"), headers={"Host": link.netloc}
        ).status_code
        == 403
    )


def test_figures_are_drawn(in_s3: Container, report: Report) -> None:
    made = invoke(in_s3.url, post("/train", expected.TRAINING))
    place = f"/models/{made['headers']['kohonen-model-id']}/image"
    begun = time.monotonic()
    answer = invoke(in_s3.url, get(place, "view=planes&annotated=true"))
    seconds = time.monotonic() - begun
    assert answer["statusCode"] == 200, answer
    assert expected.is_yellow_somewhere(body(answer))
    report(f"the first annotated figure of an instance: {seconds:.2f} s, matplotlib and its fonts included")


def test_problems_are_text(in_s3: Container) -> None:
    answer = invoke(in_s3.url, post("/train", {**expected.TRAINING, "iterations": 10**6, "width": 900}))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (422, False)
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"])["type"] == "urn:kohonen:problem:over-limit"


def test_the_pages_work_behind_a_stage(in_s3: Container) -> None:
    with gateway(in_s3.url, stage="Prod") as url:
        page = httpx2.get(f"{url}/docs", timeout=60)
        assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(assets) == 3
        for asset in assets:
            assert asset.startswith("/Prod/assets/")
            assert httpx2.get(url.removesuffix("/Prod") + asset, timeout=60).status_code == 200
        assert httpx2.get(f"{url}/openapi.json", timeout=60).json()["servers"] == [{"url": "/Prod"}]
