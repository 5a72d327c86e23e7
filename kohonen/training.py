"""Trains maps, reporting to observers."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy.typing as npt

from kohonen.engines import Engine, default_engine, describe_engine
from kohonen.engines.cost import Cost
from kohonen.initialisation import initial_weights as first_weights
from kohonen.inputs.arrays import FloatArray, Missing, as_sample_weight, as_samples, as_weights
from kohonen.inputs.frames import Samples, samples_in
from kohonen.parameters import BATCH_SIZE, Parameters

__all__ = ["Observer", "TrainedMap", "Training", "train"]

_LOG = logging.getLogger(__name__)

#: Target time between calls of `should_stop`, in seconds.
STOP_INTERVAL = 0.02


class TrainedMap(NamedTuple):
    """The result of a training.

    Attributes
    ----------
    weights : ndarray of shape (width, height, dim)
        The weight vectors of the units.
    parameters : Parameters
        The parameters, with the seed that was used.
    iterations : int
        The number of iterations done; fewer than requested if the training was stopped.
    engine : str
        The engine, such as ``"native (avx2)"`` or ``"numpy"``.
    seconds : float
        The duration of the training.
    last_iteration : int, optional
        The planned end in the schedule; the parameters' iterations by default.
    """

    weights: FloatArray
    parameters: Parameters
    iterations: int
    engine: str
    seconds: float
    last_iteration: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether the training was stopped before its end."""
        last = self.parameters.iterations if self.last_iteration is None else self.last_iteration
        return self.iterations < last


