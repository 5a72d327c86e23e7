"""Frames of a training as they are drawn: of large maps some of the units, and of each its colour alone.

An animation is made of them like of frames, and no other; but they take a few bytes a unit, however many
values its weights have, and of a training that is done in parts each part captures its own.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray
from kohonen.frames import Frame, Moments
from kohonen.geometry import PLANAR, Geometry
from kohonen.observers import Record, look
from kohonen.pictures import Pixels, are_colours, map_colours
from kohonen.training import Observer, Training

__all__ = ["MOST_UNITS", "SMALLEST", "Sketch", "Sketches", "sketched"]

Greys: TypeAlias = npt.NDArray[np.uint8]

#: Units of all sketches of a training together: what an animation of 16 megapixels shows of them.
MOST_UNITS = 2**24
#: Maps of so many units a side, or fewer, are drawn whole.
SMALLEST = 8


class Sketch(NamedTuple):
    """A map at one moment of its training, as it is drawn.

    Attributes
    ----------
    record : Record
        What there is to tell of the moment.
    coloured : bool
        Whether the weights are colours.
    stride : int
        Of how many units in a row one is kept.
    colours : ndarray of uint8 of shape (width, height, 3) or None
        The weights as colours, where they have three values.
    greys : ndarray of uint8 of shape (width, height) or None
        The U-matrix, where the weights may not be colours in all sketches of the training.
    """

    record: Record
    coloured: bool
    stride: int
    colours: Pixels | None
    greys: Greys | None


class Sketches(Observer):
    """Captures sketches of a map while it trains: the untrained map first, the trained one last.

    Parameters
    ----------
    moments : Moments
        When.
    most_units : int, default 16,777,216
        How many units all sketches may have together. Of a map that has more, every second unit of a row and
        every second row is kept, or every fourth, and so on.
    begun : int, optional
        The iteration with which a training began that is done in parts, of which this is one: then it is
        captured when it would be if the training were done in one go.
    captured : int, optional
        The iteration of the last sketch in the parts before, if there is one.

    Attributes
    ----------
    sketches : list of Sketch
        What was captured in this part.
    """

    def __init__(
        self,
        moments: Moments,
        *,
        most_units: int = MOST_UNITS,
        begun: int | None = None,
        captured: int | None = None,
    ) -> None:
        self._moments = moments
        self._most_units = most_units
        self._begun = begun
        self._captured = captured
        self.sketches: list[Sketch] = []

    def start(self, training: Training) -> None:
        """Choose iterations and units, and capture the untrained map."""
        first = training.iteration if self._begun is None else self._begun
        iterations = self._moments.choose(training.last_iteration - first)
        self._wanted = {first + iteration for iteration in iterations}
        weights, parameters = training.weights, training.parameters
        width, height, _ = weights.shape
        self._stride = _stride(width, height, self._most_units // (1 + len(self._wanted)))
        # Units stay between colours, where they begin there: then their greys are never drawn.
        self._colours_alone = (
            parameters.initialisation != "pca" and are_colours(training.samples) and are_colours(weights)
        )
        if self._captured is None:
            self._capture(training)

    def after_iteration(self, training: Training) -> None:
        """Capture the map, when it is time."""
        if training.iteration in self._wanted and training.iteration != self._captured:
            self._capture(training)

    def end(self, training: Training) -> None:
        """Capture the map where the training ended before its time, unless it goes on in another part."""
        if self._begun is None and training.iteration != self._captured:
            self._capture(training)

    def _capture(self, training: Training) -> None:
        weights, geometry = training.weights, training.parameters.geometry
        self._captured = training.iteration
        self.sketches.append(
            Sketch(
                look(training, weights),
                are_colours(weights),
                self._stride,
                _colours(weights, self._stride) if weights.shape[2] == 3 else None,
                None if self._colours_alone else _greys(weights, geometry, self._stride),
            )
        )


def sketched(frames: Sequence[Frame], geometry: Geometry = PLANAR) -> list[Sketch]:
    """Return frames of a training, at least one, as sketches of all units: as colours, or as U-matrices.

    They are colours where the first and the last of them are.
    """
    if are_colours(frames[0].weights) and are_colours(frames[-1].weights):
        return [Sketch(frame.record, True, 1, _colours(frame.weights, 1), None) for frame in frames]
    return [Sketch(frame.record, False, 1, None, _greys(frame.weights, geometry, 1)) for frame in frames]


def _stride(width: int, height: int, most_units: int) -> int:
    stride = 1
    while math.ceil(width / stride) * math.ceil(height / stride) > most_units and (
        math.ceil(max(width, height) / stride) > SMALLEST
    ):
        stride *= 2
    return stride


def _colours(weights: FloatArray, stride: int) -> Pixels:
    return map_colours(weights[::stride, ::stride], coloured=True)


def _greys(weights: FloatArray, geometry: Geometry, stride: int) -> Greys:
    greys = map_colours(weights, geometry, coloured=False)[::stride, ::stride, 0]
    return np.ascontiguousarray(greys)
