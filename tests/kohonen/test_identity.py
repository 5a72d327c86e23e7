import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kohonen import Parameters, Preparation
from kohonen.identity import child_id, fingerprint, model_id
from kohonen.inputs.arrays import FloatArray

PARAMETERS = Parameters(width=3, height=2, iterations=10, random_state=7)
SAMPLES = np.array([[1.0, 0.5], [0.0, 0.25]])


#: Test vectors of version 2 of the identity. Stores hold such ids: they must never change.
FINGERPRINTS = [
    (SAMPLES, "da80efa14a36e094a7e1ab63523287c1ef9fbfb0dc324015d3865feade3abf37"),
    (
        np.array([[np.nan, 1e300], [-0.5, 5e-324]]),
        "ec673625747e4c7800ea5833673e74f1c73ee30c3b9e02735b635d6eb06a0ac2",
    ),
    (
        np.arange(65_537.0)[:, None],
        "bbc42bae10d4f6a8f06b618696cc71ca731bf8cba4c0f5aaedbcf1a3a51d183d",
    ),  # two leaves
    (np.array([0.0, 2.0, 0.5]), "ebb92ddbfca8d04bdc35decea32371b026395f3b091d2e030d82f530dac7a63e"),
]
IDS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "b24b3fc69b1f7ee23fd67edd9969e3ca"),
    ({"iterations": 1000, "sigma": 1.5, "learning_rate": 0.1}, {}, "02c28615f049b37bd38deb9212124c88"),
    ({"sigma": 2.5, "final_sigma": 0.2, "algorithm": "batch"}, {}, "d97fdcc0e9fd6bac8c2f847d93850de9"),
    ({"algorithm": "batch"}, {"sample_weight": "11" * 32}, "6aa38371a1ba429a4395c55e74ebf3e6"),
    (
        {"grid": "hexagonal", "boundary": "toroidal", "initialisation": "pca", "random_state": 2**40},
        {},
        "18fbe5ae4e595bfe76f4a9b8be57087a",
    ),
    (
        {},
        {"preparation": {"columns": [{"name": "a", "offset": 0.1, "scale": 2.0}], "missing": "mask"}},
        "502d1bc28d70b4f417d1ecde969cb9d3",
    ),
    ({}, {"annotations": "22" * 32}, "1a3543aa51970acaa33e3cd9f8de3869"),
]


@pytest.mark.parametrize(("values", "expected"), FINGERPRINTS)
def test_fingerprints_last(values: FloatArray, expected: str) -> None:
    assert fingerprint(values) == expected


@pytest.mark.parametrize(("parameters", "others", "expected"), IDS)
def test_ids_last(parameters: dict[str, Any], others: dict[str, Any], expected: str) -> None:
    assert model_id(fingerprint(SAMPLES), replace(PARAMETERS, **parameters), **others) == expected


def test_a_fingerprint_is_the_hash_of_the_leaves() -> None:
    values = np.random.default_rng(0).random((2 * 65_536 + 3, 2))
    leaves = [values[:65_536], values[65_536 : 2 * 65_536], values[2 * 65_536 :]]
    root = b"[131075, 2]" + b"".join(hashlib.sha256(leaf.tobytes()).digest() for leaf in leaves)
    assert fingerprint(values) == hashlib.sha256(root).hexdigest()


def test_defaults_are_not_hashed() -> None:
    """A parameter that is added later, with a default, leaves all ids as they are."""
    explicit = Parameters(
        width=3, height=2, iterations=1000, learning_rate=0.1, sigma=1.5, final_sigma=1.0, random_state=7
    )
    assert model_id("data", explicit) == model_id("data", Parameters(width=3, height=2, random_state=7))


def test_the_wording_of_a_preparation_does_not_count() -> None:
    table: dict[str, Any] = {"a": [0.0, 2.0], "b": ["x", "y"]}
    one, other = (Preparation.fit(table, normalisation=kind) for kind in ("min-max", "none"))
    scaled = replace(other, columns=(replace(other.columns[0], scale=2.0), other.columns[1]))
    assert one.transformation == scaled.transformation
    assert one.transformation != other.transformation


def test_the_fingerprint_knows_the_shape_and_the_values() -> None:
    assert fingerprint(SAMPLES) != fingerprint(SAMPLES.reshape(1, 4))
    assert fingerprint(SAMPLES) != fingerprint(SAMPLES[::-1])
    assert fingerprint(SAMPLES) == fingerprint(np.asfortranarray(SAMPLES).astype(">f8"))


def test_the_radius_counts_given_or_not() -> None:
    assert model_id("data", PARAMETERS) == model_id("data", replace(PARAMETERS, sigma=1.5))


@pytest.mark.parametrize(
    "other",
    [
        {"width": 2},
        {"height": 3},
        {"iterations": 11},
        {"learning_rate": 0.2},
        {"sigma": 1},
        {"final_sigma": 0.5},
        {"random_state": 8},
        {"initialisation": "pca"},
        {"grid": "hexagonal"},
        {"boundary": "toroidal"},
    ],
)
def test_all_that_determines_a_map_counts(other: dict[str, Any]) -> None:
    assert model_id("data", PARAMETERS) != model_id("data", replace(PARAMETERS, **other))


def test_the_data_count() -> None:
    assert model_id("data", PARAMETERS) != model_id("other", PARAMETERS)


def child(parent: str = "1f", data: str = "data", first: int = 10, last: int = 20, **other: int) -> str:
    parameters = replace(PARAMETERS, **other)  # type: ignore[arg-type]
    return child_id(parent, data, parameters, first_iteration=first, last_iteration=last)


def test_the_id_of_a_child_lasts() -> None:
    assert child() == "bc206603995a05978ec21602a97488cb"


def test_all_that_determines_a_child_counts() -> None:
    others = [child(parent="2f"), child(data="x"), child(first=0), child(last=21), child(iterations=11)]
    assert len({child(), *others}) == 6
    assert child(random_state=8) == child()
    labelled = child_id(
        "1f", "data", PARAMETERS, first_iteration=10, last_iteration=20, annotations="22" * 32
    )
    assert labelled != child()
