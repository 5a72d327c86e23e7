"""A training from its first iteration to its last, and those who watch it."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kohonen.cost import Cost
from kohonen.data import FloatArray, Missing, as_samples, as_weights
from kohonen.engines import AnyGridOnline, Engine, MaskedBatch, default_engine, describe_engine
from kohonen.errors import InvalidParameterError
from kohonen.initialisation import initial_weights as first_weights
from kohonen.parameters import BATCH_SIZE, Parameters

__all__ = ["Observer", "TrainedMap", "Training", "train"]

_LOG = logging.getLogger(__name__)

#: How long the engine runs, in seconds, before it is asked whether to stop.
PATIENCE = 0.02


class TrainedMap(NamedTuple):
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
        Which engine did them, such as ``"native (avx2)"`` or ``"numpy"``.
    seconds : float
        How long they took.
    last_iteration : int, optional
        Where in the schedule the training was to end; after the parameters' iterations by default.
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
    """What an observer sees of a training under way.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples; not to be changed.
    parameters : Parameters
        The parameters, with the seed that is used.
    iteration : int
        How many iterations are done.
    last_iteration : int
        How many will have been done in the end.
    stopping : bool
        Whether an observer has asked for the training's end.
    """

    def __init__(
        self, engine: Engine, samples: FloatArray, parameters: Parameters, iteration: int, last_iteration: int
    ) -> None:
        self._engine = engine
        self.samples = samples
        self.parameters = parameters
        self.iteration = iteration
        self.last_iteration = last_iteration
        self.stopping = False

    def stop(self) -> None:
        """Have the training end after this iteration, for good: an observer may have seen enough."""
        self.stopping = True

    @property
    def weights(self) -> FloatArray:
        """A copy of the weights as they are now, of shape (width, height, dim)."""
        return self._engine.weights()

    @property
    def cost(self) -> Cost:
        """What the steps of the engine cost."""
        return self._engine.cost

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

    An error in an observer does not lose the training: it is logged, and the observer is told no more.

    Attributes
    ----------
    every : int, default 1
        After every how many iterations it is told; `start` may still set it. Watching less often costs less.
    essential : bool, default False
        Whether an error that a method raises ends the training: where that is worth nothing without it.
    """

    every: int = 1
    essential: bool = False

    def start(self, training: Training) -> None:
        """Take note that the training begins; the weights are the initial ones."""

    def after_iteration(self, training: Training) -> None:
        """Take note that `every` more iterations are done; ``training.iteration`` counts all."""

    def end(self, training: Training) -> None:
        """Take note that the training is over, or was stopped."""


def train(
    data: npt.ArrayLike,
    parameters: Parameters,
    *,
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
    data : array_like of shape (n, dim)
        The samples, presented in this order in each iteration.
    parameters : Parameters
        What to train; a seed is drawn when they have none.
    initial_weights : array_like of shape (width, height, dim), optional
        Where to begin, instead of the random weights of the seed.
    first_iteration : int, default 0
        Where in the schedule to begin: a training that was stopped goes on from its weights and the number of
        iterations that it had done, and ends with the same weights as if it had not been stopped.
    last_iteration : int, optional
        Where in the schedule to end; by default after the iterations of the parameters. Beyond those the
        schedule goes on as it did: radius and learning rate shrink further.
    should_stop : callable, optional
        Asked between iterations, some fifty times a second at most; the training ends once it answers True.
    observers : sequence of Observer, optional
        Told of the start, of each iteration and of the end.
    engine : type of Engine, optional
        The fastest one by default. Few know samples that miss values.
    missing : {"error", "mask"}, default "error"
        Whether samples may miss values (NaN). These are left out: the best matching unit is the nearest in
        what is present, and only those components of the weights move. See :mod:`kohonen.search`.
    batch_size : int, optional
        How many samples batch training looks up at a time: memory only, never the result.

    Returns
    -------
    TrainedMap
        With what was reached, also when the training was stopped.

    Raises
    ------
    InvalidDataError
        When the data or the initial weights cannot be used.
    InvalidParameterError
        When samples miss values and the engine that is given knows complete ones only.
    """
    samples = as_samples(data, missing=missing)
    parameters = parameters.seeded()
    dimension = samples.shape[1]
    if initial_weights is None:
        weights = first_weights(parameters, samples)
    else:
        weights = as_weights(
            initial_weights, width=parameters.width, height=parameters.height, dimension=dimension
        )
    started = time.perf_counter()
    masked = bool(np.isnan(samples).any())
    # The kernel would look for the nearest unit beyond its memory.
    if masked and engine is not None and not issubclass(engine, AnyGridOnline | MaskedBatch):
        raise InvalidParameterError(
            f"{engine.__name__} does not know samples that miss values: leave the engine out",
            parameter="engine",
        )
    kind = engine or default_engine(parameters.algorithm, parameters.geometry, masked=masked)
    if batch_size is not None:
        kind = type(kind.__name__, (kind,), {"batch_size": BATCH_SIZE.check("batch_size", batch_size)})
    running = kind(weights, samples, parameters.schedule)
    last = parameters.iterations if last_iteration is None else last_iteration
    training = Training(running, samples, parameters, first_iteration, last)
    watching = list(observers)
    _tell(watching, "start", training)
    _iterate(running, training, should_stop, watching)
    _tell(watching, "end", training)
    seconds = time.perf_counter() - started
    name = describe_engine(kind)
    return TrainedMap(running.weights(), parameters, training.iteration, name, seconds, last)


def _iterate(
    engine: Engine,
    training: Training,
    should_stop: Callable[[], bool] | None,
    observers: list[Observer],
) -> None:
    """Run the engine to the last iteration, in strides as long as those who watch can bear."""
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
        if time.perf_counter() - started < PATIENCE / 2:
            stride *= 2
        training.iteration = until
        _tell(observers, "after_iteration", training, done=until - first)


def _tell(observers: list[Observer], event: str, training: Training, *, done: int = 0) -> None:
    """Call a method of the observers whose turn it is; those that fail are dropped, or end the training."""
    for observer in [observer for observer in observers if done % observer.every == 0]:
        try:
            getattr(observer, event)(training)
        except Exception:
            if observer.essential:
                raise
            observers.remove(observer)
            _LOG.exception(
                "%s failed at iteration %d and is told no more; the training goes on",
                type(observer).__name__,
                training.iteration,
            )
