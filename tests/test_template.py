"""The SAM template, as AWS would read it: expanded by SAM's own translator, without a network."""

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.models.keys import UNNAMED
from app.settings import Settings

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
for name in ("Function", "Worker"):
    template["Resources"][name]["Properties"]["ImageUri"] = image
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
    store = function["Environment"]["Variables"]["SOM_STORE"]
    assert store == {"Fn::Sub": "s3://${ModelBucket}/${StorePrefix}"}


def test_the_policy_is_the_calls_of_the_store_on_its_prefix(resources: dict[str, dict[str, Any]]) -> None:
    role = resources["FunctionRole"]["Properties"]
    assert [str(arn).rsplit("/", 1)[-1] for arn in role["ManagedPolicyArns"]] == [
        "AWSLambdaBasicExecutionRole"
    ]
    (policy,) = role["Policies"]
    objects, keys, *_ = policy["PolicyDocument"]["Statement"]
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


def test_models_without_a_name_expire_where_that_is_wanted(resources: dict[str, dict[str, Any]]) -> None:
    condition, wanted, otherwise = resources["ModelBucket"]["Properties"]["LifecycleConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("UnnamedExpire", {"Ref": "AWS::NoValue"})
    (rule,) = wanted["Rules"]
    assert rule["Prefix"] == {"Fn::Sub": f"${{StorePrefix}}/{UNNAMED}"}
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", {"Ref": "UnnamedDays"})
    for function in ("Function", "Worker"):
        variables = resources[function]["Properties"]["Environment"]["Variables"]
        assert variables["SOM_UNNAMED_DAYS"] == {"Fn::If": ["UnnamedExpire", {"Ref": "UnnamedDays"}, ""]}


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


def statements(resources: dict[str, dict[str, Any]], role: str) -> dict[str, dict[str, Any]]:
    """Return what a role may do, by the statements' names."""
    properties = resources[role]["Properties"]
    assert [str(arn).rsplit("/", 1)[-1] for arn in properties["ManagedPolicyArns"]] == [
        "AWSLambdaBasicExecutionRole"
    ]
    (policy,) = properties["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def test_the_worker_is_the_same_image_with_another_command(resources: dict[str, dict[str, Any]]) -> None:
    function, worker = (resources[name]["Properties"] for name in ("Function", "Worker"))
    assert worker["ImageConfig"] == {"Command": ["app.aws_worker.handler"]}
    assert worker["Code"] == function["Code"]
    assert worker["Environment"] == function["Environment"]
    assert worker["Timeout"] == 900
    assert worker["RecursiveLoop"] == "Allow"


def test_the_queue_is_the_worker_s(resources: dict[str, dict[str, Any]]) -> None:
    variables = resources["Function"]["Properties"]["Environment"]["Variables"]
    assert variables["SOM_QUEUE"] == {"Ref": "JobQueue"}
    mapping = resources["WorkerMessages"]["Properties"]
    assert mapping["FunctionName"] == {"Ref": "Worker"}
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["JobQueue", "Arn"]}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaxWorkers"}}


def test_messages_are_hidden_and_given_up_as_aws_advises(resources: dict[str, dict[str, Any]]) -> None:
    queue = resources["JobQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * resources["Worker"]["Properties"]["Timeout"]
    redrive = queue["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadJobQueue", "Arn"]}
    attempts = Settings.model_fields["max_job_attempts"].default
    assert redrive["maxReceiveCount"] > attempts, "the worker says itself why a job has failed"
    kept = [resources[name]["Properties"]["MessageRetentionPeriod"] for name in ("JobQueue", "DeadJobQueue")]
    assert kept == [14 * 24 * 3600] * 2


def test_a_dead_message_raises_an_alarm(resources: dict[str, dict[str, Any]]) -> None:
    alarm = resources["DeadJobAlarm"]["Properties"]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadJobQueue", "QueueName"]}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


def test_each_function_may_do_what_it_does_and_nothing_else(resources: dict[str, dict[str, Any]]) -> None:
    api, worker = (statements(resources, role) for role in ("FunctionRole", "WorkerRole"))
    assert set(api) == set(worker) == {"Models", "ModelKeys", "Jobs", "JobKeys", "Queue"}
    assert api["Queue"]["Action"] == "sqs:SendMessage"
    assert sorted(worker["Queue"]["Action"]) == [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ]
    assert worker["Models"] == api["Models"]
    for statement in (*api.values(), *worker.values()):
        assert statement["Effect"] == "Allow"
        assert statement["Resource"] != "*"
    for role in (api, worker):
        assert role["Queue"]["Resource"] == {"Fn::GetAtt": ["JobQueue", "Arn"]}
        assert role["Jobs"]["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${JobBucket}/jobs/*"}
        assert role["JobKeys"]["Condition"] == {"StringLike": {"s3:prefix": "jobs/*"}}


def test_jobs_have_a_private_bucket_without_versions_that_forgets(
    resources: dict[str, dict[str, Any]],
) -> None:
    properties = resources["JobBucket"]["Properties"]
    assert "VersioningConfiguration" not in properties
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", {"Ref": "JobDays"})
    assert "Prefix" not in rule
    assert all(properties["PublicAccessBlockConfiguration"].values())
    variables = resources["Function"]["Properties"]["Environment"]["Variables"]
    assert variables["SOM_JOB_STORE"] == {"Fn::Sub": "s3://${JobBucket}"}


def test_sam_local_is_told_what_only_a_stack_knows(resources: dict[str, dict[str, Any]]) -> None:
    local = json.loads((ROOT / "configs" / "sam-local.json").read_text())["Parameters"]
    functions = [entry for entry in resources.values() if entry["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        variables = function["Properties"].get("Environment", {"Variables": {}})["Variables"]
        made_of_resources = {name for name, value in variables.items() if isinstance(value, dict)}
        assert made_of_resources <= set(local)
