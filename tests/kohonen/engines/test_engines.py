"""Compares every engine with the oracle: the same unit at every step, and the same weights."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import Engine, NativeOnline, NumpyOnline, numpy_online
from kohonen.geometry import PLANAR, Geometry
from kohonen.kernel import kernel
from kohonen.schedule import Schedule
from tests.kohonen import oracle
from tests.kohonen.oracle import Array
from tests.kohonen.test_geometry import GEOMETRIES, every_geometry, grid_of
from tests.kohonen.test_geometry import SHAPES as GRIDS


def native_engines() -> list[type[Engine]]:
    """Return the compiled engine for each supported instruction set of this processor."""
    found = kernel()
    if found is None:
        return []
    return [
        type(f"Native{level}", (NativeOnline,), {"level": level})
        for level in range(found.highest_level() + 1)
    ]


ENGINES: list[type[Engine]] = [NumpyOnline, *native_engines()]


@pytest.fixture(params=ENGINES, ids=lambda engine: f"{engine.name} {getattr(engine, 'level', '')}".strip())
def engine(request: pytest.FixtureRequest) -> type[Engine]:
    chosen: type[Engine] = request.param
    return chosen


def random_case(width: int, height: int, dimension: int, samples: int, seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    return generator.random((samples, dimension)), generator.random((width, height, dimension))


def with_gaps(samples: Array, seed: int = 0) -> Array:
    """Return samples without a third of their values, but with at least one each."""
    generator = np.random.default_rng(seed)
    absent = generator.random(samples.shape) < 1 / 3
    absent[np.arange(len(samples)), generator.integers(0, samples.shape[1], len(samples))] = False
    return np.where(absent, np.nan, samples)


def check(
    engine: type[Engine],
    samples: Array,
    initial: Array,
    iterations: int,
    *,
    learning_rate: float = 0.1,
    sigma: float | None = None,
    final_sigma: float = 1.0,
    geometry: Geometry = PLANAR,
) -> None:
    """Compare an engine with the oracle, iteration by iteration and bit for bit.

    Weights that are equal to the bit after each iteration prove that the units were: another best matching
    unit would have moved other weights.
    """
    shape = initial.shape[0], initial.shape[1]
    radius = max(shape) / 2 if sigma is None else sigma
    training = engine(initial, samples, Schedule(iterations, radius, learning_rate, final_sigma), geometry)
    expected = oracle.online(
        samples,
        initial,
        grid=grid_of(geometry, shape),
        iterations=iterations,
        learning_rate=learning_rate,
        sigma=sigma,
        final_sigma=final_sigma,
    )
    for t, weights in enumerate(expected.history):
        training.run(t, t + 1)
        np.testing.assert_array_equal(training.weights(), weights, err_msg=f"after iteration {t}")


SHAPES = [(1, 1), (1, 2), (2, 1), (2, 2), (1, 9), (9, 1), (3, 3), (7, 5), (5, 7), (4, 13), (8, 8), (12, 3)]


@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_any_shape(engine: type[Engine], width: int, height: int) -> None:
    samples, initial = random_case(width, height, 3, 5)
    check(engine, samples, initial, 12)


@every_geometry
@pytest.mark.parametrize("shape", GRIDS, ids=str)
@pytest.mark.parametrize("gaps", [False, True])
def test_any_grid(engine: type[Engine], geometry: Geometry, shape: tuple[int, int], gaps: bool) -> None:
    samples, initial = random_case(*shape, 3, 5, seed=sum(shape))
    check(engine, with_gaps(samples) if gaps else samples, initial, 8, geometry=geometry)


@every_geometry
def test_ties_go_to_the_first_unit(engine: type[Engine], geometry: Geometry) -> None:
    check(engine, np.array([[0.0], [0.5], [1.0]]), np.full((4, 4, 1), 0.5), 6, geometry=geometry)


@pytest.mark.parametrize(("sigma", "final_sigma"), [(3.0, 0.2), (3.0, 3.0), (0.5, 0.01), (2.0, 1e-200)])
def test_the_final_radius(engine: type[Engine], sigma: float, final_sigma: float) -> None:
    samples, initial = random_case(6, 5, 2, 4)
    check(engine, samples, initial, 10, sigma=sigma, final_sigma=final_sigma)


@pytest.mark.parametrize("dimension", range(1, 17))
def test_any_dimension(engine: type[Engine], dimension: int) -> None:
    samples, initial = random_case(6, 5, dimension, 4, seed=dimension)
    check(engine, samples, initial, 8)


def test_one_sample(engine: type[Engine]) -> None:
    samples, initial = random_case(5, 4, 3, 1)
    check(engine, samples, initial, 20)


def test_many_samples_take_no_more_memory_than_some(engine: type[Engine]) -> None:
    samples, initial = random_case(27, 27, 3, 2000)
    tracemalloc.start()
    try:
        engine(initial, samples, Schedule(1, 13.5, 0.1)).run(0, 1)
        # Repeated over the map they would be 35 million numbers.
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_a_map_of_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_online, "BLOCK", 12)
    for width, height in [(7, 5), (4, 13), (1, 9)]:
        check(NumpyOnline, *random_case(width, height, 2, 5), iterations=6)


def test_repeated_samples(engine: type[Engine]) -> None:
    samples, initial = random_case(5, 4, 3, 3)
    check(engine, np.tile(samples, (4, 1)), initial, 10)


@pytest.mark.parametrize("scale", [1.0, 255.0, 1e-3])
def test_samples_on_a_lattice_with_equal_initial_weights(engine: type[Engine], scale: float) -> None:
    levels = np.array([0.0, 0.5, 1.0]) * scale
    samples = np.stack(np.meshgrid(levels, levels), axis=-1).reshape(-1, 2)
    check(engine, samples, np.full((9, 7, 2), 0.5 * scale), 12)


def test_initial_weights_on_a_lattice(engine: type[Engine]) -> None:
    generator = np.random.default_rng(3)
    samples = generator.integers(0, 3, (6, 3)) / 2.0
    initial = generator.integers(0, 3, (8, 6, 3)) / 2.0
    check(engine, samples, initial, 10, sigma=1.0)


@pytest.mark.parametrize("sigma", [1e-150, 0.2, 1.0, 1.5, 40.0])
def test_given_radius(engine: type[Engine], sigma: float) -> None:
    samples, initial = random_case(7, 6, 3, 4)
    check(engine, samples, initial, 10, sigma=sigma)


def test_learning_rate_of_one(engine: type[Engine]) -> None:
    samples, initial = random_case(7, 6, 3, 4)
    check(engine, samples, initial, 10, learning_rate=1.0)


def test_data_far_from_the_origin(engine: type[Engine]) -> None:
    """The fast search must find the nearest unit even if squared norms are much larger than distances."""
    samples, initial = random_case(9, 8, 3, 5)
    check(engine, samples * 1e-6 + 1e3, initial * 1e-6 + 1e3, 10)


def test_a_map_of_many_tables(engine: type[Engine]) -> None:
    """The map is too large for wide passes alone, and wide enough for local updates."""
    samples, initial = random_case(60, 20, 3, 2)
    check(engine, samples, initial, 6, sigma=8.0)


@pytest.mark.parametrize(("width", "height", "dimension"), [(9, 6, 3), (5, 11, 2), (6, 6, 8)])
def test_agrees_with_the_textbook(engine: type[Engine], width: int, height: int, dimension: int) -> None:
    samples, initial = random_case(width, height, dimension, 6, seed=5)
    training = engine(initial, samples, Schedule(40, max(width, height) / 2, 0.1))
    training.run(0, 40)
    expected = oracle.textbook(samples, initial, iterations=40)
    np.testing.assert_allclose(training.weights(), expected, rtol=0, atol=1e-9)


@every_geometry
def test_agrees_with_the_textbook_on_any_grid(geometry: Geometry) -> None:
    samples, initial = random_case(6, 8, 3, 5)
    training = NumpyOnline(initial, samples, Schedule(10, 4.0, 0.1), geometry)
    training.run(0, 10)
    expected = oracle.textbook(samples, initial, grid=grid_of(geometry, (6, 8)), iterations=10)
    np.testing.assert_allclose(training.weights(), expected, rtol=0, atol=1e-9)


@given(
    width=st.integers(1, 9),
    height=st.integers(1, 9),
    dimension=st.integers(1, 6),
    count=st.integers(1, 6),
    iterations=st.integers(1, 8),
    levels=st.sampled_from([2, 3, 5, 10**6]),
    sigma=st.one_of(st.none(), st.floats(0.05, 12.0)),
    final_sigma=st.sampled_from([1.0, 0.2]),
    geometry=st.sampled_from(GEOMETRIES),
    gaps=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    block=st.sampled_from([1, 20, 10**6]),
)
def test_random_cases(
    width: int,
    height: int,
    dimension: int,
    count: int,
    iterations: int,
    levels: int,
    sigma: float | None,
    final_sigma: float,
    geometry: Geometry,
    gaps: bool,
    seed: int,
    block: int,
) -> None:
    """Few levels cause ties; many cause none."""
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, levels, (count, dimension)) / (levels - 1)
    height += height % 2 if geometry.hexagonal else 0
    initial = generator.integers(0, levels, (width, height, dimension)) / (levels - 1)
    samples = with_gaps(samples, seed) if gaps else samples
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_online, "BLOCK", block)
        for engine in ENGINES:
            check(
                engine, samples, initial, iterations, sigma=sigma, final_sigma=final_sigma, geometry=geometry
            )


def test_runs_add_up(engine: type[Engine]) -> None:
    """A training in parts, each from the weights of the previous one, equals an uninterrupted training."""
    samples, initial = random_case(50, 30, 3, 4)
    schedule = Schedule(30, 25.0, 0.1)
    whole = engine(initial, samples, schedule)
    whole.run(0, 30)
    first = engine(initial, samples, schedule)
    first.run(0, 11)
    second = engine(first.weights(), samples, schedule)
    second.run(11, 12)
    second.run(12, 30)
    np.testing.assert_array_equal(second.weights(), whole.weights())


@pytest.mark.parametrize(
    ("width", "height", "count", "iterations"),
    [
        (9, 10, 1, 70),
        (10, 9, 3, 45),
        (11, 5, 7, 22),
        (5, 17, 13, 12),
        (8, 8, 64, 4),
        (7, 9, 65, 3),
        (6, 5, 150, 3),
    ],
)
def test_one_long_run(engine: type[Engine], width: int, height: int, count: int, iterations: int) -> None:
    """Engines may delay updates, but must not lose any."""
    samples, initial = random_case(width, height, 3, count)
    training = engine(initial, samples, Schedule(iterations, max(width, height) / 2, 0.1))
    training.run(0, iterations)
    expected = oracle.online(samples, initial, iterations=iterations)
    np.testing.assert_array_equal(training.weights(), expected.weights)


@pytest.mark.parametrize(
    ("width", "height", "dimension", "count", "iterations"),
    [
        (100, 100, 3, 20, 100),
        (61, 45, 3, 200, 20),
        (10, 10, 3, 10, 500),
        (37, 41, 17, 30, 30),
        (30, 90, 3, 20, 40),
        (20, 200, 9, 40, 12),
        (300, 2, 2, 9, 60),
        (260, 180, 3, 20, 20),
        (13, 4000, 2, 20, 10),
    ],
)
def test_engines_agree(width: int, height: int, dimension: int, count: int, iterations: int) -> None:
    """The oracle would take too long: compares the engines, which share no code, with each other."""
    samples, initial = random_case(width, height, dimension, count)
    results = []
    for engine in ENGINES:
        training = engine(initial, samples, Schedule(iterations, max(width, height) / 2, 0.1))
        training.run(0, iterations)
        results.append(training.weights())
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_the_initial_weights_are_left_alone(engine: type[Engine]) -> None:
    samples, initial = random_case(6, 5, 3, 4)
    before = initial.copy()
    engine(initial, samples, Schedule(5, 3.0, 0.1)).run(0, 5)
    np.testing.assert_array_equal(initial, before)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_units_that_a_product_cannot_tell_apart(engine: type[Engine], offset: float) -> None:
    # A small radius makes every step use the local search, and the weights differ in their last places.
    generator = np.random.default_rng(3)
    initial = offset + 0.5 + np.spacing(offset + 0.5) * generator.integers(-4, 5, (9, 7, 3))
    check(engine, offset + generator.random((6, 3)), initial, 4, sigma=0.3)
