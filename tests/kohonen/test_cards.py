import hashlib

import numpy as np

from kohonen import Parameters, assess, train
from kohonen.cards import make_card, parameters_of
from kohonen.files import npy
from kohonen.history import History

DATA = np.random.default_rng(1).random((6, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


def test_a_card_tells_how_the_map_was_made() -> None:
    history = History()
    trained = train(DATA, PARAMETERS, observers=[history])
    card = make_card("a" * 32, trained, assess(trained.weights, DATA), DATA, keep_data=True, history=history)
    assert train(DATA, parameters_of(card)).weights.tobytes() == trained.weights.tobytes()
    assert card["weights"]["sha256"] == hashlib.sha256(npy(trained.weights)).hexdigest()
    assert card["data"]["sha256"] == hashlib.sha256(npy(DATA)).hexdigest()
    assert card["quality"]["history"]["points"][-1]["iteration"] == 30


def test_what_is_not_kept_or_not_there() -> None:
    trained = train(DATA, PARAMETERS)
    card = make_card(
        None, trained, assess(trained.weights, DATA), DATA, keep_data=False, lineage={"parent": "b"}
    )
    assert (card["id"], card["data"]["kept"], card["data"]["sha256"]) == (None, False, None)
    assert (card["quality"]["history"], card["lineage"]) == (None, {"parent": "b"})
