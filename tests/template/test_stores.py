"""The buckets: who may reach them and how, what stays, and what goes when."""

import json
from typing import Any

import pytest

from app.aws.worker import PRUNE
from tests.template.stack import Stack, stack

both = pytest.mark.parametrize("name", ["ModelBucket", "JobBucket"])


def rules(made: Stack, bucket: str) -> dict[str, dict[str, Any]]:
    found = made.properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in found} == {"Enabled"}
    return {rule["Id"]: rule for rule in found}


@both
def test_a_bucket_is_private_and_encrypted(name: str, either: Stack) -> None:
    properties = either.properties(name)
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@both
def test_a_bucket_outlives_the_stack_and_so_does_what_guards_it(name: str, either: Stack) -> None:
    for kept in (name, f"{name}Policy"):
        resource = either.resources[kept]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


@both
def test_a_bucket_is_reached_over_tls_only(name: str, either: Stack) -> None:
    policy = either.properties(f"{name}Policy")
    assert policy["Bucket"] == {"Ref": name}
    (statement,) = policy["PolicyDocument"]["Statement"]
    arn = f"arn:${{AWS::Partition}}:s3:::${{{name}}}"
    assert {key: part for key, part in statement.items() if key != "Sid"} == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::Sub": arn}, {"Fn::Sub": f"{arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@both
def test_what_was_never_finished_goes(name: str, either: Stack) -> None:
    assert rules(either, name)["EndUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_a_model_that_was_deleted_can_be_restored_for_a_while(plain: Stack) -> None:
    assert plain.properties("ModelBucket")["VersioningConfiguration"] == {"Status": "Enabled"}
    for made, days in ((plain, 30), (stack(OldVersionDays="90"), 90)):
        rule = rules(made, "ModelBucket")["ExpireOldVersions"]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
        assert rule["ExpiredObjectDeleteMarker"] is True
        assert "ExpirationInDays" not in rule
        assert "Prefix" not in rule


def test_no_rule_of_the_bucket_takes_models(either: Stack) -> None:
    found = rules(either, "ModelBucket")
    assert set(found) == {"ExpireOldVersions", "ExpireTemporary", "EndUploads"}
    temporary = found["ExpireTemporary"]
    assert temporary["Prefix"] == "models/temporary/"
    assert temporary["ExpirationInDays"] == 1


def test_the_worker_prunes_models_where_those_without_a_name_are_to_go(
    plain: Stack, everything: Stack
) -> None:
    for_ever = stack(UnnamedDays="0")
    for made, days, state in (
        (for_ever, "", "DISABLED"),
        (plain, 30, "ENABLED"),
        (everything, 14, "ENABLED"),
    ):
        worker = {"Ref": "WorkerAliaslive"} if made is everything else {"Fn::GetAtt": ["Worker", "Arn"]}
        for function in ("Function", "Worker"):
            assert made.variables(function)["SOM_UNNAMED_DAYS"] == days
        (rule,) = made.of_type("AWS::Events::Rule").values()
        assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 day)", state)
        (target,) = rule["Targets"]
        assert target["Arn"] == worker
        assert json.loads(target["Input"]) == PRUNE
        permissions = made.of_type("AWS::Lambda::Permission").values()
        assert len(permissions) == 2  # the other is the gateway's
        (permission,) = (one for one in permissions if one["Principal"] == "events.amazonaws.com")
        assert permission["FunctionName"] == worker
        assert permission["SourceArn"]["Fn::GetAtt"][0] in made.of_type("AWS::Events::Rule")


def test_pages_of_other_origins_may_download(plain: Stack, everything: Stack) -> None:
    assert "CorsConfiguration" not in plain.properties("ModelBucket")
    (rule,) = everything.properties("ModelBucket")["CorsConfiguration"]["CorsRules"]
    # After a redirect from the API to the bucket, a browser sends the origin "null".
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["*"], ["GET", "HEAD"])
    assert "CorsConfiguration" not in everything.properties("JobBucket")


def test_jobs_go_with_their_checkpoints_and_leave_no_versions(plain: Stack) -> None:
    assert plain.variables("Function")["SOM_JOB_STORE"] == {"Fn::Sub": "s3://${JobBucket}"}
    assert "VersioningConfiguration" not in plain.properties("JobBucket")
    for made, days in ((plain, 30), (stack(JobDays="3"), 3)):
        rule = rules(made, "JobBucket")["ExpireJobs"]
        assert rule["ExpirationInDays"] == days
        assert "Prefix" not in rule
