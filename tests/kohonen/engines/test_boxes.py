"""The bounding boxes of a large map: they contain all weights, and exclude most of the map from searches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import boxes
from kohonen.engines.bands import Bands
from kohonen.engines.boxes import Boxes
from kohonen.engines.planes import mirrored
from kohonen.schedule import Schedule
from tests.kohonen.oracle import Array


def gradient(width: int, height: int) -> Array:
    """Return planes of a perfectly ordered map, of shape (2, width * height)."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height, indexing="ij")
    return np.stack([x.ravel(), y.ravel()])


def nearest(planes: Array, sample: Array) -> int:
    return int(((sample[:, None] - planes) ** 2).sum(axis=0).argmin())


def at_rest(kept: Boxes, planes: Array, samples: Array, *, height: int) -> None:
    """Set the boxes' best matching units, as after updates that move no weights."""
    kept.begin(np.zeros((2 * planes.shape[1] // height - 1, 1)), np.zeros((1, 2 * height - 1)))
    for index, sample in enumerate(samples):
        kept.move(index, *divmod(nearest(planes, sample), height))


@given(
    width=st.integers(1, 30),
    height=st.integers(1, 30),
    dimension=st.integers(1, 4),
    scale=st.sampled_from([1.0, 1e-16, 1e-300, 1e5]),
    sigma=st.floats(0.1, 30.0),
    rate=st.sampled_from([0.01, 0.1, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_weight_is_in_its_box(
    width: int, height: int, dimension: int, scale: float, sigma: float, rate: float, seed: int
) -> None:
    """Includes weights that rounding moves past another weight."""
    generator = np.random.default_rng(seed)
    samples = generator.random((4, dimension))
    planes = scale * generator.random((dimension, width * height))
    kept, bands = Boxes(planes, width, height, samples), Bands(planes, width, height)
    schedule = Schedule(5, sigma, rate)
    for iteration in range(5):
        table = schedule.neighbourhood(iteration, max(width, height))
        columns, rows = (
            mirrored(table, width)[:, None],
            schedule.rate(iteration) * mirrored(table, height)[None],
        )
        kept.begin(columns, rows)
        for index, sample in enumerate(samples):
            cell = kept.search(index)
            assert cell is None or cell == nearest(planes, sample)
            x, y = divmod(nearest(planes, sample), height)
            kept.move(index, x, y)
            bands.move(sample, x, y, len(table) - 1, columns, rows)
            below, above = kept._boxes[:, :, :, None] * np.array([1.0, -1.0])[:, None, None, None]
            weights = planes[:, kept._cells]
            assert (below <= weights).all()
            assert (weights <= above).all()


def test_on_a_map_in_order_few_tiles_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    width, height = 100, 80
    planes, samples = gradient(width, height), np.random.default_rng(0).random((50, 2))
    kept = Boxes(planes, width, height, samples)
    at_rest(kept, planes, samples, height=height)
    monkeypatch.setattr(boxes, "MOST_TILES", 4 / 100)
    assert [kept.search(index) for index in range(50)] == [nearest(planes, sample) for sample in samples]


def test_boxes_that_have_become_too_wide_are_made_tight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "FAILED_SEARCHES", 3)
    planes, samples = np.random.default_rng(0).random((2, 30 * 20)), np.random.default_rng(1).random((1, 2))
    kept = Boxes(planes, 30, 20, samples)
    planes[:] = gradient(30, 20)
    at_rest(kept, planes, samples, height=20)
    found = [kept.search(0) for _ in range(4)]
    assert found == [None, None, None, nearest(planes, samples[0])]


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (2, 1), (1, 7), (5, 3), (20, 20), (100, 7), (1, 10_000)]
)
def test_each_cell_is_in_one_tile(width: int, height: int) -> None:
    kept = Boxes(np.zeros((1, width * height)), width, height, np.zeros((1, 1)))
    tiles = [set(tile) for tile in kept._cells.tolist()]
    assert sorted(cell for tile in tiles for cell in tile) == list(range(width * height))
    # About as many tiles as units per tile, for maps of any shape.
    assert len(tiles) <= 2 * (width * height) ** 0.5 + 1
    assert kept._cells.size <= 4 * width * height
