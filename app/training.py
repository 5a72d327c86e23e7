"""From a training request to a trained model: the one path that every way of asking takes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial

from starlette.concurrency import run_in_threadpool

from app import limits
from app.errors import OutOfTimeError
from app.models import Card, Models, make_card
from app.pool import TrainingPool
from app.settings import Settings
from kohonen import Parameters, TrainedMap, assess, train
from kohonen.data import FloatArray
from kohonen.identity import fingerprint, model_id

__all__ = ["Outcome", "Timings", "TrainingRequest", "TrainingService"]


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
    """

    samples: FloatArray
    parameters: Parameters
    persist: bool = True
    keep_data: bool = True
    field: str = "data"

    @cached_property
    def id(self) -> str:
        """The id of the model that this makes."""
        return model_id(fingerprint(self.samples), self.parameters)


class Timings:
    """How long the parts of a request took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Add the time that the block takes to a part."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Outcome:
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
    timings : Timings
        How long the parts took.
    """

    card: Card
    weights: FloatArray
    stored: bool
    created: bool
    timings: Timings = field(default_factory=Timings)


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

    def deadline(self, given: float | None = None) -> float:
        """Return the `time.monotonic` by which a training that is asked for now must be over."""
        own = time.monotonic() + self._settings.max_training_seconds
        return own if given is None else min(own, given)

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
        if request.persist:
            with timings.measure("store"):
                found = await run_in_threadpool(self._find, request)
            if found is not None:
                return Outcome(*found, stored=True, created=False, timings=timings)
        with timings.measure("train"):
            trained = await self._run(request, deadline)
        with timings.measure("quality"):
            card = await run_in_threadpool(self._describe, request, trained)
        created = False
        if request.persist:
            with timings.measure("store"):
                created = await run_in_threadpool(self._models.add, card, trained, request.samples)
                if not created:
                    # Another request was quicker. Its card is the one that everybody sees.
                    card = await run_in_threadpool(self._models.card, card.id)
        return Outcome(card, trained.weights, stored=request.persist, created=created, timings=timings)

    def _find(self, request: TrainingRequest) -> tuple[Card, FloatArray] | None:
        card = self._models.find(request.id)
        return None if card is None else (card, self._models.weights(card))

    async def _run(self, request: TrainingRequest, deadline: float) -> TrainedMap:
        samples, dimension = request.samples.shape
        limits.check(
            request.parameters,
            samples=samples,
            dimension=dimension,
            limits=self._settings,
            seconds=deadline - time.monotonic(),
            field=request.field,
        )
        trained = await asyncio.wrap_future(
            self._pool.submit(
                partial(
                    train,
                    request.samples,
                    request.parameters,
                    should_stop=lambda: time.monotonic() > deadline,
                ),
                seconds=limits.estimate(request.parameters, samples=samples, dimension=dimension),
            )
        )
        if trained.stopped:
            raise OutOfTimeError(
                f"the training was stopped after {trained.iterations} of {request.parameters.iterations} "
                "iterations, since its time was up, and nothing was stored: ask for fewer iterations, fewer "
                "units or fewer samples, or try again when the service is less busy"
            )
        return trained

    def _describe(self, request: TrainingRequest, trained: TrainedMap) -> Card:
        quality = assess(trained.weights, request.samples)
        return make_card(request.id, trained, quality, request.samples, keep_data=request.keep_data)
