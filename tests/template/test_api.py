"""The gateway: what it passes on, who needs a key, and how much it takes."""

import json
import re
from typing import Any

from app.app import create_app
from app.problems import document
from app.settings import Settings
from app.web.security import HEADER, is_open
from tests.template.stack import Stack, stack

ANY = "x-amazon-apigateway-any-method"
KEY: list[dict[str, list[str]]] = [{"ApiKey": []}]


def api(made: Stack) -> dict[str, Any]:
    """Return the OpenAPI document that the gateway is made from."""
    (properties,) = made.of_type("AWS::ApiGateway::RestApi").values()
    return dict(properties["Body"])


def stage(made: Stack) -> dict[str, Any]:
    (properties,) = made.of_type("AWS::ApiGateway::Stage").values()
    return properties


def resource(made: Stack, path: str) -> dict[str, Any]:
    """Return the methods of the resource of the gateway that takes a path of the service."""
    paths: dict[str, Any] = api(made)["paths"]
    fitting = [
        known for known in paths if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(known)), path)
    ]
    return dict(paths[fitting[0] if fitting else "/{proxy+}"])


def test_every_path_of_the_service_is_passed_on(either: Stack) -> None:
    assert {"/", "/{proxy+}"} <= set(api(either)["paths"])
    for path, methods in api(either)["paths"].items():
        assert ANY in methods, path


def test_everything_is_bytes_to_the_gateway(either: Stack) -> None:
    # The translator writes "~1", as in a JSON pointer, where the gateway has "/".
    assert api(either)["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_there_is_one_stage_which_traces_and_throttles() -> None:
    made = stage(stack(ThrottleRate="3", ThrottleBurst="4"))
    assert made["StageName"] == "Prod"
    assert made["TracingEnabled"] is True
    (settings,) = made["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (3, 4)


def test_nobody_needs_a_key_unless_that_is_asked_for(plain: Stack) -> None:
    for methods in api(plain)["paths"].values():
        assert all(not method.get("security") for method in methods.values())
    for kind in ("ApiKey", "UsagePlan", "UsagePlanKey"):
        assert not plain.of_type(f"AWS::ApiGateway::{kind}")
    assert "ApiKeyId" not in plain.outputs


def test_what_is_open_in_the_service_is_open_at_the_gateway_and_nothing_else(everything: Stack) -> None:
    app = create_app(Settings(store="memory:"))
    paths = {str(getattr(route, "path", "")).replace("{name}", "swagger-ui.css") for route in app.routes}
    paths |= set(app.openapi()["paths"])
    assert {"/", "/train", "/health", "/docs", "/redoc", "/openapi.json"} <= paths
    for path in paths:
        wanted = [] if is_open(path) else KEY
        assert resource(everything, path)[ANY].get("security", []) == wanted, path


def test_the_key_is_sent_as_the_service_would_have_it(everything: Stack) -> None:
    gateway = api(everything)["components"]["securitySchemes"]["ApiKey"]
    assert gateway == {"type": "apiKey", "name": HEADER.lower(), "in": "header"}


def test_a_browser_may_ask_without_a_key_whether_it_may_call(everything: Stack) -> None:
    for path in ("/", "/train"):
        assert "security" not in resource(everything, path)["options"]


def test_a_key_has_a_plan_with_limits(everything: Stack) -> None:
    (plan,) = everything.of_type("AWS::ApiGateway::UsagePlan").values()
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "ApiProdStage"}}]
    assert plan["Throttle"] == {"RateLimit": 10, "BurstLimit": 20}
    (key,) = everything.of_type("AWS::ApiGateway::UsagePlanKey").values()
    assert key == {
        "KeyId": {"Ref": "ApiKey"},
        "KeyType": "API_KEY",
        "UsagePlanId": {"Ref": "UsagePlan"},
    }
    # Its value is made by the gateway, and told by nothing here.
    assert everything.properties("ApiKey") == {"Enabled": True}
    assert everything.outputs["ApiKeyId"]["Value"] == {"Ref": "ApiKey"}


def test_what_the_gateway_refuses_is_a_problem(either: Stack) -> None:
    answers = api(either)["x-amazon-apigateway-gateway-responses"]
    for kind, status in (("INVALID_API_KEY", 401), ("THROTTLED", 429)):
        assert answers[kind]["statusCode"] == str(status)
        problem = json.loads(answers[kind]["responseTemplates"]["application/json"])
        assert problem == document(status, problem["detail"]), "as the service would have said it"


def test_a_parameter_alone_makes_a_new_deployment_of_the_gateway() -> None:
    # A stage serves a deployment, which keeps the API as it was when that was made.
    before, after = (stack(now=now).of_type("AWS::ApiGateway::Deployment") for now in (1, 2))
    assert set(before) != set(after)


def test_without_a_canary_the_function_itself_is_called(plain: Stack) -> None:
    """A change of parameters alone publishes no version, so that the alias would stay with the old ones."""
    changed = stack(AllowedOrigins="https://maps.example")
    assert set(plain.of_type("AWS::Lambda::Version")) == set(changed.of_type("AWS::Lambda::Version"))
    assert called(plain) == {"Fn::GetAtt": ["Function", "Arn"]}


def test_with_a_canary_its_alias_is_called(everything: Stack) -> None:
    assert called(everything) == {"Ref": "FunctionAliaslive"}


def called(made: Stack) -> Any:
    """Return what every method calls, and what the gateway may call."""
    integrations = [
        method["x-amazon-apigateway-integration"]
        for methods in api(made)["paths"].values()
        for method in methods.values()
    ]
    assert all(integration == integrations[0] for integration in integrations)
    assert (integrations[0]["type"], integrations[0]["httpMethod"]) == ("aws_proxy", "POST")
    text, names = integrations[0]["uri"]["Fn::Sub"]
    assert text.endswith(":lambda:path/2015-03-31/functions/${Called}/invocations")
    permissions = made.of_type("AWS::Lambda::Permission").values()
    (permission,) = (one for one in permissions if one["Principal"] == "apigateway.amazonaws.com")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["FunctionName"] == names["Called"]
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${Api}/Prod/*")
    return names["Called"]


def test_access_is_logged_where_that_is_wanted(plain: Stack, everything: Stack) -> None:
    assert "AccessLogSetting" not in stage(plain)
    assert "ApiLog" not in plain.resources
    setting = stage(everything)["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiLog", "Arn"]}
    assert everything.properties("ApiLog")["RetentionInDays"] == 7
    line = json.loads(setting["Format"])
    assert line["status"] == "$context.status"
    # No bodies, headers or queries, as in the log of the service.
    told = set(line.values())
    assert told == {value for value in told if re.fullmatch(r"\$context\.[A-Za-z.]+", value)}
