"""Trains the models that requests ask for, and stores them."""

import asyncio
import math
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from anyio import to_thread

from app.errors import ModelNotFoundError, OutOfTimeError
from app.models import Card, Models, Revision, Stored
from app.models.card import MOST_DATA_BYTES
from app.runtime import costs
from app.runtime.gate import Gate
from app.runtime.telemetry import record
from app.settings import Settings
from app.training import limits
from app.training.pool import training_threads
from app.training.request import TrainingRequest
from app.training.timings import Timings
from kohonen import Observer, TrainedMap, assess, train
from kohonen.analysis.labels import on_units
from kohonen.animation.frames import Frame, Frames
from kohonen.card import make_card
from kohonen.inputs.arrays import Dataset, FloatArray
from kohonen.observers.history import History

__all__ = ["Outcome", "TrainingService", "describe"]


class Outcome(NamedTuple):
    """A trained model: its card, its weights (width, height, dim), and the frames that were captured.

    `stored` says whether it is in the store, and `created` whether this request stored it; `revision` is that
    of the name of the request, and `timings` has the time of each step.
    """

    card: Card
    weights: FloatArray
    stored: bool
    created: bool
    revision: Revision | None
    timings: Timings
    frames: Sequence[Frame] = ()


class TrainingService:
    """Trains models within the limits of the settings and of a gate, and stores them."""

    def __init__(self, models: Models, settings: Settings, gate: Gate) -> None:
        self._models = models
        self._settings = settings
        self._gate = gate
        self._threads = training_threads(settings.trainings)

    async def train(self, request: TrainingRequest, *, deadline: float) -> Outcome:
        """Train a model, or return it from the store if it was trained before.

        It raises `OverLimitError` for a request over a limit, `TooBusyError` when too many trainings are
        waiting, and `OutOfTimeError` at the deadline.
        """
        timings = Timings()
        if request.persist and request.frames is None:
            with timings.measure("store"):
                found = await to_thread.run_sync(self._find, request)
            if found is not None:
                stored, weights = found
                return Outcome(stored.card, weights, True, False, stored.revision, timings)
        history = History() if request.persist else None
        frames = None if request.frames is None else Frames(request.frames)
        with timings.measure("train"):
            observers = [observer for observer in (history, frames) if observer is not None]
            trained = await self._run(request, deadline, observers)
        with timings.measure("quality"):
            environment = self._settings.deployment
            card, data = await to_thread.run_sync(describe, request, trained, history, environment)
        captured = [] if frames is None else frames.frames
        if not request.persist:
            return Outcome(card, trained.weights, False, False, None, timings, captured)
        with timings.measure("store"):
            # If a concurrent request has stored the model, its card is returned.
            stored = await to_thread.run_sync(
                partial(self._models.add, card, trained.weights, data, name=request.name)
            )
        revision = stored.revision
        return Outcome(stored.card, trained.weights, True, stored.created, revision, timings, captured)

    def _find(self, request: TrainingRequest) -> tuple[Stored, FloatArray] | None:
        card = self._models.find(request.id)
        if card is None:
            return None
        try:
            weights = self._models.weights(card)
            return self._models.ensure_listed(card, request.name), weights
        except ModelNotFoundError:  # deleted concurrently: it is trained again
            return None

    async def _run(
        self, request: TrainingRequest, deadline: float, observers: Sequence[Observer]
    ) -> TrainedMap:
        expected, left = limits.estimate(request), deadline - time.monotonic()
        if left <= 0 and expected <= self._settings.max_training_seconds:  # used up by earlier steps
            raise OutOfTimeError("no time is left for the training: try again when the service is less busy")
        limits.check(request, limits=self._settings, seconds=left)
        if request.persist:
            await to_thread.run_sync(self._models.check_room, 8 * math.prod(request.shape))
        cost = costs.training(request.shape, samples=len(request.samples), seconds=expected)
        more = cost._replace(bytes=max(0, cost.bytes - self._gate.kept()))
        async with self._gate.admit_soon("training", more, seconds=left) as place:
            place.keep(more.bytes)
            trained = await asyncio.wrap_future(
                self._threads.submit(
                    train,
                    request.samples,
                    request.parameters,
                    sample_weight=request.sample_weight,
                    initial_weights=None if request.start is None else request.start.weights,
                    first_iteration=request.first_iteration,
                    last_iteration=request.last_iteration,
                    should_stop=lambda: time.monotonic() > deadline,
                    observers=observers,
                    missing="mask",
                )
            )
        if trained.stopped:
            raise OutOfTimeError(
                f"the training was stopped after {trained.iterations} of {request.last_iteration} "
                "iterations at the end of its time, and was not stored: use fewer iterations, units or "
                "samples, or try again when the service is less busy"
                + ("; POST /atrain runs the same training in the background" * request.may_be_job)
            )
        steps = request.iterations * len(request.samples)
        record(trainings=1, training_seconds=trained.seconds, unit_steps=request.parameters.units * steps)
        return trained


def describe(
    request: TrainingRequest, trained: TrainedMap, history: History | None, environment: str
) -> tuple[Card, Dataset]:
    """Return the card of a trained map, with its quality, and the data to store."""
    data = on_units(request.data, trained.weights)
    annotations = b"" if data.annotations is None else data.annotations.encode()
    small = max(request.samples.nbytes, len(annotations)) <= MOST_DATA_BYTES
    card = make_card(
        request.id,
        trained,
        assess(trained.weights, request.samples, request.parameters.geometry, request.sample_weight),
        data,
        keep_data=request.keep_data and small,
        environment=environment,
        history=history,
        lineage=None if request.start is None else request.start.lineage,
        preparation=request.preparation,
    )
    return card, data
