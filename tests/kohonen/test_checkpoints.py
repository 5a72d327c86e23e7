from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidDataError, Observer, Parameters, Training, train
from kohonen.animation.files import Piece
from kohonen.animation.frames import Frame
from kohonen.animation.moments import Moments
from kohonen.checkpoints import Checkpoint, Checkpointer, load_checkpoint, save_checkpoint

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


def test_a_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    part = train(DATA, PARAMETERS, last_iteration=11)
    saved = Checkpoint(
        part.iterations,
        part.weights,
        history=((0, 0.5), (11, 0.1)),
        seconds=1.5,
        frames=(Piece("a.npz", "0" * 64, 900, 2, 11),),
        state={"seen": [1, 0.1]},
    )
    save_checkpoint(tmp_path / "c.npz", saved)
    loaded = load_checkpoint(tmp_path / "c.npz")
    assert replace(loaded, weights=saved.weights) == saved
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
    with pytest.raises(InvalidDataError, match="is not a checkpoint, or is damaged"):
        load_checkpoint(path)


def test_a_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "c.npz")


class Ticking(Observer):
    """A clock on which each iteration takes a second."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def after_iteration(self, training: Training) -> None:
        self.now += 1


class Kept:
    """A store in memory, where saving takes some seconds and may fail."""

    def __init__(self, clock: Ticking, *, seconds: float = 0.0, failures: int = 0) -> None:
        self.clock, self.seconds, self.failures = clock, seconds, failures
        self.checkpoints: list[Checkpoint] = []
        self.frames: dict[str, list[Frame]] = {}

    def save_frames(self, frames: Sequence[Frame]) -> Piece:
        key = f"piece {len(self.frames)}"
        self.frames[key] = list(frames)
        return Piece(key, "", 0, len(frames), frames[-1].record.iteration)

    def save(self, checkpoint: Checkpoint) -> None:
        self.clock.now += self.seconds
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        self.checkpoints.append(checkpoint)


def saved_at(store: Kept, **options: Any) -> list[int]:
    """Train with checkpoints, and return the iterations after which they were saved."""
    checkpointer = Checkpointer(store, clock=store.clock, **options)
    train(DATA, PARAMETERS, observers=checkpointer.observers(store.clock))
    return [checkpoint.iteration for checkpoint in store.checkpoints]


def test_checkpoints_are_saved_at_intervals() -> None:
    assert saved_at(Kept(Ticking()), seconds=7) == [7, 14, 21, 28]
    assert saved_at(Kept(Ticking()), seconds=0.5) == list(range(1, 31))
    assert saved_at(Kept(Ticking())) == [10, 20, 30], "every ten seconds by default"


def test_slow_checkpoints_are_rarer_where_saving_may_take_a_share_of_the_time() -> None:
    assert saved_at(Kept(Ticking(), seconds=0.5), seconds=3, share=0.1) == [3, 8, 13, 18, 23, 28]
    assert saved_at(Kept(Ticking(), seconds=0.5), seconds=3) == [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]


def test_a_checkpoint_that_cannot_be_saved_ends_the_training_unless_tolerated() -> None:
    with pytest.raises(OSError, match="full"):
        saved_at(Kept(Ticking(), failures=1), seconds=7)
    with pytest.raises(OSError, match="full"):
        saved_at(Kept(Ticking(), failures=1), seconds=7, tolerate=KeyError)
    store = Kept(Ticking(), failures=2)
    assert saved_at(store, seconds=7, tolerate=OSError, moments=Moments(4)) == [21, 28]
    named = [frame for piece in store.checkpoints[-1].frames for frame in store.frames[piece.key]]
    assert [frame.record.iteration for frame in named] == [0, 10, 20], "no frame is lost"


def test_a_checkpoint_has_all_that_was_seen() -> None:
    whole = Kept(Ticking())
    saved_at(whole, seconds=30, moments=Moments(4))
    first = Kept(Ticking())
    saved_at(first, seconds=13, moments=Moments(4))
    saved = first.checkpoints[0]
    rest = Kept(Ticking())
    checkpointer = Checkpointer(rest, saved, seconds=17, moments=Moments(4), clock=rest.clock)
    assert (checkpointer.first_iteration, checkpointer.advanced, checkpointer.seconds) == (13, False, 13.0)
    train(
        DATA,
        PARAMETERS,
        initial_weights=checkpointer.initial_weights,
        first_iteration=13,
        observers=checkpointer.observers(rest.clock),
    )
    assert (checkpointer.iteration, checkpointer.advanced) == (30, True)
    one, other = whole.checkpoints[-1], rest.checkpoints[-1]
    np.testing.assert_array_equal(one.weights, other.weights)
    assert (one.iteration, one.history, one.seconds) == (other.iteration, other.history, other.seconds)
    assert [(piece.count, piece.last) for piece in one.frames] == [(4, 30)]
    assert [(piece.count, piece.last) for piece in other.frames] == [(2, 10), (2, 30)]
