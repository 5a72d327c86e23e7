"""The role of the deployment from GitHub: it deploys the stack, and cannot make itself administrator."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.template.stack import ROOT, SAM, Stack, run

READ = """
import json
from samcli.yamlhelper import yaml_parse
with open(".github/deployment-role.yaml") as file:
    print(json.dumps(yaml_parse(file.read())["Resources"]))
"""
NAMES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "StackName": "kohonen-prod",
    "RepositoryPrefix": "kohonenprod",
    "Repository": "owner/kohonen",
    "Environment": "prod",
    "Boundary": "arn:aws:iam::123456789012:policy/boundary-of-kohonen-prod",
}
IAM = "arn:aws:iam::123456789012"
ROLE = f"{IAM}:role/kohonen-prod-FunctionRole-1"
OWN = f"{IAM}:role/github-kohonen-prod"
WITH = {"iam:PermissionsBoundary": NAMES["Boundary"]}
LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group"
REPOSITORY = "arn:aws:ecr:eu-west-1:123456789012:repository"
TRANSFORM = "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack"

Statement = dict[str, Any]


def resolved(value: Any) -> Any:
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(
                r"\$\{([\w:]+)\}",
                lambda found: NAMES.get(found[1], f"kohonen-prod-{found[1].lower()}-1"),
                text,
            )
        case {"Ref": str(name)}:
            return NAMES.get(name, name)
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            group = name.removesuffix("Log").lower().replace("function", "api")
            return {
                "JobQueue": "arn:aws:sqs:eu-west-1:123456789012:kohonen-prod-JobQueue-1",
            }.get(name, f"{LOGS}:/aws/lambda/kohonen-prod-{group}:*")
        case dict():
            return {key: resolved(part) for key, part in value.items()}
        case list():
            return [resolved(part) for part in value]
    return value


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(statements: list[Statement], action: str, resource: str, **context: str) -> bool:
    """Return whether a policy allows a call; none of its statements denies anything."""

    def holds(condition: dict[str, dict[str, Any]]) -> bool:
        assert set(condition) <= {"StringEquals", "ArnLike"}
        return all(
            any(fnmatchcase(context.get(key, ""), pattern) for pattern in listed(patterns))
            for test in condition.values()
            for key, patterns in test.items()
        )

    return any(
        any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(said["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in listed(said["Resource"]))
        and holds(said.get("Condition", {}))
        for said in statements
    )


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    found: dict[str, Any] = resolved(json.loads(run(SAM / "python", "-c", READ)))
    return found


def statements(made: dict[str, Any], name: str) -> list[Statement]:
    found: list[Statement] = made[name]["Properties"]["PolicyDocument"]["Statement"]
    assert {said["Effect"] for said in found} == {"Allow"}
    return found


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, {}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:CreateRole", f"{IAM}:role/another", WITH),
        ("iam:AttachRolePolicy", ROLE, {}),
        ("iam:PutRolePolicy", ROLE, {}),
        ("iam:PutRolePolicy", OWN, WITH),
        ("iam:AttachRolePolicy", OWN, WITH),
        ("iam:PutRolePermissionsBoundary", ROLE, {}),
        ("iam:DeleteRolePermissionsBoundary", ROLE, WITH),
        ("iam:UpdateAssumeRolePolicy", OWN, {}),
        ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/admin", {}),
        ("iam:CreatePolicyVersion", NAMES["Boundary"], {}),
        ("iam:SetDefaultPolicyVersion", NAMES["Boundary"], {}),
        ("iam:DeletePolicy", NAMES["Boundary"], {}),
        ("iam:CreatePolicyVersion", f"{IAM}:policy/deployment-of-kohonen-prod", {}),
        ("iam:CreateUser", f"{IAM}:user/another", {}),
        ("iam:CreateAccessKey", f"{IAM}:user/admin", {}),
        ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/another", {}),
        ("sts:AssumeRole", f"{IAM}:role/admin", {}),
        ("iam:PassRole", f"{IAM}:role/admin", {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", OWN, {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("lambda:UpdateFunctionCode", f"{LAMBDA}:admin", {}),
        ("lambda:InvokeFunction", f"{LAMBDA}:admin", {}),
        ("lambda:CreateEventSourceMapping", "*", {"lambda:FunctionArn": f"{LAMBDA}:admin"}),
        ("cloudformation:UpdateStack", f"{STACK}/another/1", {}),
        ("cloudformation:UpdateStack", f"{STACK}/github-kohonen-prod/1", {}),
        ("cloudformation:CreateChangeSet", f"{STACK}/CDKToolkit/1", {}),
        ("s3:PutObject", "arn:aws:s3:::another/key", {}),
        ("ec2:RunInstances", "*", {}),
        ("organizations:CreateAccount", "*", {}),
        ("codebuild:StartBuild", "*", {}),
    ],
)  # fmt: skip
def test_it_cannot_make_itself_administrator(
    action: str, resource: str, context: dict[str, str], made: dict[str, Any]
) -> None:
    assert not allowed(statements(made, "Deployment"), action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, WITH),
        ("iam:PutRolePolicy", ROLE, WITH),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("cloudformation:CreateChangeSet", f"{STACK}/kohonen-prod/1", {}),
        ("cloudformation:CreateChangeSet", f"{STACK}/kohonen-prod-1a2b3c4d-CompanionStack/1", {}),
        ("cloudformation:DescribeStacks", f"{STACK}/aws-sam-cli-managed-default/1", {}),
        ("cloudformation:CreateChangeSet", TRANSFORM, {}),
        ("ecr:PutImage", f"{REPOSITORY}/kohonenprod1a2b3c4d/function1repo", {}),
        ("lambda:PublishVersion", f"{LAMBDA}:kohonen-prod-Function-1", {}),
        ("lambda:CreateEventSourceMapping", "*", {"lambda:FunctionArn": f"{LAMBDA}:kohonen-prod-Worker-1"}),
        ("s3:PutBucketPolicy", "arn:aws:s3:::kohonen-prod-modelbucket-1", {}),
        ("sqs:CreateQueue", "arn:aws:sqs:eu-west-1:123456789012:kohonen-prod-JobQueue-1", {}),
        ("cloudwatch:PutDashboard", "arn:aws:cloudwatch::123456789012:dashboard/kohonen-prod", {}),
        ("logs:CreateLogGroup", f"{LOGS}:/aws/lambda/kohonen-prod-api:*", {}),
        ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/restapis", {}),
    ],
)  # fmt: skip
def test_it_can_deploy(action: str, resource: str, context: dict[str, str], made: dict[str, Any]) -> None:
    assert allowed(statements(made, "Deployment"), action, resource, **context)


def test_only_deployments_of_the_environment_take_it(made: dict[str, Any]) -> None:
    (trust,) = made["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:owner/kohonen:environment:prod",
        }
    }
    assert not fnmatchcase(made["Role"]["Properties"]["RoleName"], "kohonen-prod-*"), (
        "it cannot change itself"
    )


def test_the_boundary_allows_what_the_stack_s_roles_do_and_no_rights(
    made: dict[str, Any], either: Stack
) -> None:
    boundary = statements(made, "Boundary")
    for name in ("FunctionRole", "WorkerRole"):
        (policy,) = either.properties(name)["Policies"]
        for said in policy["PolicyDocument"]["Statement"]:
            for action in listed(said["Action"]):
                for resource in listed(resolved(said["Resource"])):
                    assert allowed(boundary, action, resource), (action, resource)
    for action in ("iam:CreateRole", "sts:AssumeRole", "lambda:UpdateFunctionCode", "s3:PutBucketPolicy"):
        assert not allowed(boundary, action, ROLE)
        assert not allowed(boundary, action, "*")


def test_the_workflow_sets_the_boundary() -> None:
    workflow = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    assert 'PermissionsBoundary=$BOUNDARY"' in workflow
    assert "BOUNDARY: ${{ vars.AWS_BOUNDARY_ARN }}" in workflow
