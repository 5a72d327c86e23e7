"""Frames of a training for an animation: maps as they are drawn, captured while they train.

A frame keeps the colour of each unit instead of its weights: a few bytes a unit, however many values the
weights have. Of large maps it keeps some of the units. :mod:`kohonen.animation.encode` encodes the frames.
"""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.animation.moments import Moments
from kohonen.geometry import Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.observers.standard import Record, record_of
from kohonen.pictures.maps import Pixels, are_colours, map_colours
from kohonen.training import Observer, Training

__all__ = ["MOST_UNITS", "SMALLEST", "Frame", "Frames"]

Greys: TypeAlias = npt.NDArray[np.uint8]

#: The largest number of units of all frames of a training together, for an animation of 16 megapixels.
MOST_UNITS = 2**24
#: Maps of this number of units a side, or fewer, are kept whole.
SMALLEST = 8


class Frame(NamedTuple):
    """A map at one moment of its training, as it is drawn.

    Attributes
    ----------
    record : Record
        The iteration, the schedule's values and the quantization error at that moment.
    coloured : bool
        Whether the weights are colours.
    stride : int
        Every `stride`-th unit of every `stride`-th row is kept.
    colours : ndarray of uint8 of shape (width, height, 3) or None
        The weights as colours, where they have three values.
    greys : ndarray of uint8 of shape (width, height) or None
        The U-matrix, where the weights may not be colours in all frames of the training.
    """

    record: Record
    coloured: bool
    stride: int
    colours: Pixels | None
    greys: Greys | None


class Frames(Observer):
    """Captures frames of a map while it trains: the untrained map first, the trained one last.

    Parameters
    ----------
    moments : Moments, optional
        When to capture them; 24 evenly spaced frames by default.
    most_units : int, default 16,777,216
        The largest number of units of all frames together. Of a larger map every second unit of every second
        row is kept, or every fourth, and so on.
    begun : int, optional
        The first iteration of a training that is resumed: frames are then captured at the same iterations as
        in an uninterrupted training.
    captured : int, optional
        The iteration of the last frame captured before the training was resumed, if there is one.

    Attributes
    ----------
    frames : list of Frame
        The frames captured by this observer.
    """

    def __init__(
        self,
        moments: Moments | None = None,
        *,
        most_units: int = MOST_UNITS,
        begun: int | None = None,
        captured: int | None = None,
    ) -> None:
        self._moments = moments or Moments()
        self._most_units = most_units
        self._begun = begun
        self._earlier = captured
        self.frames: list[Frame] = []

    def start(self, training: Training) -> None:
        """Forget an earlier training, choose iterations and units, and capture the untrained map."""
        self.frames.clear()
        self._captured = self._earlier
        first = training.iteration if self._begun is None else self._begun
        iterations = self._moments.choose(training.last_iteration - first)
        self._wanted = {first + iteration for iteration in iterations}
        weights, parameters = training.weights, training.parameters
        width, height, _ = weights.shape
        self._stride = _stride(width, height, self._most_units // (1 + len(self._wanted)))
        # Weights that start as colours stay colours if the samples are: then the greys are never drawn.
        self._colours_alone = (
            parameters.initialisation != "pca" and are_colours(training.samples) and are_colours(weights)
        )
        if self._captured is None:
            self._capture(training)

    def after_iteration(self, training: Training) -> None:
        """Capture the map when it is due."""
        if training.iteration in self._wanted and training.iteration != self._captured:
            self._capture(training)

    def end(self, training: Training) -> None:
        """Capture the map of a training that was stopped early, unless it is to be resumed."""
        if self._begun is None and training.iteration != self._captured:
            self._capture(training)

    def _capture(self, training: Training) -> None:
        weights, geometry, stride = training.weights, training.parameters.geometry, self._stride
        self._captured = training.iteration
        self.frames.append(
            Frame(
                record_of(training, weights),
                are_colours(weights),
                stride,
                map_colours(weights[::stride, ::stride], coloured=True) if weights.shape[2] == 3 else None,
                None if self._colours_alone else _greys(weights, geometry, stride),
            )
        )


def _stride(width: int, height: int, most_units: int) -> int:
    stride = 1
    while math.ceil(width / stride) * math.ceil(height / stride) > most_units and (
        math.ceil(max(width, height) / stride) > SMALLEST
    ):
        stride *= 2
    return stride


def _greys(weights: FloatArray, geometry: Geometry, stride: int) -> Greys:
    greys = map_colours(weights, geometry, coloured=False)[::stride, ::stride, 0]
    return np.ascontiguousarray(greys)
