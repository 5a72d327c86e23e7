"""The code of docs/library.md, run as it stands there."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen.observers.standard import Recorder

DOCS = (Path(__file__).parents[1] / "docs" / "library.md").read_text()


def code(section: str) -> str:
    """Return the code of a section, without its indentation."""
    text = DOCS.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return "\n".join(line.removeprefix("    ") for line in text.splitlines() if re.match(r" {4}|$", line))


def test_watching_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"colours": np.random.default_rng([7, 1]).random((20, 3))}
    exec(code("Watching a training"), names)
    with Image.open(io.BytesIO(Path("learning.gif").read_bytes())) as image:
        assert image.n_frames == 24  # type: ignore[attr-defined]
    course: Recorder = names["course"]
    assert [record.iteration for record in course.records] == list(range(0, 1001, 10))
    told = capsys.readouterr().out.splitlines()
    assert "1.0" in told
    assert told[-1] == "100%, 0.0 s left"
    moved = names["drift"].moved
    assert 2 <= len(moved) <= 40
    assert moved[0] > moved[-1]
    assert len(moved) == 40 or moved[-1] < 0.001


def test_rows(capsys: pytest.CaptureFixture[str]) -> None:
    section = code("Rows")
    exec(code("A table") + "\n" + section, {})
    said = [line.partition("# ")[2] for line in section.splitlines() if "print(" in line]
    assert capsys.readouterr().out.splitlines() == said


def test_recommendations(capsys: pytest.CaptureFixture[str]) -> None:
    exec(code("Recommendations"), {})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Brazil: ")
    assert second.startswith("Big: ")
