"""Kill the process at random moments: whatever is listed can be loaded, and the same again completes.

A few kills in every run; ``SOM_TEST_TRAININGS=200`` for as many trainings as the issue asks for.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.models import Models
from app.models.maintenance import repair
from app.storage.folder import FolderStore

TRAININGS = int(os.environ.get("SOM_TEST_TRAININGS", "6"))
ROOT = Path(__file__).parents[3]


def run(folder: Path, first: int, seconds: float) -> tuple[int, bool]:
    """Train from a seed on for some seconds; return the first seed that is not done, and whether all are."""
    command = [
        sys.executable,
        "-m",
        "tests.app.models.training_loop",
        str(folder),
        str(first),
        str(TRAININGS),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == f"begin {first}\n"
        time.sleep(seconds)
        process.kill()
        lines = process.stdout.read().split("\n")
    done = [int(line.split()[1]) for line in lines if line.startswith("done") and line.split()[1:]]
    following = max(done, default=first - 1) + 1
    return following, following == TRAININGS


def test_killed_at_random_moments(tmp_path: Path, check: Callable[[Models], list[str]]) -> None:
    chance = random.Random(TRAININGS)
    models = Models(FolderStore(tmp_path))
    seed, complete, kills, stalls = 0, False, 0, 0
    while not complete:
        # At once the first time, to interrupt a fast machine; later where a slow one gets no further.
        seconds = 0.0 if kills == 0 else chance.uniform(0.001, 0.03) * 2**stalls
        following, complete = run(tmp_path, seed, seconds)
        check(models)
        kills += 1
        stalls = stalls + 1 if following == seed else 0
        assert stalls < 14, "it never gets any further"
        seed = following
    assert kills > 1
    listed = check(models)
    for repaired in repair(models):
        assert repaired.what == "was not listed"
        listed.append(repaired.id)
    assert sorted(check(models)) == sorted(listed)
    assert len(listed) >= TRAININGS - TRAININGS // 7 - 1
    sys.stdout.write(f"{kills} kills, {len(listed)} models\n")
