"""The scripts that prepare what `make e2e` needs: what they say when they cannot, and what they leave."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, eventually

CI = Path(__file__).parents[1] / ".ci"
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(
    BASH is None or not Path("/etc/os-release").exists(), reason="these scripts are for Debian"
)


def sourced(line: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", f"source {CI / 'space.sh'}; {line}", "e2e"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_disk_that_is_too_small_is_told_before_it_is_full(tmp_path: Path) -> None:
    done = sourced(f"require_space 1000000000 {tmp_path}")
    assert done.returncode == 1
    assert f"e2e: {tmp_path} needs 1000000000 MB of disk" in done.stderr
    assert "MB too few" in done.stderr


def test_what_is_there_already_needs_no_space(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(3_000_000))
    free = int(sourced(f"free_space {tmp_path}").stdout)
    assert sourced(f"free_space() {{ echo 0; }}; require_space 3 {tmp_path}").returncode == 0
    assert sourced(f"free_space() {{ echo 0; }}; require_space 9 {tmp_path}").returncode == 1
    assert sourced(f"require_space {free // 2} {tmp_path}").returncode == 0


def test_a_failure_is_explained_by_a_full_disk_and_by_nothing_else(tmp_path: Path) -> None:
    assert "may be why" in sourced(f"free_space() {{ echo 12; }}; say_what_is_left {tmp_path}").stdout
    assert sourced(f"free_space() {{ echo 5000; }}; say_what_is_left {tmp_path}").stdout == ""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine whose engine has no images, and where time flies."""
    tools = tmp_path / "tools"
    tools.mkdir()
    state = tmp_path / "state"
    state.mkdir()
    for name, text in {"docker": "exit 1", "sleep": "exit 0", "python3.13": "echo /usr"}.items():
        script(tools / name, text)
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "E2E_STATE": str(state),
        "E2E_SCRATCH": f"{state}/scratch",
    }


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def stand_ins(machine: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [CI / "stand-ins" / "make"],
        env={**os.environ, **machine},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_download_that_fails_is_tried_again_and_then_told(machine: dict[str, str], tmp_path: Path) -> None:
    script(tmp_path / "tools" / "debootstrap", f"echo tried >>{tmp_path}/tries; echo no mirror today; exit 1")
    making = stand_ins(machine)
    told = making.communicate(timeout=PATIENCE)[1]
    assert making.returncode == 1
    assert (tmp_path / "tries").read_text().splitlines() == ["tried"] * 3
    assert "debootstrap has failed (3 of 3)" in told
    assert "no mirror today" in told
    assert not (tmp_path / "state" / "scratch" / "stand-ins").exists()


def test_what_is_ended_in_the_middle_leaves_nothing_behind(machine: dict[str, str], tmp_path: Path) -> None:
    scratch = tmp_path / "state" / "scratch" / "stand-ins"
    script(tmp_path / "tools" / "debootstrap", f"touch {scratch}/debian/begun; exec /bin/sleep 600")
    making = stand_ins(machine)
    eventually((scratch / "debian" / "begun").exists)
    os.killpg(making.pid, signal.SIGTERM)
    making.communicate(timeout=PATIENCE)
    assert making.returncode == 143
    assert not scratch.exists()


@pytest.mark.parametrize(("uv", "installers"), [("true", 0), ("false", 1), ("", 1)])
def test_pip_installs_where_uv_is_not_or_fails(uv: str, installers: int, tmp_path: Path) -> None:
    shutil.copy(CI.parent / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "sam.txt").touch()
    tools = tmp_path / ".venv-sam" / "bin"
    tools.mkdir(parents=True)
    (tools / "pip").touch()
    script(tools / "python", f'echo "$@" >>{tmp_path}/installed')
    command = ["make", f"UV={uv}", ".venv-sam/.installed"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    installed = tmp_path / "installed"
    told = installed.read_text().splitlines() if installed.exists() else []
    assert [line.split()[:3] for line in told] == [["-m", "pip", "install"]] * installers
    assert all("--require-hashes" in line for line in told)
    assert (tmp_path / ".venv-sam" / ".installed").exists()


@pytest.fixture
def nightly(tmp_path: Path) -> Path:
    """A copy of `.ci/long` whose fuzzing fails, and whose other commands note that they were run."""
    for folder in (".ci", ".venv/bin", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(CI / "long", tmp_path / ".ci")
    fails = "case $* in *tests/fuzz) exit 1 ;; esac"
    script(tmp_path / ".venv/bin/python", f'echo "$@" >>{tmp_path}/run; {fails}')
    script(tmp_path / "tools/make", f'echo make "$@" >>{tmp_path}/run')
    (tmp_path / "build").mkdir()
    script(tmp_path / "build/driver-long", f'echo driver "$@" >>{tmp_path}/run')
    return tmp_path


def long(copy: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{copy}/tools:{os.environ['PATH']}", "KERNEL_SEED": "7"}
    command = [str(copy / ".ci" / "long"), *parts]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_every_nightly_part_runs_and_is_reported_though_one_fails(nightly: Path) -> None:
    done = long(nightly)
    assert done.returncode == 1
    results = [line.split()[:2] for line in done.stdout.partition("=== results\n")[2].splitlines()]
    assert results == [
        ["check", "passed"],
        ["fuzz", "FAILED"],
        ["properties", "passed"],
        ["kernel", "passed"],
        ["kills", "passed"],
        ["jobs", "passed"],
        ["load", "passed"],
        ["memory", "passed"],
    ]
    run = (nightly / "run").read_text()
    assert "--hypothesis-profile=long" in run
    assert "driver 7 20000\n" in run
    assert "tests/app/workers/test_processes.py\n" in run
    assert "tests/emulator/test_jobs.py\n" in run
    assert "make load ARGS=--seconds 300\n" in run
    assert run.endswith("-m benchmarks.load.memory\n")


def test_nightly_parts_run_alone_and_pass_if_they_do(nightly: Path) -> None:
    assert long(nightly, "kills").returncode == 0
    assert (nightly / "run").read_text().split()[-1] == "tests/app/models/test_kill.py"
    assert long(nightly, "nonsense").returncode == 2
