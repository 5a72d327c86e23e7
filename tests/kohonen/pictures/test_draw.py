import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kohonen import InvalidParameterError
from kohonen.analysis.labels import on_units
from kohonen.geometry import Geometry
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset
from kohonen.pictures.draw import VIEWS, draw_view
from kohonen.pictures.maps import draw_map

LABELS = Annotations.of({"kind": ["a", "b", "a", "b", None, "c"], "price": list("123456")}, {})
WEIGHTS = np.random.default_rng(1).random((5, 4, 3))
DATA = np.random.default_rng(2).random((6, 3))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("annotated", [False, True])
def test_every_view_is_a_picture(view: str, annotated: bool) -> None:
    geometry = Geometry("hexagonal", "planar")
    assert LABELS is not None
    labels = LABELS.on_units(np.arange(6))
    options = {"geometry": geometry, "annotated": annotated, "annotations": labels, "column": "price"}
    content = draw_view(view, WEIGHTS, DATA, **options)  # type: ignore[arg-type]
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


def test_labels_may_be_placed_by_the_samples() -> None:
    assert LABELS is not None
    placed = on_units(Dataset(DATA, None, LABELS), WEIGHTS).annotations
    first = draw_view("labels", WEIGHTS, DATA, annotations=LABELS)
    assert first == draw_view("labels", WEIGHTS, DATA, annotations=placed, label="kind")
    assert first != draw_view("labels", WEIGHTS, DATA, annotations=placed, label="price")


@pytest.mark.parametrize(
    ("view", "samples", "options", "says"),
    [
        ("hits", None, {}, "needs the samples"),
        ("labels", None, {"annotations": LABELS}, "needs the samples"),
        ("heat", None, {}, "view must be one of map, .* is 'heat'"),
        ("plane", None, {}, "the view 'plane' needs 'column'"),
        ("pies", DATA, {}, "no labels: train it with label=COLUMN"),
        ("pies", DATA, {"annotations": LABELS, "label": "sort"}, "'sort'; there are 'kind', 'price'"),
    ],
)
def test_what_cannot_be_drawn(view: str, samples: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidParameterError, match=says):
        draw_view(view, WEIGHTS, samples, **options)  # type: ignore[arg-type]
