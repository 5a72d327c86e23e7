"""Stores of every kind for the models, and trainings that take no time."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from app.errors import ModelNotFoundError
from app.models import Models, Stored
from kohonen import Parameters, Quality, TrainedMap
from kohonen.analysis.metrics import METRICS
from kohonen.card import make_card
from kohonen.identity import fingerprint, model_id
from kohonen.inputs.arrays import Dataset, FloatArray
from tests.app.storage.conftest import credentials, moto, real_s3, s3, store

__all__ = ["credentials", "moto", "real_s3", "s3", "store"]

SAMPLES = np.array([[0.0, 1.0], [1.0, 0.5]])


class Maker:
    """Makes models without training them."""

    def request(self, seed: int) -> tuple[Any, FloatArray]:
        """Return the card and the weights of a model."""
        parameters = Parameters(width=3, height=2, iterations=1, random_state=seed)
        trained = TrainedMap(parameters.initial_weights(2), parameters, 1, "none", 0.0)
        error = float(np.random.default_rng(seed).random())
        quality = Quality(error, 0.0, explained_variance=1 - error, unused_units=0.5)
        identity = model_id(fingerprint(SAMPLES), parameters)
        return make_card(identity, trained, quality, Dataset(SAMPLES), keep_data=True), trained.weights

    def __call__(self, models: Models, seed: int, name: str | None = None) -> Stored:
        """Do what a training does: find the model, or make it."""
        card, weights = self.request(seed)
        if (there := models.find(card.id)) is not None:
            with suppress(ModelNotFoundError):  # removed just now: it is made anew
                return models.ensure_listed(there, name)
        return models.add(card, weights, Dataset(SAMPLES), name=name)


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def check() -> Callable[[Models], list[str]]:
    """Load all that is listed anywhere, and return the ids of the models."""

    def everything(models: Models) -> list[str]:
        found = {}
        for order in (None, *(METRICS[name] for name in ("quantization_error", "unused_units"))):
            ids = [one.entry.id for _, one in models.listing.places(order, page=100)]
            assert len(ids) == len(set(ids))
            for identity in ids:
                card = models.card(identity)
                assert models.weights(card).shape == card.weights.shape
                if card.data.kept:
                    models.samples(card)
            found[order] = ids
        for name in ("a", "b"):
            for _, one in models.listing.places(None, name=name, page=100):
                assert models.weights(models.card(one.entry.id)).size
                assert models.resolve(f"{name}@{one.number}").id == one.entry.id
        return found[None]

    return everything
