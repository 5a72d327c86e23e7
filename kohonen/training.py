"""A training from its first iteration to its last, and those who watch it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from kohonen.data import FloatArray, as_samples, as_weights
from kohonen.engines import Engine, default_engine
from kohonen.parameters import Parameters

__all__ = ["Observer", "TrainedMap", "Training", "train"]

#: How long the engine runs, in seconds, before it is asked whether to stop.
PATIENCE = 0.02


@dataclass(frozen=True, slots=True)
class TrainedMap:
    """The result of a training.

    Attributes
    ----------
    weights : ndarray of shape (width, height, dim)
        The weight vectors of the units.
    parameters : Parameters
        The parameters, with the seed that was used.
    iterations : int
        How many iterations were done; fewer than asked for when the training was stopped.
    engine : str
        Which engine did them.
    seconds : float
        How long they took.
    """

    weights: FloatArray
    parameters: Parameters
    iterations: int
    engine: str
    seconds: float

    @property
    def stopped(self) -> bool:
        """Whether the training was stopped before its end."""
        return self.iterations < self.parameters.iterations


class Training:
    """What an observer sees of a training under way.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples; not to be changed.
    parameters : Parameters
        The parameters, with the seed that is used.
    iteration : int
        How many iterations are done.
    """

    def __init__(self, engine: Engine, samples: FloatArray, parameters: Parameters, iteration: int) -> None:
        self._engine = engine
        self.samples = samples
        self.parameters = parameters
        self.iteration = iteration

    @property
    def weights(self) -> FloatArray:
        """A copy of the weights as they are now, of shape (width, height, dim)."""
        return self._engine.weights()

    @property
    def radius(self) -> float:
        """The radius that the next iteration has, in units of the grid."""
        return self.parameters.schedule.radius(self.iteration)

    @property
    def learning_rate(self) -> float:
        """The learning rate that the next iteration has."""
        return self.parameters.schedule.rate(self.iteration)


class Observer:
    """Somebody who watches a training; override what is of interest.

    An error that a method raises ends the training.
    """

    def start(self, training: Training) -> None:
        """Take note that the training begins; the weights are the initial ones."""

    def after_iteration(self, training: Training) -> None:
        """Take note that an iteration is done; ``training.iteration`` counts it."""

    def end(self, training: Training) -> None:
        """Take note that the training is over, or was stopped."""


def train(
    data: npt.ArrayLike,
    parameters: Parameters,
    *,
    initial_weights: npt.ArrayLike | None = None,
    first_iteration: int = 0,
    should_stop: Callable[[], bool] | None = None,
    observers: Sequence[Observer] = (),
    engine: type[Engine] | None = None,
) -> TrainedMap:
    """Train a map.

    Parameters
    ----------
    data : array_like of shape (n, dim)
        The samples, presented in this order in each iteration.
    parameters : Parameters
        What to train; a seed is drawn when they have none.
    initial_weights : array_like of shape (width, height, dim), optional
        Where to begin, instead of the random weights of the seed.
    first_iteration : int, default 0
        Where in the schedule to begin: a training that was stopped goes on from its weights and the number of
        iterations that it had done, and ends with the same weights as if it had not been stopped.
    should_stop : callable, optional
        Asked between iterations, some fifty times a second at most; the training ends once it answers True.
    observers : sequence of Observer, optional
        Told of the start, of each iteration and of the end.
    engine : type of Engine, optional
        The fastest one by default.

    Returns
    -------
    TrainedMap
        With what was reached, also when the training was stopped.

    Raises
    ------
    InvalidDataError
        When the data or the initial weights cannot be used.
    """
    samples = as_samples(data)
    parameters = parameters.seeded()
    dimension = samples.shape[1]
    if initial_weights is None:
        weights = parameters.initial_weights(dimension)
    else:
        weights = as_weights(
            initial_weights, width=parameters.width, height=parameters.height, dimension=dimension
        )
    started = time.perf_counter()
    running = (engine or default_engine(parameters.algorithm))(weights, samples, parameters.schedule)
    training = Training(running, samples, parameters, first_iteration)
    for observer in observers:
        observer.start(training)
    _iterate(running, training, should_stop, observers)
    for observer in observers:
        observer.end(training)
    seconds = time.perf_counter() - started
    return TrainedMap(running.weights(), parameters, training.iteration, running.name, seconds)


def _iterate(
    engine: Engine,
    training: Training,
    should_stop: Callable[[], bool] | None,
    observers: Sequence[Observer],
) -> None:
    """Run the engine to the last iteration, in strides as long as those who watch can bear."""
    last = training.parameters.iterations
    stride = last if should_stop is None and not observers else 1
    while training.iteration < last:
        if should_stop is not None and should_stop():
            return
        until = min(training.iteration + stride, last)
        started = time.perf_counter()
        engine.run(training.iteration, until)
        training.iteration = until
        for observer in observers:
            observer.after_iteration(training)
        if not observers and time.perf_counter() - started < PATIENCE / 2:
            stride *= 2
