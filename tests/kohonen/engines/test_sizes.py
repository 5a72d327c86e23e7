"""Sizes that are chosen for the data."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen import InvalidParameterError, Parameters, SelfOrganizingMap
from kohonen.engines.sizes import settled, sized


def chosen(samples: Any, weight: Any = None, **parameters: Any) -> tuple[Any, ...]:
    found = sized(*settled(parameters), np.asarray(samples, dtype=float), weight)
    return found.width, found.height, found.iterations, found.algorithm


def spread(rows: int, *scales: float) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, len(scales))) * scales


@pytest.mark.parametrize(
    ("samples", "parameters", "expected"),
    [
        (spread(400, 2.0, 1.0), {}, (14, 7, 125, "online")),
        (spread(400, 1.0, 1.0), {}, (10, 10, 125, "online")),
        (spread(400, 9.0, 1.0), {}, (15, 6, 125, "online")),
        (spread(1_000, 1.0, 1.0), {}, (13, 12, 50, "online")),
        (spread(1_001, 1.0, 1.0), {}, (13, 12, 30, "batch")),
        (spread(1_001, 1.0, 1.0), {"algorithm": "online"}, (13, 12, 50, "online")),
        (spread(1_001, 1.0, 1.0), {"iterations": 70}, (13, 12, 70, "online")),
        (spread(400, 2.0, 1.0), {"algorithm": "batch"}, (14, 7, 30, "batch")),
        (spread(400, 2.0, 1.0), {"width": 4}, (4, 25, 125, "online")),
        (spread(400, 2.0, 1.0), {"height": 20, "iterations": 1}, (5, 20, 1, "online")),
        (spread(400, 2.0, 1.0), {"grid": "hexagonal", "boundary": "toroidal"}, (12, 8, 125, "online")),
        (spread(400, 2.0), {}, (15, 6, 125, "online")),  # of one dimension
        ([[1.0, 2.0]], {}, (2, 2, 50_000, "online")),
        ([[1.0, 2.0]] * 4, {}, (3, 3, 12_500, "online")),
        ([[1.0, np.nan], [2.0, 3.0], [4.0, 3.0]], {}, (4, 2, 16_667, "online")),
        ([[0.0, 1e149], [0.0, -1e149]], {}, (4, 2, 25_000, "online")),
    ],
)
def test_what_is_chosen(samples: Any, parameters: Any, expected: tuple[Any, ...]) -> None:
    assert chosen(samples, **parameters) == expected


def test_sample_weights_need_batches_and_count() -> None:
    samples = np.vstack([spread(100, 5.0, 1.0), spread(100, 1.0, 1.0)])
    weight = np.repeat([0.0, 1.0], 100)
    assert chosen(samples, weight) == (9, 8, 30, "batch")
    assert chosen(samples, weight, iterations=7) == (9, 8, 7, "batch")
    assert chosen(samples) == (12, 5, 250, "online")


@given(st.integers(1, 5_000), st.floats(0.1, 10), st.booleans())
def test_sides_are_of_the_ratio_of_the_spreads(rows: int, scale: float, torus: bool) -> None:
    samples = np.zeros((2, 2))
    samples[1] = scale, 1.0
    grid = {"grid": "hexagonal", "boundary": "toroidal"} if torus else {}
    found = sized(*settled(grid), np.vstack([samples, [[scale, 0.0], [0.0, 1.0]]]), rows=rows)
    units = 5 * math.sqrt(rows)
    assert 1 <= found.width / found.height <= 2.5
    assert found.height % 2 == 0 or not torus
    assert abs(found.width * found.height - units) <= 2 * found.height + found.width
    if not torus and rows > 1_000:
        wanted = min(max(scale, 1 / scale), 2.5)
        assert found.width / found.height == pytest.approx(wanted, rel=0.25)


def test_the_last_bits_of_the_data_do_not_matter() -> None:
    samples = spread(3_000, 2.0, 1.5, 1.0)
    turned = np.linalg.qr(spread(3, 1.0, 1.0, 1.0))[0]
    assert chosen(samples) == chosen(samples @ turned) == chosen(samples * (1 + 2**-40))


def test_blocks_of_samples_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = spread(1_000, 3.0, 2.0, 1.0)
    whole = chosen(samples)
    monkeypatch.setattr("kohonen.initialisation._BLOCK", 77)
    assert chosen(samples) == whole


def test_the_parameters_of_colours_stand_for_auto() -> None:
    parameters, auto = settled({"width": "auto", "iterations": 5, "sigma": None})
    assert parameters == Parameters(width=100, height=100, iterations=5)
    assert auto == {"width", "height", "algorithm"}
    with pytest.raises(InvalidParameterError, match="width must be an integer, but is 'wide'"):
        settled({"width": "wide"})


def test_the_estimator_chooses_for_the_samples_of_each_fit() -> None:
    few, many = spread(50, 2.0, 1.0), spread(1_200, 1.0, 1.0)
    som = SelfOrganizingMap(random_state=1)
    for samples in (few, many):
        found = som.fit(samples).parameters
        assert (found.width, found.height, found.iterations, found.algorithm) == chosen(samples)
        assert som.weights_.shape == (found.width, found.height, 2)
    given = SelfOrganizingMap(found.width, found.height, iterations=30, algorithm="batch", random_state=1)
    np.testing.assert_array_equal(som.weights_, given.fit(many).weights_)
    first = SelfOrganizingMap(random_state=1).partial_fit(few)
    assert first.parameters == SelfOrganizingMap(random_state=1).fit(few).parameters


def test_iterations_are_auto_only_where_the_size_is() -> None:
    assert SelfOrganizingMap(4, 3).fit(spread(10, 1.0)).n_iter_ == 1_000
    assert SelfOrganizingMap(4, 3, iterations="auto").fit(spread(10, 1.0)).n_iter_ == 5_000
