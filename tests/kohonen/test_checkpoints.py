from pathlib import Path

import numpy as np
import pytest

from kohonen import InvalidDataError, Parameters, train
from kohonen.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


def test_a_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    part = train(DATA, PARAMETERS, last_iteration=11)
    save_checkpoint(tmp_path / "c.npz", Checkpoint(part.iterations, part.weights, {"seen": [1, 0.1]}))
    loaded = load_checkpoint(tmp_path / "c.npz")
    assert loaded.state == {"seen": [1, 0.1]}
    went_on = train(DATA, PARAMETERS, initial_weights=loaded.weights, first_iteration=loaded.iteration)
    np.testing.assert_array_equal(went_on.weights, train(DATA, PARAMETERS).weights)


@pytest.mark.parametrize("damage", ["nothing", "text", "short", "flipped", "other", "pickle"])
def test_what_is_no_checkpoint(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c.npz"
    save_checkpoint(path, Checkpoint(3, np.ones((2, 2, 2))))
    content = path.read_bytes()
    match damage:
        case "nothing":
            path.write_bytes(b"")
        case "text":
            path.write_bytes(b"not a checkpoint")
        case "short":
            path.write_bytes(content[:-40])
        case "flipped":
            path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
        case "other":
            np.savez(path, weights=np.ones(3))
        case _:
            np.savez(path, weights=np.array([{}], dtype=object), text=np.array("{}"))
    with pytest.raises(InvalidDataError, match="is no checkpoint, or is damaged"):
        load_checkpoint(path)


def test_a_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "c.npz")
