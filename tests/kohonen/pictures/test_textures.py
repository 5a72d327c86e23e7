import numpy as np
import pytest

from kohonen import InvalidParameterError, SelfOrganizingMap
from kohonen.geometry import Geometry, Grid
from kohonen.pictures.draw import draw_view
from kohonen.pictures.textures import draw_texture, texture_size


@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
def test_opposite_edges_fit_together(grid: Grid) -> None:
    colours = np.random.default_rng(0).random((30, 3))
    geometry = Geometry(grid, "toroidal")
    som = SelfOrganizingMap(16, 12, iterations=50, grid=grid, boundary="toroidal", random_state=1).fit(
        colours
    )
    tile = draw_texture(som.weights_, scale=8, geometry=geometry).astype(float)
    assert tile.shape[:2] == texture_size(16, 12, 8, geometry)
    for axis in (0, 1):
        steps = np.abs(np.roll(tile, -1, axis=axis) - tile).mean(axis=(1 - axis, 2))
        assert steps[-1] <= 1.5 * steps[:-1].mean()


def test_units_have_their_colours_in_their_middle() -> None:
    weights = np.random.default_rng(1).random((4, 3, 3))
    tile = draw_texture(weights, scale=5, geometry=Geometry("rectangular", "toroidal"))
    assert tile.shape == (15, 20, 3)
    np.testing.assert_array_equal(tile[2::5, 2::5], np.rint(255 * weights.swapaxes(0, 1)))


def test_other_weights_are_drawn_as_their_u_matrix() -> None:
    weights = np.random.default_rng(2).normal(size=(4, 4, 7))
    tile = draw_texture(weights, geometry=Geometry("hexagonal", "toroidal"))
    assert (tile == tile[:, :, :1]).all()


def test_a_planar_map_has_no_texture() -> None:
    weights = np.zeros((2, 2, 3))
    with pytest.raises(InvalidParameterError, match="toroidal"):
        draw_texture(weights)
    with pytest.raises(InvalidParameterError, match="no axes"):
        draw_view("texture", weights, geometry=Geometry("rectangular", "toroidal"), annotated=True)
