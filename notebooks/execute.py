"""Executes the notebook and saves its output: .venv-workbench/bin/python notebooks/execute.py."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "kohonen.ipynb"

if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(ROOT)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, record_timing=False, resources={"metadata": {"path": str(ROOT)}}).execute()
    nbformat.write(notebook, NOTEBOOK)
