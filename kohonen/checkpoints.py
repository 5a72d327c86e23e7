"""Checkpoints as files: a map on its way, and what those who watch its training have seen so far.

A checkpoint is an ``.npz`` file of the weights and of a JSON object, data and never code. It is written whole
or not at all, so that a training which is killed at any moment can go on from the last one::

    checkpoint = load_checkpoint(path)
    train(samples, parameters, initial_weights=checkpoint.weights, first_iteration=checkpoint.iteration)

ends with the very map of a training that nothing interrupted.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kohonen.data import FloatArray
from kohonen.errors import InvalidDataError
from kohonen.files import write_whole

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A map on its way.

    Attributes
    ----------
    iteration : int
        How many iterations are done.
    weights : ndarray of shape (width, height, dim)
        The weights then.
    state : dict
        What else is to be known, as JSON can tell it.
    """

    iteration: int
    weights: FloatArray
    state: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; whatever interrupts this, the file is the new one or the one before."""
    text = json.dumps({"iteration": checkpoint.iteration, "state": checkpoint.state})
    file = io.BytesIO()
    np.savez(file, weights=np.ascontiguousarray(checkpoint.weights, dtype="<f8"), text=np.array(text))
    write_whole(path, file.getvalue())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    InvalidDataError
        When the file is none, or is damaged.
    OSError
        When it cannot be read.
    """
    content = path.read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as parts:
            told = json.loads(str(parts["text"]))
            weights = np.asarray(parts["weights"], dtype=np.float64)
        return Checkpoint(int(told["iteration"]), weights, dict(told["state"]))
    except (ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InvalidDataError(f"{path} is no checkpoint, or is damaged: {error}") from error
