"""The identity of a map: a hash of all that determines it, and of nothing else."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from kohonen.data import FloatArray
from kohonen.parameters import Parameters

__all__ = ["CONTRACT_VERSION", "child_id", "fingerprint", "model_id"]

#: Version of the algorithm's contract. Another number is another map from the same request.
CONTRACT_VERSION = 1

#: Parameters that were added later, and their defaults.
_ADDED = {"initialisation": "random", "grid": "rectangular", "boundary": "planar"}

#: Characters of an id: 128 bits.
ID_LENGTH = 32


def fingerprint(values: FloatArray) -> str:
    """Return the SHA-256, in hexadecimal, of an array's shape and its values as little-endian float64.

    Values that are missing count: as the NaN that :func:`kohonen.data.as_samples` makes of them.
    """
    digest = hashlib.sha256(json.dumps(values.shape).encode())
    digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()


def model_id(
    data_fingerprint: str, parameters: Parameters, *, preparation: Mapping[str, Any] | None = None
) -> str:
    """Return the id of the map that a training makes.

    Parameters
    ----------
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters, with a seed. The radius counts with the value it has, given or not.
    preparation : mapping, optional
        Of samples made from a table, how they were: the document that a preparation becomes. It does not
        change the weights, but what the map does with another table.

    Returns
    -------
    str
        32 hexadecimal digits. The same data, parameters and seed have the same id everywhere; the engine that
        trains and the name that somebody gives to the map play no part.
    """
    determining = _determining(parameters)
    if preparation is not None:
        determining["preparation"] = dict(preparation)
    return _hash({"contract": CONTRACT_VERSION, "data": data_fingerprint, **determining})


def child_id(
    parent: str, data_fingerprint: str, parameters: Parameters, *, first_iteration: int, last_iteration: int
) -> str:
    """Return the id of the map that going on from another one makes.

    Parameters
    ----------
    parent : str
        The id of the map whose weights the training begins with.
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters; the seed plays no part.
    first_iteration, last_iteration : int
        Where in the schedule the training begins and ends.
    """
    determining = _determining(parameters)
    for initial in ("random_state", "initialisation"):  # the weights are the parent's
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
    # A parameter that a later version adds stands here only where it is not at its default, so that ids last.
    for name, default in _ADDED.items():
        if (value := getattr(parameters, name)) != default:
            determining[name] = value
    return determining


def _hash(determined_by: dict[str, object]) -> str:
    canonical = json.dumps(determined_by, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]
