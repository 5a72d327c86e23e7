"""The two functions, their logs, versions and roles, and the queue between them."""

import ast
import inspect
from types import ModuleType
from typing import Any, Literal

import boto3
import pytest

from app.aws.worker import LONGEST_BACKOFF
from app.jobs.queue import sqs
from app.settings import Settings
from app.storage import s3
from tests.template.stack import EVERYTHING, Stack, stack

#: What the gateway waits for, in seconds.
GATEWAY = 29

both = pytest.mark.parametrize("name", ["Function", "Worker"])


@both
def test_a_function_is_the_lambda_image(name: str, either: Stack) -> None:
    function = either.properties(name)
    assert function["PackageType"] == "Image"
    assert function["Code"] == either.properties("Function")["Code"]
    assert either.resources[name]["Metadata"]["Dockerfile"] == "Dockerfile.aws.lambda"


@both
def test_memory_and_architecture_are_what_is_asked_for(name: str, plain: Stack, everything: Stack) -> None:
    chosen = [
        (made.properties(name)["MemorySize"], *made.properties(name)["Architectures"])
        for made in (plain, everything)
    ]
    assert chosen == [(1769, "x86_64"), (3538, "arm64")]


@both
def test_a_function_is_traced(name: str, either: Stack) -> None:
    assert either.properties(name)["TracingConfig"] == {"Mode": "Active"}


def test_a_request_is_answered_within_the_gateway_s_time(either: Stack) -> None:
    timeout = either.properties("Function")["Timeout"]
    assert GATEWAY - 2 < timeout < GATEWAY
    assert Settings.model_fields["max_training_seconds"].default < timeout


def test_the_worker_is_the_same_image_with_another_command(either: Stack) -> None:
    worker = either.properties("Worker")
    assert worker["ImageConfig"] == {"Command": ["app.aws.worker.handler"]}
    assert worker["Timeout"] == 900
    assert worker["RecursiveLoop"] == "Allow"
    assert either.variables("Worker").items() <= either.variables("Function").items()


def test_concurrency_is_reserved_where_that_is_wanted(plain: Stack, everything: Stack) -> None:
    assert "ReservedConcurrentExecutions" not in plain.properties("Function")
    assert everything.properties("Function")["ReservedConcurrentExecutions"] == 5


@both
def test_a_log_is_kept_for_as_long_as_is_asked(name: str, plain: Stack, everything: Stack) -> None:
    kept = []
    for made in (plain, everything):
        group = made.properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
        kept.append(made.properties(group)["RetentionInDays"])
    assert kept == [30, 7]
    others = set(everything.of_type("AWS::Logs::LogGroup"))
    assert others == {"FunctionLog", "WorkerLog", "ApiLog"}


@pytest.mark.parametrize("function", ["Function", "Worker"])
def test_a_new_image_is_a_new_version_behind_the_alias(function: str, plain: Stack) -> None:
    newer = stack(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/som:2")
    names = []
    for made in (plain, newer):
        alias = made.properties(f"{function}Aliaslive")
        name = alias["FunctionVersion"]["Fn::GetAtt"][0]
        assert alias["Name"] == "live"
        assert alias["FunctionVersion"] == {"Fn::GetAtt": [name, "Version"]}
        assert made.resources[name]["DeletionPolicy"] == "Retain"  # for going back
        names.append(name)
    assert names[0] != names[1]


def test_without_a_canary_codedeploy_has_no_part(plain: Stack) -> None:
    assert not [name for name, entry in plain.resources.items() if "CodeDeploy" in entry["Type"]]
    for name in ("Function", "Worker"):
        assert "UpdatePolicy" not in plain.resources[f"{name}Aliaslive"]


@both
def test_a_canary_is_rolled_back_by_the_alarms(name: str, everything: Stack) -> None:
    policy = everything.resources[f"{name}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = everything.properties(policy["DeploymentGroupName"]["Ref"])
    assert group["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent10Minutes"}
    # Messages may have waited for long before the deployment.
    alarms = set(everything.of_type("AWS::CloudWatch::Alarm")) - {"OldMessageAlarm"}
    assert {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]} == alarms
    assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["CanaryRole", "Arn"]}
    rollback = group["AutoRollbackConfiguration"]
    assert rollback["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"]


def test_snapshots_are_taken_where_they_are_asked_for(plain: Stack, everything: Stack) -> None:
    assert plain.properties("Function")["SnapStart"] == {"ApplyOn": "None"}
    assert everything.properties("Function")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "SnapStart" not in everything.properties("Worker")


# Roles


OBJECTS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]


