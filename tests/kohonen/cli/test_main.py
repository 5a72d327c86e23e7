import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import kohonen as library
from kohonen import __main__
from kohonen.cli import main as module
from tests.kohonen.cli.terminal import Terminal

ROOT = Path(__file__).parents[3]


def process(*arguments: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "kohonen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_a_module_too() -> None:
    assert __main__.main is module.main


def test_it_is_a_process(tmp_path: Path) -> None:
    done = process("--version", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"kohonen, version {library.__version__}\n")
    assert process("nothing", folder=tmp_path).returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_it(tmp_path: Path, shell: str) -> None:
    done = process(folder=tmp_path, _KOHONEN_COMPLETE=f"{shell}_source")
    assert done.returncode == 0
    assert "_KOHONEN_COMPLETE" in done.stdout
    words = {"COMP_WORDS": "kohonen tr", "COMP_CWORD": "1" if shell != "fish" else "tr"}
    done = process(folder=tmp_path, _KOHONEN_COMPLETE=f"{shell}_complete", **words)
    assert "train" in done.stdout
    assert "resume" not in done.stdout


def test_help_has_every_default(kohonen: Terminal) -> None:
    code, out, _ = kohonen("train", "--help")
    text = " ".join(out.split())
    assert code == 0
    assert "--iterations INTEGER|AUTO Passes over the data; auto: for the number of samples, " in text
    assert "--gif / --no-gif Whether to make training.gif. [default: yes]" in text
    assert "--algorithm [online|batch|auto]" in text
    assert kohonen()[0] == 2


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (library.InvalidDataError("no data"), 1, "no data"),
        (OSError("no space left"), 1, "no space left"),
        (MemoryError(), 1, "MemoryError"),
        (ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"), 1, r"pip install '.[viz]'"),
        (
            ModuleNotFoundError("No module named 'yaml'", name="yaml"),
            1,
            "runs need PyYAML: install kohonen with",
        ),
        (ModuleNotFoundError("No module named 'dotenv'", name="dotenv"), 1, "install kohonen with pip"),
    ],
)
def test_errors_are_messages_and_codes(
    kohonen: Terminal, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module.command, "main", fail)
    done, out, err = kohonen("info")
    assert (done, out) == (code, "")
    assert err.startswith("kohonen: ")
    assert says in err


def test_main_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["kohonen", "--version"])
    with pytest.raises(SystemExit) as end:
        module.main()
    assert end.value.code == 0


def test_whoever_stops_reading_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(module.command, "main", gone)
    assert module.run(["info"]) == 1
    assert capfd.readouterr().err == ""


def test_whoever_stops_reading_hears_nothing_more(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "kohonen", "info"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
