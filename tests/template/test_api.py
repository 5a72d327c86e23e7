"""The gateway: what it passes on, who needs a key, and how much it takes."""

import json
import re
import shlex
from typing import Any

import pytest

from app.app import create_app
from app.problems import document
from app.settings import Settings
from app.web.security import HEADER, is_open
from tests.template.stack import EVERYTHING, Stack, stack

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
    made = stage(stack(ThrottleRate="3", ThrottleBurst="4", PageRate="0.2"))
    assert made["StageName"] == "Prod"
    assert made["TracingEnabled"] is True
    rates = {
        (each["ResourcePath"], each["HttpMethod"]): each["ThrottlingRateLimit"]
        for each in made["MethodSettings"]
    }
    assert rates.pop(("/*", "*")) == 3
    assert rates.pop(("/~1health", "ANY")) == 0.5
    assert set(rates.values()) == {0.2}
    assert made["MethodSettings"][0]["ThrottlingBurstLimit"] == 4


def test_what_needs_no_key_is_throttled_further(either: Stack) -> None:
    open_paths = {path for path, methods in api(either)["paths"].items() if not methods[ANY].get("security")}
    throttled = {each["ResourcePath"] for each in stage(either)["MethodSettings"]} - {"/*"}
    assert throttled == {"/" + path.replace("/", "~1") for path in open_paths}


def test_nobody_needs_a_key_where_that_is_chosen() -> None:
    made = stack(RequireApiKey="false")
    for methods in api(made)["paths"].values():
        assert all(not method.get("security") for method in methods.values())
    for kind in ("ApiKey", "UsagePlan", "UsagePlanKey"):
        assert not made.of_type(f"AWS::ApiGateway::{kind}")
    assert "ApiKeyId" not in made.outputs
    assert "X-API-Key" not in made.outputs["FirstCall"]["Value"]["Fn::Sub"]


def test_the_stack_prints_a_call_that_fetches_the_key(plain: Stack) -> None:
    command = plain.outputs["FirstCall"]["Value"]["Fn::Sub"]
    for name, value in (
        ("AWS::Region", "eu-west-1"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("Api", "a"),
        ("ApiKey", "k"),
    ):
        command = command.replace(f"${{{name}}}", value)
    aws = "aws apigateway get-api-key --region eu-west-1 --api-key k --include-value --query value"
    aws += " --output text"
    assert shlex.split(command) == [
        "curl", "-H", f"X-API-Key: $({aws})",
        "https://a.execute-api.eu-west-1.amazonaws.com/Prod/?random_state=7", "--output", "demo.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "scheme"), [("IAM", "Signature"), (EVERYTHING["Authorizer"], "Token")], ids=["IAM", "Cognito"]
)
@pytest.mark.parametrize("key", ["true", "false"])
def test_an_authorizer_guards_what_a_key_guards(chosen: str, scheme: str, key: str, plain: Stack) -> None:
    made = stack(Authorizer=chosen, RequireApiKey=key)
    wanted = [*(KEY if key == "true" else []), {scheme: []}]
    for path, methods in api(plain)["paths"].items():
        closed = methods[ANY].get("security") == KEY
        assert api(made)["paths"][path][ANY].get("security", []) == (wanted if closed else []), path
    definition = api(made)["components"]["securitySchemes"][scheme]
    assert (definition["in"], definition["name"]) == ("header", "Authorization")
    if scheme == "Token":
        assert definition["x-amazon-apigateway-authorizer"]["providerARNs"] == [chosen]
    assert "Token" not in api(plain)["components"]["securitySchemes"]


def test_a_domain_is_there_where_one_is_named(plain: Stack, everything: Stack) -> None:
    for kind in (
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::WAFv2::WebACLAssociation",
    ):
        assert not plain.of_type(kind)
    domain = everything.properties("Domain")
    assert domain["DomainName"] == EVERYTHING["DomainName"]
    assert (domain["RegionalCertificateArn"], domain["SecurityPolicy"]) == (
        EVERYTHING["CertificateArn"],
        "TLS_1_2",
    )
    mapping = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "ApiProdStage"}}
    assert everything.properties("DomainMapping") == {**mapping, "BasePath": "som"}
    root = stack(DomainName="a.example", CertificateArn=EVERYTHING["CertificateArn"])
    assert root.properties("DomainMapping") == mapping
    assert everything.outputs["DomainTarget"]["Value"] == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}


def test_the_gateway_s_own_address_can_be_turned_off(plain: Stack, everything: Stack) -> None:
    for made, off in ((plain, False), (everything, True)):
        (server,) = api(made)["servers"]
        assert server["x-amazon-apigateway-endpoint-configuration"] == {"disableExecuteApiEndpoint": off}


def test_a_web_acl_filters_the_stage(everything: Stack) -> None:
    acl = everything.properties("WebAcl")
    assert acl["WebACLArn"] == EVERYTHING["WebAclArn"]
    assert acl["ResourceArn"]["Fn::Sub"].endswith("::/restapis/${Api}/stages/${ApiProdStage}")


def test_what_is_open_in_the_service_is_open_at_the_gateway_and_nothing_else(everything: Stack) -> None:
    app = create_app(Settings(store="memory:"))
    paths = {str(getattr(route, "path", "")).replace("{name}", "swagger-ui.css") for route in app.routes}
    paths |= set(app.openapi()["paths"])
    assert {"/", "/train", "/health", "/docs", "/redoc", "/openapi.json"} <= paths
    for path in paths:
        wanted = [] if is_open(path) else [*KEY, {"Token": []}]
        assert resource(everything, path)[ANY].get("security", []) == wanted, path


def test_the_key_is_sent_as_the_service_would_have_it(everything: Stack) -> None:
    gateway = api(everything)["components"]["securitySchemes"]["ApiKey"]
    assert gateway == {"type": "apiKey", "name": HEADER.lower(), "in": "header"}


def test_a_browser_may_ask_without_a_key_whether_it_may_call(plain: Stack, everything: Stack) -> None:
    for path in ("/", "/train"):
        assert "security" not in resource(everything, path)["options"]
        assert "options" not in resource(plain, path), "no other origin may call, so nobody has to ask"


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


@pytest.mark.parametrize("chosen", [{"Canary": "true"}, {"SnapStart": "true"}], ids=str)
def test_a_canary_and_snapshots_belong_to_the_alias(chosen: dict[str, str]) -> None:
    assert called(stack(**chosen)) == {"Ref": "FunctionAliaslive"}


def test_without_a_canary_the_function_itself_is_called(plain: Stack) -> None:
    """A change of parameters alone publishes no version, so that the alias would stay with the old ones."""
    changed = stack(AllowedOrigins="https://maps.example")
    assert set(plain.of_type("AWS::Lambda::Version")) == set(changed.of_type("AWS::Lambda::Version"))
    assert called(plain) == {"Fn::GetAtt": ["Function", "Arn"]}


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
