"""What an untouched stack costs at worst, if everybody who knows its URL calls it all day, but without a key.

Prices are list prices of us-east-1 in 2025, in US dollars. The gateway does not bill what it throttles or
refuses for a missing key.
"""

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.app import create_app
from app.runtime.telemetry import FIGURES
from app.settings import Settings
from tests.template.stack import ROOT, Stack, stack
from tests.template.test_api import ANY, api, stage

DAY, MONTH = 24 * 3600, 30
MOST = 5.0
REQUEST = 3.5e-6 + 0.2e-6 + 5e-6  # API Gateway, Lambda, a trace of X-Ray
GB_SECOND, GB_SENT, GB_LOGGED = 16.67e-6, 0.09, 0.5
#: Of a request that computes nothing, with its share of cold starts. Measured: some 5 to 30 ms.
SECONDS = 0.2
#: Lines of the service and of Lambda for one request, in GB.
LOGGED = 1.5e-6
ALARM, DASHBOARD, METRIC = 0.1 / MONTH, 3 / MONTH, 0.3 / MONTH
ECR = 0.2 * 0.1 / MONTH
POLLS = 10 * DAY / 20 * 0.4e-6  # Lambda's long polls of the queue


def sent() -> dict[str, float]:
    """Return the GB of the largest answer of each path that needs no key."""
    client = TestClient(create_app(Settings(store="memory:")))
    manifest = json.loads((ROOT / "app" / "web" / "assets" / "manifest.json").read_text())

    def largest(*paths: str) -> float:
        return float(max(len(client.get(path).content) for path in paths)) / 1e9

    assets = largest(*(f"/assets/{name}" for name in manifest))
    pages = {path: largest(path) for path in ("/health", "/docs", "/redoc", "/openapi.json")}
    return {"/assets/{asset}": assets, **pages}


def rate(made: Stack, path: str, method: str) -> float:
    """Return the requests per second that the gateway passes on."""
    settings = {(each["ResourcePath"], each["HttpMethod"]): each for each in stage(made)["MethodSettings"]}
    name = {ANY: "ANY"}.get(method, method.upper())
    own = settings.get(("/" + path.replace("/", "~1"), name), settings["/*", "*"])
    return float(own["ThrottlingRateLimit"])


def by_requests(made: Stack) -> dict[str, float]:
    """Return what the requests of a day may cost that need no key, by path."""
    function, sizes = made.properties("Function"), sent()
    second = function["MemorySize"] / 1024 * GB_SECOND
    costs: dict[str, float] = {}
    for path, methods in api(made)["paths"].items():
        for method, definition in methods.items():
            if not definition.get("security"):
                # A path that computes may do so until the function's timeout.
                seconds = SECONDS if path in sizes else function["Timeout"]
                each = REQUEST + seconds * second + sizes.get(path, 0) * GB_SENT + LOGGED * GB_LOGGED
                costs[f"{method} {path}"] = DAY * rate(made, path, method) * each
    return costs


def standing(made: Stack) -> float:
    """Return what a day costs without any request."""
    worker = made.properties("Worker")
    prune = float(worker["Timeout"] * worker["MemorySize"]) / 1024 * GB_SECOND  # once a day
    alarms, dashboards = (len(made.of_type(f"AWS::CloudWatch::{kind}")) for kind in ("Alarm", "Dashboard"))
    return alarms * ALARM + dashboards * DASHBOARD + (2 * len(FIGURES) + 1) * METRIC + prune + ECR + POLLS


def test_nobody_without_the_key_makes_an_untouched_stack_expensive(plain: Stack) -> None:
    costs = by_requests(plain)
    assert set(costs) == {f"{ANY} {path}" for path in sent()}
    worst = sum(costs.values()) + standing(plain)
    assert worst <= MOST, costs
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert re.findall(r"at most (\d\.\d) dollars a day", guide) == [f"{worst:.1f}"]
    assert re.findall(r"and (\d\.\d) dollars a day without any call", guide) == [f"{standing(plain):.1f}"]


@pytest.mark.parametrize(
    ("chosen", "least"),
    [({"RequireApiKey": "false"}, 100), ({"PageRate": "2"}, 20)],
    ids=["no key", "pages as fast as calls"],
)
def test_the_limits_are_what_keeps_it_cheap(chosen: dict[str, Any], least: float) -> None:
    assert sum(by_requests(stack(**chosen)).values()) > least
