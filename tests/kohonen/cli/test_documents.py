"""The commands in README and docs/workbench.md work as shown."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from kohonen.experiments.reading import read_experiment
from tests.kohonen.cli.terminal import Terminal

ROOT = Path(__file__).parents[3]


def section(name: str, heading: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.split(r"^#+ ", text.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("README.md", "## Without the service"),
        ("docs/workbench.md", "## Quick start"),
        ("docs/workbench.md", "## From a table to a model that is served"),
    ],
)
def test_commands_can_be_typed(kohonen: Terminal, tmp_path: Path, name: str, heading: str) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copytree(ROOT / "examples" / "tables", tmp_path / "examples" / "tables")
    commands = re.findall(r"^    kohonen (.+)$", section(name, heading), flags=re.MULTILINE)
    assert len(commands) >= 3
    for command in commands:
        code, _, err = kohonen(*shlex.split(command))
        assert code == 0, f"{command}: {err}"


def test_the_experiment_that_is_shown_can_be_read(tmp_path: Path) -> None:
    block = re.findall(r"^    .*$|^$", section("docs/workbench.md", "## An experiment"), flags=re.MULTILINE)
    path = tmp_path / "sunset.yaml"
    path.write_text("\n".join(line[4:] for line in block), encoding="utf-8")
    experiment = read_experiment(path)
    assert (experiment.run_name, experiment.observers) == ("sunset", ("mywatch:Watcher",))
