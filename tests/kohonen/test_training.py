import numpy as np
import pytest

from kohonen import Observer, Parameters, Training, train
from kohonen.engines import default_engine, describe_engine
from kohonen.engines.cost import Cost
from tests.kohonen import oracle

DATA = np.random.default_rng(1).random((4, 3))
PARAMETERS = Parameters(width=5, height=4, iterations=30, random_state=2)


class Recorder(Observer):
    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.weights: list[oracle.Array] = []
        self.schedule: list[tuple[float, float]] = []

    def start(self, training: Training) -> None:
        self._record("start", training)

    def after_iteration(self, training: Training) -> None:
        self._record("after", training)

    def end(self, training: Training) -> None:
        self._record("end", training)

    def _record(self, call: str, training: Training) -> None:
        self.calls.append((call, training.iteration))
        self.weights.append(training.weights)
        self.schedule.append((training.radius, training.learning_rate))


def test_ends_where_the_oracle_does() -> None:
    trained = train(DATA, PARAMETERS)
    expected = oracle.online(DATA, PARAMETERS.initial_weights(3), iterations=30)
    np.testing.assert_array_equal(trained.weights, expected.weights)
    assert trained.iterations == 30
    assert not trained.stopped
    assert trained.engine == describe_engine(default_engine())
    assert trained.seconds > 0


def test_observers_see_every_iteration() -> None:
    recorder = Recorder()
    trained = train(DATA, PARAMETERS, observers=[recorder])
    assert recorder.calls == [("start", 0), *(("after", t) for t in range(1, 31)), ("end", 30)]
    expected = oracle.online(DATA, PARAMETERS.initial_weights(3), iterations=30).history
    np.testing.assert_array_equal(recorder.weights[0], PARAMETERS.initial_weights(3))
    np.testing.assert_array_equal(recorder.weights[1:-1], expected)
    np.testing.assert_array_equal(trained.weights, train(DATA, PARAMETERS).weights)
    assert recorder.schedule[0] == (2.5, 0.1)
    assert recorder.schedule[-1] == pytest.approx((1.0, 0.04))


def test_an_observer_does_nothing_by_default() -> None:
    assert train(DATA, PARAMETERS, observers=[Observer()]).iterations == 30


def test_a_stopped_training_continues_to_the_same_end() -> None:
    answers = iter([False] * 3 + [True])
    stopped = train(DATA, PARAMETERS, observers=[Observer()], should_stop=lambda: next(answers))
    assert stopped.stopped
    assert stopped.iterations == 3
    rest = train(DATA, PARAMETERS, initial_weights=stopped.weights, first_iteration=stopped.iterations)
    np.testing.assert_array_equal(rest.weights, train(DATA, PARAMETERS).weights)
    assert rest.iterations == 30


def test_is_asked_to_stop_before_the_first_iteration() -> None:
    stopped = train(DATA, PARAMETERS, should_stop=lambda: True)
    assert stopped.iterations == 0
    np.testing.assert_array_equal(stopped.weights, PARAMETERS.initial_weights(3))


def test_whether_to_stop_is_asked_seldom_of_a_fast_training() -> None:
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return False

    trained = train(DATA, Parameters(width=3, height=3, iterations=500), should_stop=should_stop)
    assert trained.iterations == 500
    assert asked < 100


def test_a_seed_is_drawn_and_reported() -> None:
    trained = train(DATA, Parameters(width=3, height=2, iterations=2))
    assert trained.parameters.random_state is not None
    np.testing.assert_array_equal(train(DATA, trained.parameters).weights, trained.weights)


def test_cost_grows_with_the_work() -> None:
    cost = Cost(per_step=1.0, per_dimension=10.0, per_value=100.0)
    parameters = Parameters(width=2, height=3, iterations=5)
    assert cost.seconds(parameters, samples=7, dimension=1) == (5 + 2) * 7 * (1 + 10 + 1200)
    pruned = cost._replace(pruning=4).seconds(parameters, samples=7, dimension=1)
    assert pruned == (5 + 2) * 7 * (1 + 10 + 600)
    tiled = cost._replace(side=4).seconds(parameters, samples=7, dimension=1)
    assert tiled == (5 + 2) * 7 * (1 + 10 + 3200)
    smoothing = cost._replace(per_smoothing=1000.0).seconds(parameters, samples=7, dimension=1)
    assert smoothing == (5 + 2) * (7 * (1 + 10 + 1200) + 1000 * 12 * 5)


def test_a_finished_training_goes_on_as_the_schedule_did() -> None:
    trained = train(DATA, PARAMETERS)
    more = train(DATA, PARAMETERS, initial_weights=trained.weights, first_iteration=30, last_iteration=45)
    assert not more.stopped
    assert more.iterations == 45
    whole = train(DATA, PARAMETERS, last_iteration=45)
    np.testing.assert_array_equal(more.weights, whole.weights)
    assert not np.array_equal(more.weights, trained.weights)
    assert train(DATA, PARAMETERS, last_iteration=45, should_stop=lambda: True).stopped


class Seldom(Recorder):
    every = 7


@pytest.mark.parametrize("first", [0, 4])
def test_an_observer_may_watch_seldom(first: int) -> None:
    seldom, often = Seldom(), Recorder()
    trained = train(DATA, PARAMETERS, observers=[seldom], first_iteration=first, should_stop=lambda: False)
    train(DATA, PARAMETERS, observers=[often, Seldom()], first_iteration=first)
    assert seldom.calls[1:-1] == [("after", t) for t in range(first + 7, 31, 7)]
    assert len(often.calls) == 30 - first + 2
    np.testing.assert_array_equal(trained.weights, often.weights[-1])


class Broken(Observer):
    def __init__(self, *, essential: bool) -> None:
        self.essential = essential
        self.calls = 0

    def after_iteration(self, training: Training) -> None:
        self.calls += 1
        raise OSError("the disk is full")


def test_an_error_in_an_observer_does_not_lose_the_training(caplog: pytest.LogCaptureFixture) -> None:
    broken, recorder = Broken(essential=False), Recorder()
    trained = train(DATA, PARAMETERS, observers=[broken, recorder])
    np.testing.assert_array_equal(trained.weights, train(DATA, PARAMETERS).weights)
    assert broken.calls == 1
    assert len(recorder.calls) == 32
    assert "Broken failed at iteration 1" in caplog.text
    assert "the disk is full" in caplog.text


def test_an_error_in_an_essential_observer_ends_the_training() -> None:
    with pytest.raises(OSError, match="the disk is full"):
        train(DATA, PARAMETERS, observers=[Broken(essential=True)])


def test_an_observer_may_end_the_training() -> None:
    class Enough(Observer):
        def after_iteration(self, training: Training) -> None:
            if training.iteration == 5:
                training.stop()

    trained = train(DATA, PARAMETERS, observers=[Enough()])
    assert trained.stopped
    assert trained.iterations == 5
