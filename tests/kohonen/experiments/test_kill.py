"""Trainings whose processes are killed at random moments are resumed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kohonen.experiments.runs import told
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[3]

EXPERIMENT = """\
data: {random: {samples: 30, dimension: 3}}
parameters: {width: 40, height: 30, iterations: 3000, random_state: 3}
output: {frames: 6, telemetry: 60, checkpoint_seconds: 1e-9, views: [map]}
"""

#: Kills its own process after an iteration, however slow the machine is.
MODULE = """\
import os, signal
from kohonen import Observer

class Killer(Observer):
    def after_iteration(self, training):
        if training.iteration == int(os.environ.get("DIE_AT", "-1")):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def kohonen(*arguments: str, folder: Path, **variables: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "kohonen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: "subprocess.Popen[bytes]") -> int:
    process.communicate(timeout=10 * PATIENCE)
    return process.returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "killer_of_test.py").write_text(MODULE)
    (tmp_path / "a.yaml").write_text(EXPERIMENT + "observers: ['killer_of_test:Killer']\n")
    assert end(kohonen("train", "a.yaml", "--folder", "whole", folder=tmp_path)) == 0
    return tmp_path


def lines(folder: Path) -> int:
    try:
        return (folder / "telemetry.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def test_killed_at_any_moment_it_ends_alike(folder: Path) -> None:
    chance, parts = random.Random(7), folder / "parts"
    # After an iteration, at any distance from the last checkpoint.
    at = sorted(chance.sample(range(1, 3000), 3))
    killed = end(kohonen("train", "a.yaml", "--folder", "parts", folder=folder, DIE_AT=str(at[0])))
    assert killed == -signal.SIGKILL
    for iteration in at[1:]:
        assert end(kohonen("resume", "parts", folder=folder, DIE_AT=str(iteration))) == -signal.SIGKILL
    # From outside: during an iteration, while a checkpoint is written, or before or after that.
    for _ in range(4):
        wanted = lines(parts) + chance.randrange(4)
        process = kohonen("resume", "parts", folder=folder)
        while process.poll() is None and lines(parts) < wanted:
            time.sleep(0.0005)
        process.kill()
        end(process)
    assert end(kohonen("resume", "parts", folder=folder)) == 0
    assert told(parts) == told(folder / "whole")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_says_how_to_go_on(folder: Path, number: signal.Signals, code: int) -> None:
    long = (folder / "a.yaml").read_text().replace("iterations: 3000", "iterations: 100000000")
    (folder / "long.yaml").write_text(long)
    process = kohonen("train", "long.yaml", "--folder", "parts", folder=folder)
    # The handlers are installed before the first iteration, and the first checkpoint is saved after it.
    eventually((folder / "parts" / "checkpoint" / "last.npz").exists)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert b"interrupted after " in said
    assert said.endswith(b"to continue: kohonen resume parts\n")
    told_by_info = kohonen("info", "parts", "--json", folder=folder)
    out, _ = told_by_info.communicate(timeout=PATIENCE)
    info = json.loads(out)
    assert info["state"] == "not complete"
    assert info["iteration"] < 100000000
