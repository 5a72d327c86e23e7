"""Model ids: hashes of the data, parameters and contract version that determine a map."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from kohonen.inputs.arrays import FloatArray
from kohonen.parameters import Parameters

__all__ = ["CONTRACT_VERSION", "child_id", "fingerprint", "model_id"]

#: Version of the algorithm's contract: it changes whenever the same request gives another map.
CONTRACT_VERSION = 1

#: Parameters that were added after the first version, with their defaults.
_ADDED = {"initialisation": "random", "grid": "rectangular", "boundary": "planar"}

#: Hexadecimal digits of an id: 128 bits.
ID_LENGTH = 32


def fingerprint(values: FloatArray) -> str:
    """Return the SHA-256, in hexadecimal, of an array's shape and its values as little-endian float64.

    Missing values are hashed as the NaN of :func:`kohonen.inputs.arrays.as_samples`.
    """
    digest = hashlib.sha256(json.dumps(values.shape).encode())
    digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()


def model_id(
    data_fingerprint: str, parameters: Parameters, *, preparation: Mapping[str, Any] | None = None
) -> str:
    """Return the id of the map that a training produces.

    Parameters
    ----------
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters, with a seed. A default radius is hashed by its value.
    preparation : mapping, optional
        The JSON document of the preparation, if the samples come from a table. It does not change the
        weights, but the map's answers for other tables.

    Returns
    -------
    str
        32 hexadecimal digits: equal on all machines for equal data, parameters and seed, and independent of
        the engine and of the model's name.
    """
    determining = _determining(parameters)
    if preparation is not None:
        determining["preparation"] = dict(preparation)
    return _hash({"contract": CONTRACT_VERSION, "data": data_fingerprint, **determining})


def child_id(
    parent: str, data_fingerprint: str, parameters: Parameters, *, first_iteration: int, last_iteration: int
) -> str:
    """Return the id of the map that continuing the training of another map produces.

    Parameters
    ----------
    parent : str
        The id of the map whose weights are the initial weights.
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters; the seed is ignored.
    first_iteration, last_iteration : int
        The start and the end of the training in the schedule.
    """
    determining = _determining(parameters)
    for initial in ("random_state", "initialisation"):  # the initial weights are the parent's
        determining.pop(initial, None)
    return _hash(
        {
            "contract": CONTRACT_VERSION,
            "data": data_fingerprint,
            "parent": parent,
            "first_iteration": first_iteration,
            "last_iteration": last_iteration,
            **determining,
        }
    )


def _determining(parameters: Parameters) -> dict[str, object]:
    determining: dict[str, object] = {
        "algorithm": parameters.algorithm,
        "width": parameters.width,
        "height": parameters.height,
        "iterations": parameters.iterations,
        "learning_rate": parameters.learning_rate,
        "sigma": parameters.initial_radius,
        "random_state": parameters.random_state,
    }
    # Added parameters are hashed only if they differ from their default, so that existing ids stay valid.
    for name, default in _ADDED.items():
        if (value := getattr(parameters, name)) != default:
            determining[name] = value
    return determining


def _hash(determined_by: dict[str, object]) -> str:
    canonical = json.dumps(determined_by, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]
