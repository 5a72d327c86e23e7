"""The notebook does what it says, offline, and what is committed of its output is what it prints."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "kohonen.ipynb"
MOST_BYTES = 600_000


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def kinds(cell: Any) -> list[str]:
    """Return what a cell has put out: text or pictures."""
    found = [kind for output in cell.outputs for kind in output.get("data", ["stream"])]
    return [kind for kind in found if kind != "text/plain"]


@pytest.fixture(scope="module")
def executed() -> Any:
    notebook = read()
    environment = pytest.MonkeyPatch()
    environment.setenv("PYTHONPATH", str(ROOT))
    # Nothing is fetched: an attempt would go to a port where nobody listens.
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        environment.setenv(name, "http://127.0.0.1:9")
    try:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    finally:
        environment.undo()
    return notebook


def test_it_runs_and_puts_out_what_is_committed(executed: Any) -> None:
    for now, committed in zip(code(executed), code(read()), strict=True):
        assert kinds(now) == kinds(committed), now.source
        if "timing" not in now.metadata.get("tags", []):
            assert text(now) == text(committed)


def test_every_way_to_train_ends_with_the_same_map(executed: Any) -> None:
    printed = "".join(text(cell) for cell in code(executed))
    assert printed.count("the same map to 9 digits: True") == 2
    assert "the same map to the last bit: True" in printed


def test_it_says_nothing_in_red_and_is_small() -> None:
    for cell in code(read()):
        assert all(output.get("name") != "stderr" for output in cell.outputs)
        assert all(output.output_type != "error" for output in cell.outputs)
    assert NOTEBOOK.stat().st_size < MOST_BYTES
