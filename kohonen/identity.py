"""Model ids: hashes of the data, parameters and contract version that determine a map."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from kohonen.inputs.annotations import LEAF
from kohonen.inputs.arrays import FloatArray
from kohonen.parameters import DEFINITIONS, Parameters

__all__ = ["CONTRACT_VERSION", "child_id", "fingerprint", "model_id"]

#: Version of the algorithm's contract: it changes whenever the same request gives another map.
CONTRACT_VERSION = 2

#: Hexadecimal digits of an id: 128 bits.
ID_LENGTH = 32

#: Parameters without which a map cannot be described: they have no defaults.
_ALWAYS = {"width", "height", "random_state"}


def fingerprint(values: FloatArray) -> str:
    """Return the SHA-256, in hexadecimal, of an array's shape and its values.

    It is a tree hash, so that arrays can be hashed in parts: the root is the hash of the shape as JSON and of
    the digests of the leaves, each the SHA-256 of 65,536 rows of little-endian float64. Missing values are
    hashed as the NaN of :func:`kohonen.inputs.arrays.as_samples`.
    """
    root = hashlib.sha256(json.dumps(values.shape).encode())
    for start in range(0, len(values), LEAF):
        leaf = np.ascontiguousarray(values[start : start + LEAF], dtype="<f8")
        root.update(hashlib.sha256(leaf.data).digest())
    return root.hexdigest()


def model_id(
    data_fingerprint: str,
    parameters: Parameters,
    *,
    sample_weight: str | None = None,
    preparation: Mapping[str, Any] | None = None,
    annotations: str | None = None,
) -> str:
    """Return the id of the map that a training produces.

    Parameters
    ----------
    data_fingerprint : str
        The `fingerprint` of the samples.
    parameters : Parameters
        The parameters, with a seed. Defaults are not hashed.
    sample_weight : str, optional
        The `fingerprint` of the sample weights, if there are any.
    preparation : mapping, optional
        What the preparation does, as in :attr:`kohonen.Preparation.transformation`, if the samples come from
        a table. It does not change the weights, but the map's answers for other tables.
    annotations : str, optional
        The fingerprint of the labels and ids, if they are kept with the model; see
        :class:`kohonen.inputs.annotations.Annotations`.

    Returns
    -------
    str
        32 hexadecimal digits: equal on all machines for equal data, parameters and seed, and independent of
        the engine and of the model's name.
    """
    return _hash(
        _determining(parameters),
        data=data_fingerprint,
        sample_weight=sample_weight,
        preparation=None if preparation is None else dict(preparation),
        annotations=annotations,
    )


def child_id(
    parent: str,
    data_fingerprint: str,
    parameters: Parameters,
    *,
    first_iteration: int,
    last_iteration: int,
    sample_weight: str | None = None,
    annotations: str | None = None,
) -> str:
    """Return the id of the map that continuing the training of another map produces.

    Parameters
    ----------
    parent : str
        The id of the map whose weights are the initial weights.
    data_fingerprint, sample_weight, annotations : str
        As in `model_id`.
    parameters : Parameters
        The parameters; the seed is ignored.
    first_iteration, last_iteration : int
        The start and the end of the training in the schedule.
    """
    determining = _determining(parameters)
    for initial in ("random_state", "initialisation"):  # the initial weights are the parent's
        determining.pop(initial, None)
    return _hash(
        determining,
        data=data_fingerprint,
        sample_weight=sample_weight,
        annotations=annotations,
        parent=parent,
        first_iteration=first_iteration,
        last_iteration=last_iteration,
    )


def _determining(parameters: Parameters) -> dict[str, object]:
    """Return the parameters by name, without those that have their default."""
    values = {name: getattr(parameters, name) for name in DEFINITIONS}
    if parameters.initial_radius == max(parameters.width, parameters.height) / 2:
        values["sigma"] = None
    return {
        name: value for name, value in values.items() if name in _ALWAYS or value != DEFINITIONS[name].default
    }


def _hash(determining: dict[str, object], **others: object) -> str:
    """Return the hash of all that is given, but None."""
    given = {name: value for name, value in others.items() if value is not None}
    canonical = json.dumps(
        {"contract": CONTRACT_VERSION, **determining, **given}, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]
