from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kohonen import Parameters
from kohonen.identity import child_id, fingerprint, model_id

PARAMETERS = Parameters(width=3, height=2, iterations=10, random_state=7)
SAMPLES = np.array([[1.0, 0.5], [0.0, 0.25]])


def test_an_id_lasts() -> None:
    """Stores hold these ids: different values would orphan all stored models."""
    assert fingerprint(SAMPLES) == "e75f3d8e92e060dc7556908a43ef136715a5c43564f383b1ece9a1ee5b72b4a0"
    assert model_id(fingerprint(SAMPLES), PARAMETERS) == "b402e574dc2127f2e69c4fcc8ca6712a"


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
    assert child() == "bb57e6e2c01cf51c7758696cdd63577e"


def test_all_that_determines_a_child_counts() -> None:
    others = [child(parent="2f"), child(data="x"), child(first=0), child(last=21), child(iterations=11)]
    assert len({child(), *others}) == 6
    assert child(random_state=8) == child()