class Training:
    """The state of a running training, as passed to observers.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples; read-only.
    sample_weight : ndarray of shape (n,) or None
        Their weights.
    parameters : Parameters
        The parameters, with the seed that is used.
    iteration : int
        The number of iterations done.
    last_iteration : int
        The number of iterations at the end of the training.
    stopping : bool
        Whether an observer has called `stop`.
    """

    def __init__(
        self,
        engine: Engine,
        samples: FloatArray,
        parameters: Parameters,
        iteration: int,
        last_iteration: int,
        sample_weight: FloatArray | None = None,
    ) -> None:
        self._engine = engine
        self.sample_weight = sample_weight
        self.samples = samples
        self.parameters = parameters
        self.iteration = iteration
        self.last_iteration = last_iteration
        self.stopping = False

    def stop(self) -> None:
        """End the training after this iteration (early stopping)."""
        self.stopping = True

    @property
    def weights(self) -> FloatArray:
        """A copy of the current weights, of shape (width, height, dim)."""
        return self._engine.weights()

    @property
    def cost(self) -> Cost:
        """The cost model of the engine."""
        return self._engine.cost

    @property
    def radius(self) -> float:
        """The radius of the next iteration, in units of the grid."""
        return self.parameters.schedule.radius(self.iteration)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next iteration."""
        return self.parameters.schedule.rate(self.iteration)


class Observer:
    """Base class of observers of a training; override the methods of interest.

    An error in an observer does not end the training: it is logged, and the observer is removed.

    Attributes
    ----------
    every : int, default 1
        The number of iterations between calls of `after_iteration`; `start` may still set it.
    essential : bool, default False
        Whether an error in a method ends the training, for example because a checkpoint cannot be written.
    """

    every: int = 1
    essential: bool = False

    def start(self, training: Training) -> None:
        """Handle the start of the training; the weights are the initial ones."""

    def after_iteration(self, training: Training) -> None:
        """Handle the end of `every` more iterations; ``training.iteration`` counts all."""

    def end(self, training: Training) -> None:
        """Handle the end of the training, complete or stopped."""


def train(
    data: Samples,
    parameters: Parameters,
    *,
    sample_weight: npt.ArrayLike | None = None,
    initial_weights: npt.ArrayLike | None = None,
    first_iteration: int = 0,
    last_iteration: int | None = None,
    should_stop: Callable[[], bool] | None = None,
    observers: Sequence[Observer] = (),
    engine: type[Engine] | None = None,
    missing: Missing = "error",
    batch_size: int | None = None,
) -> TrainedMap:
    """Train a map.

    Parameters
    ----------
    data : array_like, data frame or Arrow table of shape (n, dim)
        The samples, presented in this order in each iteration.
    parameters : Parameters
        The parameters; a random seed is drawn if they have none.
    sample_weight : array_like of shape (n,), optional
        Weights of the samples in batch training, at least 0: a weight of 2 counts as the sample twice.
    initial_weights : array_like of shape (width, height, dim), optional
        Initial weights, instead of those of the parameters' initialisation.
    first_iteration : int, default 0
        Start in the schedule: a stopped training, continued from its weights and its number of iterations,
        ends with the same weights as an uninterrupted one.
    last_iteration : int, optional
        End in the schedule; the parameters' iterations by default. Beyond those, radius and learning rate
        shrink further.
    should_stop : callable, optional
        Called between iterations, at most about fifty times a second; the training ends when it returns True.
    observers : sequence of Observer, optional
        Notified of the start, of iterations and of the end.
    engine : type of Engine, optional
        The fastest engine by default.
    missing : {"error", "mask"}, default "error"
        With "mask", samples may have missing values (NaN), which are left out of distances and updates. See
        :mod:`kohonen.engines.search`.
    batch_size : int, optional
        Samples per block in batch training; affects memory, not the result.

    Returns
    -------
    TrainedMap
        The trained map, or the state reached if the training was stopped.

    Raises
    ------
    InvalidDataError
        If the data, the sample weights or the initial weights are invalid.
    InvalidParameterError
        If there are sample weights for online training.
    """
    samples = as_samples(samples_in(data), missing=missing)
    parameters = parameters.seeded()
    dimension = samples.shape[1]
    given_weight = as_sample_weight(sample_weight, count=len(samples))
    parameters.check_weighting(given_weight)
    if initial_weights is None:
        weights = first_weights(parameters, samples, given_weight)
    else:
        weights = as_weights(
            initial_weights, width=parameters.width, height=parameters.height, dimension=dimension
        )
    started = time.perf_counter()
    kind = engine or default_engine(parameters.algorithm)
    if batch_size is not None:
        kind = type(kind.__name__, (kind,), {"batch_size": BATCH_SIZE.check("batch_size", batch_size)})
    weighting = {} if given_weight is None else {"sample_weight": given_weight}
    running = kind(weights, samples, parameters.schedule, parameters.geometry, **weighting)
    last = parameters.iterations if last_iteration is None else last_iteration
    training = Training(running, samples, parameters, first_iteration, last, given_weight)
    watching = list(observers)
    _notify(watching, "start", training)
    _iterate(running, training, should_stop, watching)
    _notify(watching, "end", training)
    seconds = time.perf_counter() - started
    name = describe_engine(kind)
    return TrainedMap(running.weights(), parameters, training.iteration, name, seconds, last)


def _iterate(
    engine: Engine,
    training: Training,
    should_stop: Callable[[], bool] | None,
    observers: list[Observer],
) -> None:
    """Run the engine to the last iteration, in strides bounded by observers and by `should_stop`."""
    first, last = training.iteration, training.last_iteration
    stride = last - first if should_stop is None else 1
    while training.iteration < last and not training.stopping:
        if should_stop is not None and should_stop():
            return
        done = training.iteration - first
        watched = [first + done - done % observer.every + observer.every for observer in observers]
        until = min(training.iteration + stride, last, *watched)
        started = time.perf_counter()
        engine.run(training.iteration, until)
        if time.perf_counter() - started < STOP_INTERVAL / 2:
            stride *= 2
        training.iteration = until
        _notify(observers, "after_iteration", training, done=until - first)


def _notify(observers: list[Observer], event: str, training: Training, *, done: int = 0) -> None:
    """Call a method of the observers that are due; remove one that fails, or raise if it is essential."""
    for observer in [observer for observer in observers if done % observer.every == 0]:
        try:
            getattr(observer, event)(training)
        except Exception:
            if observer.essential:
                raise
            observers.remove(observer)
            _LOG.exception(
                "%s failed at iteration %d and was removed; the training continues",
                type(observer).__name__,
                training.iteration,
            )
