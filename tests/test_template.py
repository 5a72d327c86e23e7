"""The SAM template, as AWS would read it: expanded by SAM's own translator, without a network."""

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SAM = ROOT / ".venv-sam" / "bin"
ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "SAM_CLI_TELEMETRY": "0",
}
EXPAND = """
import json, logging, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

class Policies:
    def load(self):
        name = "AWSLambdaBasicExecutionRole"
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}"}

logging.disable()
with open("template.yaml") as file:
    template = yaml_parse(file.read())
# `sam deploy` puts the address of the pushed image here.
image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/som:1"
template["Resources"]["Function"]["Properties"]["ImageUri"] = image
json.dump(transform(template, {}, Policies()), sys.stdout)
"""

pytestmark = pytest.mark.skipif(
    not (SAM / "sam").exists(), reason="aws-sam-cli is not installed; make test does it"
)


def run(*command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    """Return the resources by their names, and each role, permission and deployment that SAM adds."""
    expanded: dict[str, dict[str, Any]] = json.loads(run(SAM / "python", "-c", EXPAND))["Resources"]
    return expanded


@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_sam_finds_nothing_to_complain_about(environment: str) -> None:
    assert "is a valid SAM Template" in run(SAM / "sam", "validate", "--lint", "--config-env", environment)


def test_the_function_is_an_image_within_the_gateway_s_time(resources: dict[str, dict[str, Any]]) -> None:
    function = resources["Function"]["Properties"]
    assert function["PackageType"] == "Image"
    assert function["Timeout"] == 28  # the gateway waits for 29 seconds
    assert function["MemorySize"] == 1769
    store = function["Environment"]["Variables"]
    assert store == {"SOM_STORE": {"Fn::Sub": "s3://${ModelBucket}/${StorePrefix}"}}


def test_the_policy_is_the_calls_of_the_store_on_its_prefix(resources: dict[str, dict[str, Any]]) -> None:
    role = resources["FunctionRole"]["Properties"]
    assert [str(arn).rsplit("/", 1)[-1] for arn in role["ManagedPolicyArns"]] == [
        "AWSLambdaBasicExecutionRole"
    ]
    (policy,) = role["Policies"]
    objects, keys = policy["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in (objects, keys)} == {"Allow"}
    assert sorted(objects["Action"]) == ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert objects["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucket}/${StorePrefix}/*"}
    assert keys["Action"] == "s3:ListBucket"
    assert keys["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucket}"}
    assert keys["Condition"] == {"StringLike": {"s3:prefix": {"Fn::Sub": "${StorePrefix}/*"}}}


def test_the_bucket_is_private_encrypted_versioned_and_kept(resources: dict[str, dict[str, Any]]) -> None:
    bucket = resources["ModelBucket"]
    properties = bucket["Properties"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())


def test_the_api_has_one_stage_and_sends_everything_to_the_function(
    resources: dict[str, dict[str, Any]],
) -> None:
    stages = [
        entry["Properties"]["StageName"] for entry in resources.values() if entry["Type"].endswith("Stage")
    ]
    assert stages == ["Prod"]
    (api,) = (entry["Properties"] for entry in resources.values() if entry["Type"].endswith("RestApi"))
    # The translator writes "~1", as in a JSON pointer, where the gateway has "/".
    assert api["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert {path: list(methods) for path, methods in api["Body"]["paths"].items()} == {
        "/": ["x-amazon-apigateway-any-method"],
        "/{proxy+}": ["x-amazon-apigateway-any-method"],
    }


def test_every_environment_is_a_stack_with_a_prefix_of_its_own() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert config.pop("version") == 0.1
    deploys = [environment["deploy"]["parameters"] for environment in config.values()]
    assert len({deploy["stack_name"] for deploy in deploys}) == len(deploys) == 3
    assert len({deploy["parameter_overrides"] for deploy in deploys}) == len(deploys)
    assert all(
        deploy["resolve_image_repos"] and deploy["capabilities"] == "CAPABILITY_IAM" for deploy in deploys
    )
