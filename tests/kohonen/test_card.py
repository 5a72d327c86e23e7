import hashlib
import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from kohonen import Parameters, Preparation, assess, train
from kohonen.card import Card, Lineage, component_names, geometry_of, make_card, preparation_of
from kohonen.files import npy
from kohonen.inputs.arrays import Dataset
from kohonen.observers.history import History

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)
TABLE: dict[str, list[float | str | None]] = {"age": [20, 30, 40], "colour": ["red", "blue", "red"]}


def card_of_a_table() -> Card:
    preparation = Preparation.fit(TABLE)
    samples = preparation.transform(TABLE)
    trained = train(samples, PARAMETERS)
    quality = assess(trained.weights, samples)
    return make_card("a" * 32, trained, quality, Dataset(samples), keep_data=True, preparation=preparation)


def test_a_card_tells_how_the_map_was_made() -> None:
    history = History()
    trained = train(DATA, PARAMETERS, observers=[history])
    card = make_card(
        "a" * 32, trained, assess(trained.weights, DATA), Dataset(DATA), keep_data=True, history=history
    )
    assert train(DATA, card.parameters.to_parameters()).weights.tobytes() == trained.weights.tobytes()
    assert card.weights.sha256 == hashlib.sha256(npy(trained.weights)).hexdigest()
    assert card.data.sha256 == hashlib.sha256(npy(DATA)).hexdigest()
    assert card.quality.history is not None
    assert card.quality.history.points[-1].iteration == card.last_iteration == 30


def test_what_is_not_kept_or_not_there() -> None:
    trained = train(DATA, PARAMETERS)
    lineage = Lineage(parent="b" * 32, schedule="continued", first_iteration=10, last_iteration=40)
    card = make_card(
        "a" * 32, trained, assess(trained.weights, DATA), Dataset(DATA), keep_data=False, lineage=lineage
    )
    assert (card.data.kept, card.data.sha256, card.last_iteration) == (False, None, 40)
    document = card.to_dict()
    assert document["quality"]["history"] is None
    assert document["lineage"] == {
        "parent": "b" * 32,
        "schedule": "continued",
        "first_iteration": 10,
        "last_iteration": 40,
    }


def test_a_card_is_a_json_object() -> None:
    card = card_of_a_table()
    document = card.to_dict()
    assert json.loads(json.dumps(document)) == document
    assert document["weights"]["shape"] == [5, 4, 3]
    assert document["created_at"].endswith("Z")
    assert document["preparation"] == Preparation.fit(TABLE).to_json()
    assert preparation_of(document) == card.table == Preparation.fit(TABLE)
    assert geometry_of(document) == card.geometry
    assert component_names(document) == card.component_names == ["age", "colour: blue", "colour: red"]


def test_a_card_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        card_of_a_table().id = "b" * 32  # type: ignore[misc]


def test_a_preparation_that_does_not_suit_the_map_is_refused() -> None:
    card = card_of_a_table()
    assert card.preparation is not None
    with pytest.raises(ValueError, match="another dimension than the map"):
        replace(card, preparation=replace(card.preparation, columns=card.preparation.columns[:1]))
    with pytest.raises(ValueError, match="not a preparation of version 1"):
        replace(card.preparation, columns=())
