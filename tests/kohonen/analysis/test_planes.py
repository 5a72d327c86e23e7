import io
import warnings
from typing import TypeAlias

import numpy as np
import pytest

from kohonen import InvalidParameterError, Preparation, read_csv
from kohonen.analysis.labels import on_units
from kohonen.analysis.planes import column_planes
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray

Trained: TypeAlias = tuple[FloatArray, Preparation, Annotations]
CSV = "nr;price;colour;kind;rate;left\nr1;1;red;a;1,5;7\nr2;2;red;b;2,5;8\nr3;4;blue;a;;9\nr4;9;blue;;0,5;9\n"


@pytest.fixture
def trained() -> Trained:
    table = read_csv(
        io.StringIO(CSV),
        label=["kind", "rate"],
        id="nr",
        ignore="left",
        decimal="comma",
        only=["price", "colour"],
    )
    preparation = Preparation.fit(table)
    samples = preparation.transform(table)
    weights = np.stack([samples[[0, 2]], samples[[1, 3]]])  # the units (0, 0), (0, 1), (1, 0), (1, 1)
    data = on_units(Dataset(samples, None, Annotations.of(table.labels, table.ids)), weights)
    assert data.annotations is not None
    return weights, preparation, data.annotations


def test_columns_that_were_trained_on(trained: Trained) -> None:
    weights, preparation, _ = trained
    price = column_planes(weights, "price", preparation=preparation)
    assert price.names == ("price",)
    np.testing.assert_allclose(price.values[:, :, 0], [[1, 4], [2, 9]])
    colour = column_planes(weights, "colour", preparation=preparation)
    assert colour.names == ("colour: blue", "colour: red")
    np.testing.assert_allclose(colour.values[:, :, 1], [[1, 0], [1, 0]])
    assert column_planes(weights, "colour: red", preparation=preparation).names == ("colour: red",)


def test_labels_are_means_or_shares(trained: Trained) -> None:
    weights, preparation, annotations = trained
    rate = column_planes(weights, "rate", preparation=preparation, annotations=annotations)
    assert rate.names == ("rate",)
    np.testing.assert_array_equal(rate.values[:, :, 0], [[1.5, np.nan], [2.5, 0.5]])
    kind = column_planes(weights, "kind", preparation=preparation, annotations=annotations)
    assert kind.names == ("kind: a", "kind: b")
    np.testing.assert_array_equal(kind.values[:, :, 0], [[1, 1], [0, np.nan]])
    np.testing.assert_array_equal(kind.values[:, :, 1], [[0, 0], [1, np.nan]])


def test_vectors_have_numbered_columns() -> None:
    weights = np.random.default_rng(0).random((3, 2, 2))
    planes = column_planes(weights, "component 1")
    np.testing.assert_array_equal(planes.values[:, :, 0], weights[:, :, 1])
    with pytest.raises(InvalidParameterError, match="no column 'b'; there are 'component 0', 'component 1'"):
        column_planes(weights, "b")
    means = Annotations.of({"n": ["1", "3", "2"]}, {})
    assert means is not None
    found = column_planes(weights, "n", annotations=means.on_units(np.array([0, 0, 5])))
    assert found.values[0, 0, 0] == 2.0


@pytest.mark.parametrize(
    ("column", "kept", "says"),
    [
        ("weight", True, "there is no column 'weight'; there are 'nr', 'price'"),
        ("nr", True, "names the rows, so it has no plane"),
        ("left", True, "took no part in the training and is not kept: train with label=left"),
        ("kind", False, "the labels of column 'kind' are not kept with this model"),
    ],
)
def test_columns_without_a_plane(
    trained: Trained,
    column: str,
    kept: bool,
    says: str,
) -> None:
    weights, preparation, annotations = trained
    with pytest.raises(InvalidParameterError, match=says):
        column_planes(weights, column, preparation=preparation, annotations=annotations if kept else None)


def test_labels_that_cannot_be_planes() -> None:
    weights = np.zeros((1, 1, 2))
    made = Annotations.of({"none": [None] * 70, "many": [f"w{k}" for k in range(70)]}, {})
    assert made is not None
    annotations = made.on_units(np.zeros(70, dtype=np.int64))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidParameterError, match="'none' has no value"):
            column_planes(weights, "none", annotations=annotations)
        with pytest.raises(InvalidParameterError, match="70 different labels, but at most 64 planes"):
            column_planes(weights, "many", annotations=annotations)


def test_planes_of_large_maps_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kohonen.analysis.planes.MOST_VALUES", 12)
    made = Annotations.of({"kind": ["a", "b", "c"]}, {})
    assert made is not None
    annotations = made.on_units(np.zeros(3, dtype=np.int64))
    with pytest.raises(InvalidParameterError, match="3 different labels, but at most 2 planes"):
        column_planes(np.zeros((3, 2, 1)), "kind", annotations=annotations)
