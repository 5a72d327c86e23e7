import io

import numpy as np
import pytest
from PIL import Image

from kohonen import InvalidParameterError
from kohonen.geometry import Geometry
from kohonen.pictures.draw import VIEWS, draw_view
from kohonen.pictures.maps import draw_map

WEIGHTS = np.random.default_rng(1).random((5, 4, 3))
DATA = np.random.default_rng(2).random((6, 3))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("annotated", [False, True])
def test_every_view_is_a_picture(view: str, annotated: bool) -> None:
    geometry = Geometry("hexagonal", "planar")
    content = draw_view(view, WEIGHTS, DATA, geometry=geometry, annotated=annotated)  # type: ignore[arg-type]
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 200


def test_the_map_is_its_pixels() -> None:
    with Image.open(io.BytesIO(draw_view("map", WEIGHTS, scale=3))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), draw_map(WEIGHTS, scale=3))


def test_figures_may_be_svg() -> None:
    assert b"<svg" in draw_view("u-matrix", WEIGHTS, form="svg", annotated=True)
    with pytest.raises(InvalidParameterError, match="annotated"):
        draw_view("u-matrix", WEIGHTS, form="svg")


@pytest.mark.parametrize(
    ("view", "says"), [("hits", "needs the samples"), ("heat", "view must be one of map, .* is 'heat'")]
)
def test_what_cannot_be_drawn(view: str, says: str) -> None:
    with pytest.raises(InvalidParameterError, match=says):
        draw_view(view, WEIGHTS)  # type: ignore[arg-type]