def statements(made: Stack, name: str) -> list[dict[str, Any]]:
    """Return what a function may do, without the names of the statements; it has no policies but these."""
    role = made.properties(made.properties(name)["Role"]["Fn::GetAtt"][0])
    assert set(role) == {"AssumeRolePolicyDocument", "Policies"}, "and no boundary unless one is named"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Action"], trust["Principal"]) == ("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})
    (policy,) = role["Policies"]
    found = policy["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in found} == {"Allow"}
    return [{key: part for key, part in said.items() if key not in {"Sid", "Effect"}} for said in found]


def permitted(queue: str | list[str], log: str) -> list[dict[str, Any]]:
    """Return what a function needs; they differ in the queue's side that they are on, and in their logs."""
    return [
        {"Action": OBJECTS, "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucket}/dev/*"}},
        {
            "Action": "s3:ListBucket",
            "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucket}"},
            "Condition": {"StringLike": {"s3:prefix": "dev/*"}},
        },
        {"Action": OBJECTS, "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${JobBucket}/jobs/*"}},
        {
            "Action": "s3:ListBucket",
            "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${JobBucket}"},
            "Condition": {"StringLike": {"s3:prefix": "jobs/*"}},
        },
        # There is no narrower resource for traces.
        {"Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"},
        {"Action": queue, "Resource": {"Fn::GetAtt": ["JobQueue", "Arn"]}},
        {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": {"Fn::GetAtt": [log, "Arn"]}},
    ]


@pytest.fixture(scope="module")
def dev() -> Stack:
    return stack(StorePrefix="dev")


def test_the_function_may_do_what_it_does_and_nothing_else(dev: Stack) -> None:
    assert dev.variables("Function")["SOM_STORE"] == {"Fn::Sub": "s3://${ModelBucket}/dev"}
    send = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
    assert statements(dev, "Function") == permitted(send, "FunctionLog")


def test_the_worker_may_do_what_it_does_and_nothing_else(dev: Stack) -> None:
    consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    queue = [*consume, "sqs:SendMessage", "sqs:GetQueueAttributes"]
    assert statements(dev, "Worker") == permitted(queue, "WorkerLog")


def test_the_roles_permit_the_very_calls_that_the_code_makes(plain: Stack) -> None:
    calls = actions("s3", s3) | actions("sqs", sqs)
    function, worker = (
        {action for said in statements(plain, name) for action in listed(said["Action"])}
        for name in ("Function", "Worker")
    )
    # What Lambda does in a function's name: its log, its traces, and polling the queue.
    own = {action for action in function | worker if action.startswith(("logs:", "xray:"))}
    assert worker - own == calls | {"sqs:GetQueueAttributes"}
    assert calls - function == {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}


def actions(service: Literal["s3", "sqs"], module: ModuleType) -> set[str]:
    """Return what has to be permitted for the calls of AWS that a module makes."""
    client = boto3.client(service, region_name="eu-west-1")
    tree = ast.parse(inspect.getsource(module))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    operations = {api for name, api in client.meta.method_to_api_mapping.items() if name in named}
    # These two are permitted by another name than their own.
    other = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}
    return {f"{service}:{other.get(operation, operation)}" for operation in operations}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_nobody_else_has_a_role_but_who_moves_the_traffic(plain: Stack, everything: Stack) -> None:
    assert set(plain.of_type("AWS::IAM::Role")) == {"FunctionRole", "WorkerRole"}
    roles = everything.of_type("AWS::IAM::Role")
    assert set(roles) == {"FunctionRole", "WorkerRole", "CanaryRole"}
    assert {role["PermissionsBoundary"] for role in roles.values()} == {EVERYTHING["PermissionsBoundary"]}
    (trust,) = roles["CanaryRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    (policy,) = roles["CanaryRole"]["ManagedPolicyArns"]
    assert policy["Fn::Sub"].endswith("/AWSCodeDeployRoleForLambdaLimited")
    assert not plain.of_type("AWS::IAM::Policy")
    assert not plain.of_type("AWS::IAM::ManagedPolicy")


# The queue


def test_the_worker_takes_messages_one_by_one(either: Stack) -> None:
    assert either.variables("Function")["SOM_QUEUE"] == {"Ref": "JobQueue"}
    mapping = either.properties("WorkerMessages")
    canary = "UpdatePolicy" in either.resources["WorkerAliaslive"]
    assert mapping["FunctionName"] == (
        {"Ref": "WorkerAliaslive"} if canary else {"Fn::GetAtt": ["Worker", "Arn"]}
    )
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["JobQueue", "Arn"]}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_messages_are_hidden_briefly_and_given_up_late(either: Stack) -> None:
    queue = either.properties("JobQueue")
    # Lambda refuses a queue that hides messages for less than the function's timeout.
    assert queue["VisibilityTimeout"] == either.properties("Worker")["Timeout"]
    redrive = queue["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadJobQueue", "Arn"]}
    attempts = Settings.model_fields["max_job_attempts"].default
    assert redrive["maxReceiveCount"] > attempts, "the worker says itself why a job has failed"
    assert redrive["maxReceiveCount"] * LONGEST_BACKOFF / 2 > 3600, "an hour without S3 ends no job"


def test_queues_keep_messages_long_and_encrypted(either: Stack) -> None:
    for queue in either.of_type("AWS::SQS::Queue").values():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["SqsManagedSseEnabled"] is True
