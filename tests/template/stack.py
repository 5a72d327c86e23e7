"""The template as CloudFormation makes a stack of it: SAM's own translator expands it, without a network."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".venv-sam" / "bin"
ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "SAM_CLI_TELEMETRY": "0",
}
EXPAND = """
import json, logging, sys, time
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

class Policies:
    def load(self):
        return {}

logging.disable()
parameters, now, image = json.loads(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
time.time = lambda: now
with open("template.yaml") as file:
    template = yaml_parse(file.read())
# `sam deploy` puts the address of the pushed image here.
for name in ("Function", "Worker"):
    template["Resources"][name]["Properties"]["ImageUri"] = image
json.dump(transform(template, parameters, Policies()), sys.stdout)
"""
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/som:1"
NO_VALUE = {"Ref": "AWS::NoValue"}
#: Everything on that can be.
EVERYTHING = {
    "UnnamedDays": "14",
    "ReservedConcurrency": "5",
    "ThrottleRate": "10",
    "RequireApiKey": "true",
    "Authorizer": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Maps",
    "WebAclArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/maps/1",
    "DomainName": "api.maps.example",
    "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1",
    "BasePath": "som",
    "DisableExecuteApiEndpoint": "true",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
    "AllowedOrigins": "https://maps.example, https://b.example",
    "AccessLogs": "true",
    "AlarmEmail": "som@maps.example",
    "Canary": "true",
    "SnapStart": "true",
    "Architecture": "arm64",
    "Memory": "3538",
    "LogDays": "7",
}

Resource = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """What a stack consists of with certain parameters: no conditions are left, and no parameters."""

    resources: dict[str, Resource]
    outputs: dict[str, Any]

    def properties(self, name: str) -> dict[str, Any]:
        return dict(self.resources[name]["Properties"])

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of the resources of a type, by their names."""
        found = {name: entry for name, entry in self.resources.items() if entry["Type"] == kind}
        return {name: entry.get("Properties", {}) for name, entry in found.items()}

    def variables(self, function: str) -> dict[str, Any]:
        return dict(self.properties(function)["Environment"]["Variables"])


def run(*command: str | Path) -> str:
    """Run something in the SAM environment, and return what it prints."""
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def stack(*, now: int = 0, image: str = IMAGE, **parameters: str) -> Stack:
    """Make the stack that the template is with these parameters, and its own defaults for the others."""
    template = json.loads(run(SAM / "python", "-c", EXPAND, json.dumps(parameters), str(now), image))
    values = {
        name: json.loads(str(value)) if said["Type"] == "Number" else value
        for name, said in template["Parameters"].items()
        for value in [parameters.get(name, said["Default"])]
    }
    conditions = template["Conditions"]
    holds = {name: _holds(said, values, conditions) for name, said in conditions.items()}

    def made(entries: dict[str, Any]) -> dict[str, Any]:
        kept = {name: entry for name, entry in entries.items() if holds.get(entry.get("Condition", ""), True)}
        return {name: _resolved(entry, values, holds) for name, entry in kept.items()}

    return Stack(made(template["Resources"]), made(template["Outputs"]))


def _holds(condition: dict[str, Any], values: dict[str, Any], others: dict[str, Any]) -> bool:
    ((function, arguments),) = condition.items()
    if function == "Condition":
        return _holds(others[arguments], values, others)
    if function in {"Fn::Not", "Fn::Or"}:
        found = [_holds(argument, values, others) for argument in arguments]
        return any(found) if function == "Fn::Or" else not found[0]
    assert function == "Fn::Equals", f"a condition of another kind: {function}"
    one, other = (_resolved(argument, values, {}) for argument in arguments)
    return str(one) == str(other)


def _resolved(value: Any, values: dict[str, Any], holds: dict[str, bool]) -> Any:
    """Return a part of the template with the parameters put in, and without what a condition rules out."""
    match value:
        case {"Ref": name} if name in values:
            return values[name]
        case {"Fn::If": [condition, then, otherwise]}:
            return _resolved(then if holds[condition] else otherwise, values, holds)
        case {"Fn::Sub": str(text)}:
            for name, parameter in values.items():
                text = text.replace(f"${{{name}}}", str(parameter))
            return {"Fn::Sub": text} if "${" in text else text
        case dict():
            parts = {key: _resolved(part, values, holds) for key, part in value.items()}
            return {key: part for key, part in parts.items() if part != NO_VALUE}
        case list():
            return [part for part in (_resolved(part, values, holds) for part in value) if part != NO_VALUE]
    return value
