"""Frames of a training, for an animation; :mod:`kohonen.animation` makes one of them.

:mod:`kohonen.sketches` keeps frames as they are drawn, which takes less memory than weights.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from kohonen.data import FloatArray
from kohonen.errors import InvalidParameterError
from kohonen.observers import Record, at_least, look
from kohonen.training import Observer, Training

__all__ = ["Frame", "Frames", "Moments", "Spacing"]

Spacing: TypeAlias = Literal["even", "logarithmic"]


@dataclass(frozen=True, slots=True)
class Moments:
    """When to capture a map while it trains: the untrained map first, the trained one last.

    Attributes
    ----------
    count : int, default 24
        How many times, at least 2; fewer where there are fewer iterations.
    spacing : {"even", "logarithmic"}, default "even"
        Whether the times are evenly spaced, or dense at the beginning, where most happens.
    every : int, optional
        After every so many iterations instead; ``count`` then is the most times there are, and what would be
        more is left out evenly.
    """

    count: int = 24
    spacing: Spacing = "even"
    every: int | None = None

    def __post_init__(self) -> None:
        at_least("count", self.count, 2)
        if self.spacing not in get_args(Spacing):
            raise InvalidParameterError(
                f"spacing must be 'even' or 'logarithmic', but is {self.spacing!r}", parameter="spacing"
            )
        if self.every is not None:
            at_least("every", self.every, 1)

    def choose(self, iterations: int, *, most: int | None = None) -> set[int]:
        """Return after how many of the iterations to capture the map; the untrained one goes without saying.

        Parameters
        ----------
        iterations : int
            How many there are.
        most : int, optional
            How many times there may be, the untrained map included, where that is less than the count.
        """
        count = self.count if most is None else min(self.count, most)
        if self.every is not None:
            regular = [*range(self.every, iterations, self.every), iterations]
            shares = np.linspace(0, len(regular) - 1, min(count - 1, len(regular)))
            return {regular[round(share)] for share in shares}
        if self.spacing == "even":
            return {round(share) for share in np.linspace(0, iterations, count)[1:]} - {0}
        # Where the beginning is so dense that frames would coincide, they are one iteration apart.
        chosen: list[int] = [0]
        for left in range(count - 1, 0, -1):
            ratio = (iterations / max(1, chosen[-1])) ** (1 / left)
            chosen.append(max(chosen[-1] + 1, round(max(1, chosen[-1]) * ratio)))
        return {min(iteration, iterations) for iteration in chosen[1:]}


class Frame(NamedTuple):
    """A map at one moment of its training: what a `Record` tells, and the weights (width, height, dim)."""

    record: Record
    weights: FloatArray


class Frames(Observer):
    """Captures maps while they train, for an animation: the untrained map first, the trained one last.

    Parameters
    ----------
    count : int, default 24
        How many frames, at least 2; fewer where there are fewer iterations, or where so many would not fit
        into the memory allowed.
    spacing : {"even", "logarithmic"}, default "even"
        Whether frames are evenly spaced, or dense at the beginning, where most happens.
    every : int, optional
        Capture after every so many iterations instead; ``count`` then is the most frames there are, and what
        would be more is left out evenly.
    most_bytes : int, default 268,435,456
        The memory for the frames' weights.

    Attributes
    ----------
    frames : list of Frame
        What was captured.
    """

    def __init__(
        self,
        count: int = 24,
        *,
        spacing: Spacing = "even",
        every: int | None = None,
        most_bytes: int = 2**28,
    ) -> None:
        self._moments = Moments(count, spacing, every)
        self._most_bytes = most_bytes
        self._wanted: set[int] = set()
        self.frames: list[Frame] = []

    def start(self, training: Training) -> None:
        """Choose the iterations, and capture the untrained map."""
        self.frames.clear()
        first, last = training.iteration, training.last_iteration
        fitting = max(2, self._most_bytes // training.weights.nbytes)
        self._wanted = {first + after for after in self._moments.choose(last - first, most=fitting)}
        self._capture(training)

    def after_iteration(self, training: Training) -> None:
        """Capture the map, when it is time."""
        if training.iteration in self._wanted:
            self._capture(training)

    def end(self, training: Training) -> None:
        """Capture the map where the training ended before its time."""
        if self.frames[-1].record.iteration != training.iteration:
            self._capture(training)

    def _capture(self, training: Training) -> None:
        weights = training.weights
        self.frames.append(Frame(look(training, weights), weights))
