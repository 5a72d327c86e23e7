import numpy as np
import pytest

from kohonen import Observer, Parameters, Training, assess, train
from kohonen.observers.history import MOST_POINTS, History
from tests.kohonen import oracle


def history(*, width: int = 6, height: int = 4, samples: int = 5, iterations: int = 300) -> History:
    data = np.random.default_rng(3).random((samples, 3))
    parameters = Parameters(width=width, height=height, iterations=iterations, random_state=1)
    watching = History()
    train(data, parameters, observers=[watching])
    return watching


def test_it_opens_with_the_initial_weights_and_ends_with_the_final_ones() -> None:
    data = np.random.default_rng(3).random((5, 3))
    parameters = Parameters(width=6, height=4, iterations=300, random_state=1)
    watching = History()
    trained = train(data, parameters, observers=[watching])
    first, last = watching.points[0], watching.points[-1]
    assert first == (0, assess(parameters.initial_weights(3), data).quantization_error)
    assert last == (300, assess(trained.weights, data).quantization_error)
    assert watching.samples == 5


@pytest.mark.parametrize("iterations", [1, 2, 3, 49, 50, 51, 99, 1000])
def test_points_are_evenly_spaced_and_at_most_fifty(iterations: int) -> None:
    at = [iteration for iteration, _ in history(iterations=iterations).points]
    assert at[0] == 0
    assert at[-1] == iterations
    assert 2 <= len(at) <= MOST_POINTS
    assert len(set(np.diff(at)[:-1].tolist())) <= 1


def test_a_long_training_of_many_samples_is_watched_on_some() -> None:
    watching = history(width=2, height=2, samples=500, iterations=60)
    assert watching.samples == 64
    assert len(watching.points) == MOST_POINTS or len(watching.points) >= 20


def test_a_map_that_takes_long_to_look_at_is_not_watched() -> None:
    assert history(width=900, height=900, samples=1, iterations=1).points == []


def test_watching_changes_nothing() -> None:
    data = np.random.default_rng(3).random((5, 3))
    parameters = Parameters(width=6, height=4, iterations=100, random_state=1)
    watched = train(data, parameters, observers=[History()], should_stop=lambda: False)
    assert (watched.weights == train(data, parameters).weights).all()
    expected = oracle.online(data, parameters.initial_weights(3), iterations=100)
    np.testing.assert_array_equal(watched.weights, expected.weights)


class Watch(Observer):
    """Stops a training after some iterations."""

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    def after_iteration(self, training: Training) -> None:
        self._left -= 1

    def is_over(self) -> bool:
        return self._left <= 0


@pytest.mark.parametrize("part", [1, 7, 10, 64, 299, 300, 1000])
def test_a_training_in_parts_has_the_history_of_one_in_one_go(part: int) -> None:
    data = np.random.default_rng(3).random((5, 3))
    parameters = Parameters(width=6, height=4, iterations=300, random_state=1)
    whole, weights, done = history(), parameters.initial_weights(3), 0
    points: list[tuple[int, float]] = []
    while done < 300:
        watching, watch = History(0, points), Watch(part)
        reached = train(
            data,
            parameters,
            initial_weights=weights,
            first_iteration=done,
            should_stop=watch.is_over,
            observers=[watching, watch],
        )
        weights, done, points = reached.weights, reached.iterations, watching.points
        assert watching.samples == whole.samples
    assert points == whole.points


def test_a_part_that_does_nothing_measures_nothing() -> None:
    data = np.random.default_rng(3).random((5, 3))
    parameters = Parameters(width=6, height=4, iterations=300, random_state=1)
    before = [(0, 0.5), (7, 0.25)]
    watching = History(0, before)
    train(data, parameters, first_iteration=9, should_stop=lambda: True, observers=[watching])
    assert watching.points == before
