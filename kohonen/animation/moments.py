"""The iterations of a training at which the frames of an animation are captured."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from kohonen.errors import InvalidParameterError
from kohonen.observers.standard import at_least

__all__ = ["Moments", "Spacing"]

Spacing: TypeAlias = Literal["even", "logarithmic"]


@dataclass(frozen=True, slots=True)
class Moments:
    """The iterations after which a map is captured: the untrained map first, the trained one last.

    Attributes
    ----------
    count : int, default 24
        Number of frames, at least 2; fewer where there are fewer iterations.
    spacing : {"even", "logarithmic"}, default "even"
        Whether frames are evenly spaced, or dense at the beginning, where the map changes most.
    every : int, optional
        Capture a frame every `every` iterations instead; ``count`` is then the largest number of frames, and
        excess frames are left out evenly.
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

    def choose(self, iterations: int) -> set[int]:
        """Return the iterations of a training after which the map is captured.

        The untrained map is always captured as well.

        Parameters
        ----------
        iterations : int
            The number of iterations of the training.
        """
        count = self.count
        if self.every is not None:
            regular = [*range(self.every, iterations, self.every), iterations]
            shares = np.linspace(0, len(regular) - 1, min(count - 1, len(regular)))
            return {regular[round(share)] for share in shares}
        if self.spacing == "even":
            return {round(share) for share in np.linspace(0, iterations, count)[1:]} - {0}
        # Frames that would coincide at the beginning are one iteration apart.
        chosen: list[int] = [0]
        for left in range(count - 1, 0, -1):
            ratio = (iterations / max(1, chosen[-1])) ** (1 / left)
            chosen.append(max(chosen[-1] + 1, round(max(1, chosen[-1]) * ratio)))
        return {min(iteration, iterations) for iteration in chosen[1:]}
