"""The SAM template: what AWS's own tools say of it, and what it is told; tests/template has what it makes."""

import json
import re
import tomllib
from typing import Any

import pytest

from app.settings import Settings
from tests.template.stack import EVERYTHING, ROOT, SAM, Stack, run, stack

READ = """
import json
from samcli.yamlhelper import yaml_parse
with open("template.yaml") as file:
    print(json.dumps(yaml_parse(file.read())))
"""
ENVIRONMENTS = ["default", "dev", "prod"]

pytestmark = pytest.mark.skipif(
    not (SAM / "sam").exists(), reason="aws-sam-cli is not installed; make test does it"
)


@pytest.fixture(scope="module")
def parameters() -> dict[str, dict[str, Any]]:
    template = json.loads(run(SAM / "python", "-c", READ))
    said: dict[str, dict[str, Any]] = template["Parameters"]
    return said


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    read = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert read.pop("version") == 0.1
    return read


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_sam_finds_nothing_to_complain_about(environment: str) -> None:
    assert "is a valid SAM Template" in run(SAM / "sam", "validate", "--lint", "--config-env", environment)


def test_what_checkov_is_not_to_complain_about_has_a_reason() -> None:
    """`make infra` runs it, and fails for whatever is not named here."""
    said = re.findall(r"checkov:skip=?(.*)", (ROOT / "template.yaml").read_text())
    assert said
    for skip in said:
        assert re.fullmatch(r"CKV2?_AWS_\d+: \S+( \S+){4,}", skip), skip


def test_nothing_has_to_be_chosen(parameters: dict[str, dict[str, Any]]) -> None:
    for name, said in parameters.items():
        assert "Default" in said, name
        assert said["Description"], name
        assert said["Default"] in said.get("AllowedValues", [said["Default"]]), name


def test_the_guide_tells_every_parameter_and_its_default(parameters: dict[str, dict[str, Any]]) -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text().partition("### Parameters")[2].partition("\n### ")[0]
    told: dict[str, str] = {}
    for row in re.findall(r"^\| (`.*)$", guide, re.MULTILINE):
        names, defaults, _ = row.split("|", 2)
        told |= dict(zip(re.findall(r"`(\w+)`", names), re.findall(r"[^\s,]+", defaults), strict=True))
    assert told == {name: str(said["Default"]) or "none" for name, said in parameters.items()}


def test_the_tests_choose_what_may_be_chosen(parameters: dict[str, dict[str, Any]]) -> None:
    for name, value in EVERYTHING.items():
        said = parameters[name]
        assert re.fullmatch(said.get("AllowedPattern", ".*"), value), name
        assert value in [str(allowed) for allowed in said.get("AllowedValues", [value])], name


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("AllowedOrigins", "*", True),
        ("AllowedOrigins", "https://maps.example,http://localhost:3000", True),
        ("AllowedOrigins", "maps.example", False),
        ("AllowedOrigins", "https://maps.example/", False),  # an origin has no path, and would never match
        ("AlarmEmail", "som@maps.example", True),
        ("AlarmEmail", "som", False),
        ("Authorizer", "IAM", True),
        ("Authorizer", "NONE", False),
        ("BasePath", "som", True),
        ("BasePath", "som/maps", False),
        ("StorePrefix", "prod", True),
        ("StorePrefix", "../prod", False),
    ],
)
def test_what_cannot_work_is_refused_before_it_is_deployed(
    name: str, value: str, fits: bool, parameters: dict[str, dict[str, Any]]
) -> None:
    assert bool(re.fullmatch(parameters[name]["AllowedPattern"], value)) is fits
    assert re.fullmatch(parameters[name]["AllowedPattern"], parameters[name]["Default"])


def test_every_environment_is_a_stack_with_a_prefix_of_its_own(config: dict[str, Any]) -> None:
    assert list(config) == ENVIRONMENTS
    deploys = [environment["deploy"]["parameters"] for environment in config.values()]
    assert len({deploy["stack_name"] for deploy in deploys}) == len(deploys)
    prefixes = {chosen(environment)["StorePrefix"] for environment in config.values()}
    assert len(prefixes) == len(deploys)
    assert all(
        deploy["resolve_image_repos"] and deploy["capabilities"] == "CAPABILITY_IAM" for deploy in deploys
    )


def test_every_environment_chooses_of_what_there_is(
    config: dict[str, Any], parameters: dict[str, dict[str, Any]]
) -> None:
    for environment in config.values():
        for name, value in chosen(environment).items():
            said = parameters[name]
            assert value in [str(allowed) for allowed in said.get("AllowedValues", [value])], name
            assert re.fullmatch(said.get("AllowedPattern", ".*"), value), name


def chosen(environment: dict[str, Any]) -> dict[str, str]:
    """Return the parameters of an environment, for building and for deploying."""
    overrides: str = environment["global"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in overrides.split())


@pytest.mark.parametrize("parameters_chosen", [{}, EVERYTHING], ids=["plain", "everything"])
@pytest.mark.parametrize("function", ["Function", "Worker"])
def test_what_is_passed_are_settings(
    function: str, parameters_chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {f"SOM_{name.upper()}" for name in Settings.model_fields}
    made = stack(**parameters_chosen)
    variables = made.variables(function)
    assert set(variables) <= known
    for name, value in variables.items():
        monkeypatch.setenv(name, deployed(value))
    settings = Settings()
    assert settings.store == "s3://a-modelbucket/models"
    assert settings.job_store == "s3://a-jobbucket"
    assert settings.queue == "https://sqs.eu-west-1.amazonaws.com/123456789012/a-jobqueue"
    assert settings.unnamed_days == (14 if parameters_chosen else 30)
    if function == "Function":
        origins = ("https://maps.example", "https://b.example") if parameters_chosen else ()
        assert settings.allowed_origins == origins


def deployed(value: Any) -> str:
    """Return what a variable is once its resources are there."""
    match value:
        case {"Ref": "JobQueue"}:
            return "https://sqs.eu-west-1.amazonaws.com/123456789012/a-jobqueue"
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\}", lambda match: f"a-{match[1].lower()}", text)
    return str(value)


LOCAL = """
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
stacks, _ = SamLocalStackProvider.get_stacks("template.yaml")
print("\\n".join(route.path for route in ApiProvider(stacks).api.routes))
"""


def test_sam_local_finds_every_path() -> None:
    paths = {"/", "/{proxy+}", "/health", "/docs", "/redoc", "/openapi.json", "/assets/{asset}"}
    assert paths <= set(run(SAM / "python", "-c", LOCAL).split())


def test_sam_local_is_told_what_only_a_stack_knows() -> None:
    local = json.loads((ROOT / "configs" / "sam-local.json").read_text())["Parameters"]
    made: Stack = stack()
    for function in made.of_type("AWS::Lambda::Function"):
        variables = made.variables(function)
        assert {name for name, value in variables.items() if isinstance(value, dict)} <= set(local)
        assert set(local) <= set(variables), "sam local sets only what the template names"
