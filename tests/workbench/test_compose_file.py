"""compose.yaml as Docker Compose itself reads it; `make e2e` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMPOSE = Path(sys.executable).with_name("docker-compose")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Return the services of all profiles, with everything filled in."""
    done = subprocess.run(
        [COMPOSE, "--profile", "*", "config", "--format", "json"],
        cwd=ROOT,
        env={**os.environ, "COMPOSE_PROJECT_NAME": "kohonen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return found


def test_the_services_are_there(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"s3", "bucket", "api", "worker", "mlflow", "train", "notebook"}
    assert {name for name, service in services.items() if "profiles" in service} == {"train", "notebook"}


def test_what_is_published_is_published_to_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    published = {
        (name, port["published"]): port["host_ip"]
        for name, service in services.items()
        for port in service.get("ports", [])
    }
    assert published == {
        ("api", "5000"): "127.0.0.1",
        ("mlflow", "5001"): "127.0.0.1",
        ("notebook", "8888"): "127.0.0.1",
    }


def test_what_is_ours_has_no_rights_that_it_does_not_need(services: dict[str, dict[str, Any]]) -> None:
    for name in ("api", "worker", "mlflow", "train", "notebook"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_images_of_others_have_a_version(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert "build" in service or service["image"].rpartition(":")[2][0].isdigit()


def test_what_is_built_is_there_to_be_built(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_every_target_of_make_is_told(services: dict[str, dict[str, Any]]) -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    for target in ("build", "up", "api", "train", "notebook", "logs", "down"):
        assert f"make {target} " in done.stdout
