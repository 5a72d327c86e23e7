"""What there is to say about a trained model, as a JSON object: its card.

The service stores it beside the weights, and a run at a terminal in its folder: it is the same card.
"""

import datetime
import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from kohonen.data import FloatArray
from kohonen.files import npy
from kohonen.geometry import Geometry
from kohonen.history import History
from kohonen.identity import fingerprint
from kohonen.parameters import Parameters
from kohonen.preparation import Preparation
from kohonen.quality import Quality
from kohonen.training import TrainedMap

__all__ = ["component_names", "geometry_of", "make_card", "parameters_of", "preparation_of"]


def make_card(
    model_id: str | None,
    trained: TrainedMap,
    quality: Quality,
    samples: FloatArray,
    *,
    keep_data: bool,
    environment: str = "local",
    history: History | None = None,
    lineage: Mapping[str, Any] | None = None,
    preparation: Preparation | None = None,
) -> dict[str, Any]:
    """Write the card of a model that has just been trained.

    Parameters
    ----------
    model_id : str or None
        Its id; a map whose training ended early has none.
    trained : TrainedMap
        The map.
    quality : Quality
        How well it fits the samples.
    samples : ndarray of shape (n, dim)
        What it was trained on.
    keep_data : bool
        Whether the samples are kept beside it.
    environment : str, default "local"
        Where it was trained.
    history : History, optional
        How its error fell.
    lineage : mapping, optional
        Which model it went on from.
    preparation : Preparation, optional
        How the samples were made from a table.
    """
    # Imported here: the package imports what is above it first.
    from kohonen import __version__

    file = npy(trained.weights)
    return {
        "schema_version": 1,
        "id": model_id,
        "created_at": datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z"),
        "environment": environment,
        "parameters": _parameters(trained.parameters),
        "data": {
            "fingerprint": fingerprint(samples),
            "samples": len(samples),
            "dimension": samples.shape[1],
            "kept": keep_data,
            "sha256": hashlib.sha256(npy(samples)).hexdigest() if keep_data else None,
            "missing": 0 if preparation is None else preparation.count_missing(samples),
        },
        "quality": {**quality._asdict(), "history": _history(history)},
        "engine": {
            "name": trained.engine,
            "version": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "seconds": trained.seconds,
        },
        "weights": {
            "shape": list(trained.weights.shape),
            "sha256": hashlib.sha256(file).hexdigest(),
            "bytes": len(file),
        },
        "lineage": None if lineage is None else dict(lineage),
        "preparation": None if preparation is None else preparation.to_json(),
    }


def geometry_of(card: Mapping[str, Any]) -> Geometry:
    """Return the kind of grid that a card tells."""
    return Geometry(card["parameters"]["grid"], card["parameters"]["boundary"])


def preparation_of(card: Mapping[str, Any]) -> Preparation | None:
    """Return how the samples were made from a table, where they were."""
    told = card.get("preparation")
    return None if told is None else Preparation.from_json(told)


def component_names(card: Mapping[str, Any]) -> list[str]:
    """Return what the components of the samples are called."""
    preparation = preparation_of(card)
    if preparation is None:
        return [f"component {k}" for k in range(card["data"]["dimension"])]
    return list(preparation.components)


def parameters_of(card: Mapping[str, Any]) -> Parameters:
    """Return the parameters that a card tells."""
    return Parameters(**card["parameters"])


def _parameters(parameters: Parameters) -> dict[str, Any]:
    return {**asdict(parameters), "sigma": parameters.initial_radius}


def _history(history: History | None) -> dict[str, Any] | None:
    if history is None:
        return None
    points = [{"iteration": at, "quantization_error": error} for at, error in history.points]
    return {"samples": history.samples, "points": points}
