"""The identity of a map: a hash of all that determines it, and of nothing else."""

import hashlib
import json

import numpy as np

from kohonen.data import FloatArray
from kohonen.parameters import Parameters

__all__ = ["CONTRACT_VERSION", "fingerprint", "model_id"]

#: Version of the algorithm's contract. Another number is another map from the same request.
CONTRACT_VERSION = 1

#: Characters of an id: 128 bits.
ID_LENGTH = 32


def fingerprint(values: FloatArray) -> str:
    """Return the SHA-256, in hexadecimal, of an array's shape and its values as little-endian float64."""
    digest = hashlib.sha256(json.dumps(values.shape).encode())
    digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()


def model_id(data_fingerprint: str, parameters: Parameters) -> str:
    """Return the id of the map that a training makes.

    Parameters
    ----------
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters, with a seed. The radius counts with the value it has, given or not.

    Returns
    -------
    str
        32 hexadecimal digits. The same data, parameters and seed have the same id everywhere; the engine that
        trains and the name that somebody gives to the map play no part.
    """
    determined_by = {
        "contract": CONTRACT_VERSION,
        "data": data_fingerprint,
        "algorithm": parameters.algorithm,
        "width": parameters.width,
        "height": parameters.height,
        "iterations": parameters.iterations,
        "learning_rate": parameters.learning_rate,
        "sigma": parameters.initial_radius,
        "random_state": parameters.random_state,
    }
    # A parameter that a later version adds stands here only where it is not at its default, so that ids last.
    canonical = json.dumps(determined_by, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]
