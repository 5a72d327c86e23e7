"""The workflows for GitHub: what zizmor and the schema (`make infra`) cannot know of this project."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MADE = re.compile(r"\bmake((?: [a-z0-9]+)+)")

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def targets(text: str) -> set[str]:
    """Return the make targets that a text runs; comments run none."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return {target for found in MADE.findall("\n".join(lines)) for target in found.split()}


def test_the_workflows_run_all_that_continuous_integration_does() -> None:
    everywhere = targets((ROOT / ".ci" / "run").read_text())
    assert everywhere <= targets((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert {"lint", "types", "infra", "test", "e2e"} <= everywhere


@every_workflow
def test_a_workflow_runs_what_there_is(path: Path) -> None:
    known = set(re.findall(r"^([a-z0-9]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets(path.read_text()) <= known


@every_workflow
def test_an_action_is_pinned_by_its_commit_and_alike_everywhere(path: Path) -> None:
    every = "".join(workflow.read_text() for workflow in WORKFLOWS)
    pins = dict(re.findall(r"uses: ([\w-]+/[\w-]+)@(\S+ # \S+)", every))
    for action in re.findall(r"uses: (\S.*)", path.read_text()):
        if action.startswith("$/"):
            assert (ROOT / action.removeprefix("$/")).is_file()
            continue
        name, _, pin = action.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), action
        assert pins[name] == pin


@every_workflow
def test_every_job_ends_and_may_do_nothing_that_it_does_not_say(path: Path) -> None:
    head, _, jobs = path.read_text().partition("\njobs:\n")
    assert "\npermissions: {}\n" in head
    assert "\nconcurrency:\n" in head
    for job in re.split(r"^  (?=\w+:\n)", jobs, flags=re.MULTILINE)[1:]:
        assert "    permissions:\n      contents: read" in job
        assert "timeout-minutes:" in job or "uses: $/" in job
    assert "secrets." not in jobs


def test_only_the_deployment_is_given_a_role_and_it_waits_for_the_tests() -> None:
    asking = [path.stem for path in WORKFLOWS if "id-token" in path.read_text()]
    assert asking == ["deploy"]
    _, ci, deploy = re.split(
        r"^  (?=(?:ci|deploy):\n)", (ROOT / ".github/workflows/deploy.yml").read_text(), flags=re.MULTILINE
    )
    assert "id-token" not in ci
    assert "    needs: ci\n" in deploy
    assert "          cache:" not in deploy, "what is deployed is made of nothing that another run has left"


def test_the_stack_that_answers_is_the_one_that_was_deployed() -> None:
    deploy = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    (environment,) = re.findall(r"make deploy TO=(\w+)", deploy)
    (stack,) = re.findall(r"--stack-name (\S+)", deploy)
    assert re.search(
        rf'\[{environment}\.deploy\.parameters\]\nstack_name = "{stack}"',
        (ROOT / "samconfig.toml").read_text(),
    )


def test_every_python_that_is_promised_is_tested() -> None:
    promised = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    (tested,) = re.findall(r"python: (\[.*\])", (ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert re.findall(r"3\.\d+", tested) == promised
