"""The AWS SAM command line: building, invoking and serving what template.yaml says."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.docker import HOST, ROOT
from tests.e2e.processes import answers, free_port, process
from tests.waiting import PATIENCE

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
TOOLS = ROOT / ".venv-sam" / "bin"
ENVIRONMENT = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}
#: `sam local` sets only variables that the template declares, and the address of S3 is none of them.
CHANGE = """
import json, sys
from samcli.yamlhelper import yaml_dump, yaml_parse
source, target, change = sys.argv[1:]
change = json.loads(change)
with open(source) as file:
    template = yaml_parse(file.read())
function = template["Resources"]["Function"]["Properties"]
function["Environment"]["Variables"].update(change.pop("variables"))
function.update(change)
with open(target, "w") as file:
    file.write(yaml_dump(template))
"""


@dataclass(frozen=True, slots=True)
class Sam:
    """What `sam build` made; a template of its own where it has been changed."""

    template: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def changed(self, name: str, variables: Mapping[str, str], **properties: Any) -> "Sam":
        """Return the same with other variables and properties of the function, and without a queue."""
        variables = {"SOM_JOB_STORE": "", "SOM_QUEUE": "none:", **variables}
        target = BUILT.with_name(f"{name}.yaml")
        change = json.dumps({"variables": dict(variables), **properties})
        subprocess.run([TOOLS / "python", "-c", CHANGE, BUILT, target, change], check=True)
        # samconfig.toml names a file of variables; this one takes its place.
        target.with_suffix(".json").write_text(json.dumps({"Parameters": dict(variables)}))
        # The emulator is given the credentials of whoever runs it.
        credentials = {key: value for key, value in variables.items() if key.startswith("AWS_")}
        return Sam(target, credentials)

    def invoke(self, event: Path, *options: str) -> Any:
        """Return the function's answer to an event."""
        command = ["local", "invoke", "Function", *self._options(), "--event", event, *options]
        done = run(*command, environment=self.environment)
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        # It exits with 0 even where the function failed.
        assert "errorMessage" not in answer, done.stdout + done.stderr
        return answer

    @contextmanager
    def start_api(self, log: Path, *options: str) -> Iterator[str]:
        """Serve the API until the block ends; yields its URL."""
        port = free_port()
        address = ["--host", "127.0.0.1", "--port", str(port), "--warm-containers", "EAGER"]
        url = f"http://127.0.0.1:{port}"
        command = [TOOLS / "sam", "local", "start-api", *self._options(), *address, *options]
        variables = {**ENVIRONMENT, **self.environment}
        with process(
            command,
            log=log,
            cwd=ROOT,
            environment=variables,
            ready=lambda: answers(url + "/health"),
        ):
            yield url

    def _options(self) -> list[str | Path]:
        options: list[str | Path] = ["--skip-pull-image", "--add-host", f"{HOST}:host-gateway"]
        if self.template:
            options += ["--template", self.template, "--env-vars", self.template.with_suffix(".json")]
        return options


def build() -> Sam:
    """Run `sam build`; `sam local` finds what it made, and its own options in samconfig.toml."""
    run("build")
    return Sam()


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 10 * PATIENCE
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [TOOLS / "sam", *arguments],
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
