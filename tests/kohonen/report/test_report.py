"""Advice is given where quality is poor, and only there."""

from typing import Any

import numpy as np
import pytest

from kohonen import Parameters, Preparation, Quality, TrainedMap
from kohonen.card import make_card
from kohonen.inputs.arrays import Dataset
from kohonen.report.advice import advice
from kohonen.report.page import report

SAMPLES = np.random.default_rng(0).random((100, 3))
GOOD = {"quantization_error": 0.1, "topographic_error": 0.02, "explained_variance": 0.9, "unused_units": 0.1}


def card(
    samples: Any = SAMPLES, *, algorithm: Any = "online", errors: list[float] | None = None, **poor: Any
) -> dict[str, Any]:
    parameters = Parameters(width=6, height=4, random_state=1, algorithm=algorithm)
    trained = TrainedMap(np.zeros((6, 4, samples.shape[1])), parameters, 1000, "numpy", 1.0)
    quality = Quality(**{**GOOD, **poor})
    made = make_card("0" * 32, trained, quality, Dataset(samples), keep_data=True).to_dict()
    if errors is None:
        return made
    points = [{"iteration": at, "quantization_error": error} for at, error in enumerate(errors)]
    made["quality"]["history"] = {"samples": 10, "points": points}
    return made


def test_a_good_map_needs_none() -> None:
    assert advice(card(errors=np.linspace(1, 0.9, 20).tolist()), SAMPLES) == []
    assert advice(card(explained_variance=None)) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"topographic_error": 0.3}, "not well ordered: for 30% of the samples"),
        ({"topographic_error": 0.3, "algorithm": "batch"}, "'online'"),
        (
            {"unused_units": 0.6},
            "60% of the units are no sample's best matching unit. Use a smaller map, of about 50",
        ),
        ({"unused_units": 0.6, "samples": SAMPLES[:9]}, "only 9 samples for 24 units"),
        ({"unused_units": 0.99998}, "99.9% of the units"),
        ({"explained_variance": 0.2}, "explains only 20% of the data's variance"),
        ({"explained_variance": -1.0}, "explains only 0% of the data's variance"),
        ({"errors": [1.0] * 18 + [0.9, 0.5]}, "still falling at the end, by 50%"),
    ],
)
def test_what_is_poor_is_named_with_its_remedy(given: dict[str, Any], says: str) -> None:
    (text,) = advice(card(**given))
    assert says in text


@pytest.mark.parametrize("errors", [[1.0] * 20, [1.0, 0.1], [0.0] * 20])
def test_a_course_that_says_nothing(errors: list[float]) -> None:
    assert advice(card(errors=errors)) == []


def test_a_column_that_decides_alone() -> None:
    uneven = SAMPLES * [1.0, 1000.0, 1.0]
    (text,) = advice(card(), uneven)
    assert "Component 1 spreads" in text
    assert advice(card(), SAMPLES[:, :1]) == []
    assert advice(card(), SAMPLES * [1.0, 0.0, 0.0]) == []


def test_a_report_of_a_training_that_was_stopped_early() -> None:
    early = {**card(), "id": None}
    assert "<title>Self-organizing map</title>" in report(early, np.zeros((6, 4, 3)), None)


def test_a_report_of_a_model_without_a_history() -> None:
    assert "polyline" not in report(card(), np.zeros((6, 4, 3)), None)


def test_skewed_columns_are_bent() -> None:
    money = np.append(np.ones(50), 1000.0)
    table: dict[str, Any] = {"money": money, "debt": -money, "same": [1.0] * 51, "kind": ["x", "y", "x"] * 17}
    preparation = Preparation.fit(table)
    samples = preparation.transform(table)
    document = {**card(samples=samples), "preparation": preparation.to_json()}
    texts = advice(document, samples)
    assert "train with normalisation=money:log, normalisation=debt:rank, so that" in texts[-1]
    bent = Preparation.fit(table, normalisation={"money": "log", "debt": "rank"})
    assert advice({**document, "preparation": bent.to_json()}, bent.transform(table)) == texts[:-1]
    assert advice(document, None) == texts[:-1]
