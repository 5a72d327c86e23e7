"""From a training request to a trained model: the one path that every way of asking takes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from starlette.concurrency import run_in_threadpool

from app import limits
from app.errors import ModelNotFoundError, OutOfTimeError
from app.models import Card, Lineage, Models, Revision, Stored, make_card
from app.observability import record
from app.pool import TrainingPool
from app.settings import Settings
from app.timings import Timings
from kohonen import Observer, Parameters, Preparation, TrainedMap, assess, train
from kohonen.data import FloatArray
from kohonen.frames import Moments
from kohonen.history import History
from kohonen.identity import child_id, fingerprint, model_id
from kohonen.sketches import Frame, Frames

__all__ = ["Outcome", "Start", "TrainingRequest", "TrainingService", "describe"]


class Start(NamedTuple):
    """Where a training goes on from.

    Attributes
    ----------
    weights : ndarray of shape (width, height, dim)
        The weights of the parent.
    lineage : Lineage
        Which model that is, and where in the schedule the training begins and ends.
    """

    weights: FloatArray
    lineage: Lineage


@dataclass(frozen=True)
class TrainingRequest:
    """What is to be trained.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples.
    parameters : Parameters
        The parameters, with a seed.
    persist : bool
        Whether the model is stored.
    keep_data : bool
        Whether the samples are stored beside it.
    field : str
        The field of the HTTP request that the samples came in.
    name : str or None
        The name that the model becomes a revision of.
    start : Start or None
        The model that the training goes on from.
    frames : Moments or None
        When to capture the frames of an animation: they are no part of the model, and a stored model has
        none, so it is trained again for them.
    preparation : Preparation or None
        How the samples were made from a table, if they were.
    """

    samples: FloatArray
    parameters: Parameters
    persist: bool = True
    keep_data: bool = True
    field: str = "data"
    name: str | None = None
    start: Start | None = None
    frames: Moments | None = None
    preparation: Preparation | None = None

    @cached_property
    def id(self) -> str:
        """The id of the model that this makes."""
        data = fingerprint(self.samples)
        if self.start is None:
            table = None if self.preparation is None else self.preparation.to_json()
            return model_id(data, self.parameters, preparation=table)
        return child_id(
            self.start.lineage.parent,
            data,
            self.parameters,
            first_iteration=self.first_iteration,
            last_iteration=self.last_iteration,
        )

    @cached_property
    def masked(self) -> bool:
        """Whether samples miss values."""
        return bool(np.isnan(self.samples).any())

    @property
    def may_be_job(self) -> bool:
        """Whether a job would do: that makes a stored model, from the beginning."""
        return self.persist and self.start is None

    @property
    def first_iteration(self) -> int:
        """Where in the schedule the training begins."""
        return 0 if self.start is None else self.start.lineage.first_iteration

    @property
    def last_iteration(self) -> int:
        """Where in the schedule the training ends."""
        return self.parameters.iterations if self.start is None else self.start.lineage.last_iteration

    @property
    def iterations(self) -> int:
        """How many iterations it trains."""
        return self.last_iteration - self.first_iteration


class Outcome(NamedTuple):
    """A trained model.

    Attributes
    ----------
    card : Card
        What there is to say about it.
    weights : ndarray of shape (width, height, dim)
        Its weights.
    stored : bool
        Whether it is in the store.
    created : bool
        Whether this request put it there.
    revision : Revision or None
        The revision of a name that it is by this request.
    timings : Timings
        How long the parts took.
    frames : sequence of Frame
        Those that were asked for.
    """

    card: Card
    weights: FloatArray
    stored: bool
    created: bool
    revision: Revision | None
    timings: Timings
    frames: Sequence[Frame] = ()


class TrainingService:
    """Trains what requests ask for, within the limits.

    Parameters
    ----------
    models : Models
        Where models are looked up and stored.
    settings : Settings
        The limits.
    """

    def __init__(self, models: Models, settings: Settings) -> None:
        self._models = models
        self._settings = settings
        self._pool = TrainingPool(running=settings.trainings, waiting=settings.waiting_trainings)

    async def train(self, request: TrainingRequest, *, deadline: float) -> Outcome:
        """Train a model, or find it in the store when it has been trained before.

        Raises
        ------
        OverLimitError
            When the request asks for more than is allowed.
        TooBusyError, OutOfTimeError
            When there is no room or no time for it now.
        StoreUnavailable
            When the store cannot be used and the request needs it.
        """
        timings = Timings()
        if request.persist and request.frames is None:
            with timings.measure("store"):
                found = await run_in_threadpool(self._find, request)
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
            card = await run_in_threadpool(partial(describe, request, trained, history, environment))
        captured = [] if frames is None else frames.frames
        if not request.persist:
            return Outcome(card, trained.weights, False, False, None, timings, captured)
        with timings.measure("store"):
            # Where another request was quicker, its card is the one that everybody sees.
            stored = await run_in_threadpool(
                self._models.add, card, trained.weights, request.samples, name=request.name
            )
        revision = stored.revision
        return Outcome(stored.card, trained.weights, True, stored.created, revision, timings, captured)

    def _find(self, request: TrainingRequest) -> tuple[Stored, FloatArray] | None:
        card = self._models.find(request.id)
        if card is None:
            return None
        try:
            weights = self._models.weights(card)
            return self._models.settle(card, request.name), weights
        except ModelNotFoundError:  # deleted just now: it is made anew
            return None

    async def _run(
        self, request: TrainingRequest, deadline: float, observers: Sequence[Observer]
    ) -> TrainedMap:
        expected, left = limits.estimate(request), deadline - time.monotonic()
        if left <= 0 and expected <= self._settings.max_training_seconds:  # whatever took so long before
            raise OutOfTimeError("no time was left to train: try again when the service is less busy")
        limits.check(request, limits=self._settings, seconds=left)
        trained = await asyncio.wrap_future(
            self._pool.submit(
                partial(
                    train,
                    request.samples,
                    request.parameters,
                    initial_weights=None if request.start is None else request.start.weights,
                    first_iteration=request.first_iteration,
                    last_iteration=request.last_iteration,
                    should_stop=lambda: time.monotonic() > deadline,
                    observers=observers,
                    missing="mask",
                ),
                seconds=expected,
            )
        )
        if trained.stopped:
            raise OutOfTimeError(
                f"the training was stopped after {trained.iterations} of {request.last_iteration} "
                "iterations, since its time was up, and nothing was stored: ask for fewer iterations, fewer "
                "units or fewer samples, or try again when the service is less busy"
                + ("; POST /atrain takes the same request, and trains in the background" * request.may_be_job)
            )
        steps = request.iterations * len(request.samples)
        record(trainings=1, training_seconds=trained.seconds, unit_steps=request.parameters.units * steps)
        return trained


def describe(
    request: TrainingRequest, trained: TrainedMap, history: History | None, environment: str
) -> Card:
    """Measure a trained map, and write its card."""
    return make_card(
        request.id,
        trained,
        assess(trained.weights, request.samples, request.parameters.geometry),
        request.samples,
        keep_data=request.keep_data,
        environment=environment,
        history=history,
        lineage=None if request.start is None else request.start.lineage,
        preparation=request.preparation,
    )
