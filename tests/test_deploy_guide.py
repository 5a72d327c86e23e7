"""The guide to deploying: its commands need an account, but AWS's own models know which there are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.model import ServiceModel
from botocore.session import get_session

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "deploy.md").read_text()
#: What every command of the AWS CLI takes.
GENERAL = {"query", "output", "region", "max-items"}
#: What the CLI has of its own, beside the operations of the API: whole commands, and options of others.
OWN = {
    ("cloudformation", "deploy"),
    ("s3", "mb"),
    ("s3", "rb"),
    ("logs", "tail"),
    ("ecr", "get-login-password"),
}
OWN_OPTIONS = {("ec2", "authorize-security-group-ingress"): {"protocol", "port", "cidr"}}


def commands() -> Iterator[tuple[str, str, set[str]]]:
    """List the commands of the AWS CLI: service, operation and options."""
    blocks = "\n".join(line for line in GUIDE.replace("\\\n", " ").splitlines() if line.startswith("    "))
    for said in re.split(r"\baws (?=[a-z0-9]+ [a-z])", blocks)[1:]:
        service, operation, *rest = re.split(r"[\n|;]|&&", said)[0].split(" ")
        yield service, operation.rstrip(")"), set(re.findall(r"(?:^|\s)--([a-z-]+)", " ".join(rest)))


def model(service: str) -> ServiceModel:
    name = {"s3api": "s3"}.get(service, service)
    return get_session().get_service_model(name)


def test_there_are_commands_to_look_at() -> None:
    known = {(service, operation) for service, operation, _ in commands()}
    assert ("apigateway", "create-usage-plan-key") in known
    assert ("lambda", "update-alias") in known
    assert len(known) > 30


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: " ".join(command[:2]))
def test_a_command_exists_with_its_options(command: tuple[str, str, set[str]]) -> None:
    service, operation, options = command
    if (service, operation) in OWN:
        return
    api = model(service)
    known = {xform_name(name, "-"): name for name in api.operation_names}
    if operation == "wait":
        assert service == "ecs"
        return
    assert operation in known
    shape = api.operation_model(known[operation]).input_shape
    assert shape is not None
    taken = {xform_name(name, "-") for name in shape.members}
    assert options <= taken | GENERAL | OWN_OPTIONS.get((service, operation), set())
    required = {xform_name(name, "-") for name in shape.required_members}
    assert required <= options


def test_the_base_images_are_named_as_the_images_name_them() -> None:
    named = {
        base
        for file in ("Dockerfile", "Dockerfile.aws.lambda")
        for base in re.findall(r"^FROM ([^\s@]+)", (ROOT / file).read_text(), re.MULTILINE)
    }
    (listed,) = re.findall(r"for image in (.*); do", GUIDE)
    assert set(listed.split()) == named


def test_links_inside_the_guide_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    linked = set(re.findall(r"\]\(#([\w-]+)\)", GUIDE))
    for other in ("README.md", "SECURITY.md"):
        linked |= set(re.findall(r"\]\(docs/deploy\.md#([\w-]+)\)", (ROOT / other).read_text()))
    assert {"parameters", "alarms"} <= linked <= anchors
