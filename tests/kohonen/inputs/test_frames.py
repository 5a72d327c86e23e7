"""Data frames, Arrow tables and masked arrays."""

import datetime
import decimal
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kohonen import (
    InvalidDataError,
    InvalidTableError,
    Preparation,
    SelfOrganizingMap,
    assess,
    read_columns,
    train,
)
from kohonen.analysis.views import hit_map, positions
from kohonen.inputs.frames import columns_of, samples_in
from kohonen.inputs.tables import read_csv
from kohonen.pictures.figures import encode_figure, plot_samples, plot_som_grid

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

DATES = [datetime.date(2024, 1, day) for day in (1, 2, 3)]
COLUMNS: dict[str, list[Any]] = {
    "whole": [1, None, 3],
    "real": [0.5, 1.5, None],
    "truth": [True, None, False],
    "text": ["b", "a", None],
    "date": [*DATES[:2], None],
    "moment": [datetime.datetime(2024, 1, 1, hour) for hour in (0, 1, 2)],
    "price": [decimal.Decimal("1.5"), None, decimal.Decimal(2)],
}
EXPECTED: dict[str, list[Any]] = {
    "whole": [1.0, None, 3.0],
    "real": [0.5, 1.5, None],
    "truth": ["True", None, "False"],
    "text": ["b", "a", None],
    "date": ["2024-01-01", "2024-01-02", None],
    "moment": ["2024-01-01T00:00:00", "2024-01-01T01:00:00", "2024-01-01T02:00:00"],
    "price": [1.5, None, 2.0],
}


def nullable(columns: dict[str, list[Any]]) -> Any:
    kinds = {"whole": "Int64", "real": "Float64", "truth": "boolean", "text": "string"}
    return pd.DataFrame({name: pd.array(values, kinds.get(name)) for name, values in columns.items()})


FRAMES: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "pandas": pd.DataFrame,
    "pandas, nullable": nullable,
    "pandas, Arrow": lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.DataFrame,
    "Arrow": pa.table,
    "Arrow, dictionaries": lambda columns: pa.table(
        {
            name: pa.array(values).dictionary_encode() if name == "text" else pa.array(values)
            for name, values in columns.items()
        }
    ),
    "Arrow, a batch": lambda columns: pa.table(columns).to_batches()[0],
    "columns": dict,
}
frames = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


def plain(columns: Any) -> dict[str, list[Any]]:
    return {name: [None if cell != cell else cell for cell in values] for name, values in columns.items()}


@frames
def test_columns_of_a_frame(frame: Callable[[Any], Any]) -> None:
    found = columns_of(frame(COLUMNS))
    if frame is dict:
        assert found == COLUMNS
        return
    assert plain(found) == EXPECTED
    assert isinstance(found["real"], np.ndarray)


@frames
def test_a_preparation_takes_every_frame(frame: Callable[[Any], Any]) -> None:
    columns = {name: COLUMNS[name] for name in ("whole", "real", "text")}
    expected = Preparation.fit(columns)
    found = Preparation.fit(frame(columns))
    assert found == expected
    np.testing.assert_array_equal(
        found.transform(frame(dict(reversed(columns.items())))), expected.transform(columns)
    )


def test_a_frame_and_its_file_make_the_same_samples() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "b": [True, False, None], "c": ["x", "y", "x"]})
    table = read_csv(io.StringIO(frame.to_csv(index=False)))
    assert Preparation.fit(table) == Preparation.fit(frame) == Preparation.fit(read_columns(frame))


def test_roles_of_the_columns_of_a_frame() -> None:
    frame = pl.DataFrame({"id": [7, 3, 5], "day": DATES, "a": [1, 2, 4], "kind": ["x", "y", "x"]})
    table = read_columns(frame, label="kind", date="day")
    assert [column.role for column in table.look.columns] == ["id", "number", "number", "label"]
    np.testing.assert_array_equal(table["day"], [0.0, 1.0, 2.0])


def test_categories_of_pandas_are_texts() -> None:
    frame = pd.DataFrame({"code": pd.Categorical([2, None, 1])})
    assert columns_of(frame) == {"code": ["2", None, "1"]}


@frames
def test_a_map_checks_the_names_and_their_order(frame: Callable[[Any], Any]) -> None:
    columns: dict[str, list[Any]] = {
        "a": [1, 2, None, 7],
        "b": [0.5, 1.5, 2.5, 1.0],
        "c": [True, False, True, True],
    }
    if frame in (dict, nullable):
        return
    array = [[1, 0.5, 1], [2, 1.5, 0], [np.nan, 2.5, 1], [7, 1, 1]]
    expected = SelfOrganizingMap(3, 2, iterations=5, random_state=1, missing="mask").fit(array)
    som = SelfOrganizingMap(3, 2, iterations=5, random_state=1, missing="mask").fit(frame(columns))
    assert (som.feature_names_in_, expected.feature_names_in_) == (["a", "b", "c"], None)
    np.testing.assert_array_equal(som.weights_, expected.weights_)
    turned = frame({name: columns[name] for name in ("c", "a", "b")})
    np.testing.assert_array_equal(som.predict(turned), expected.predict(array))
    np.testing.assert_array_equal(som.transform(turned), expected.transform(array))
    assert som.quantization_error(turned) == expected.quantization_error(array)
    np.testing.assert_array_equal(som.partial_fit(turned).weights_, expected.partial_fit(array).weights_)
    np.testing.assert_array_equal(som.predict(array), expected.predict(array))
    with pytest.raises(InvalidDataError, match="there is no 'c'; the map does not know 'd'"):
        som.predict(frame({"a": [1], "b": [2], "d": [True]}))
    with pytest.raises(InvalidDataError, match="trained on an array, without names"):
        expected.predict(turned)


def test_what_else_takes_frames() -> None:
    frame = pl.DataFrame({"a": [0.0, 1.0, 2.0], "b": [0.0, 1.0, 1.0]})
    parameters = SelfOrganizingMap(2, 2, iterations=3, random_state=1).parameters
    array, weights = frame.to_numpy(), train(frame, parameters).weights
    np.testing.assert_array_equal(weights, train(array, parameters).weights)
    np.testing.assert_array_equal(positions(weights, frame), positions(weights, array))
    np.testing.assert_array_equal(hit_map(weights, frame), hit_map(weights, array))
    assert assess(weights, frame) == assess(weights, array)


def test_figures_take_frames() -> None:
    weights = np.random.default_rng(0).random((3, 2, 3))
    frame = pd.DataFrame({"r": [0.0, 0.5], "g": [1.0, 0.5], "b": [0.25, 0.5]}).convert_dtypes()
    array = frame.to_numpy(float)
    drawn = [
        encode_figure(figure)
        for samples, labels in ((frame, pd.Series(["x", "y"])), (array, ["x", "y"]))
        for figure in (plot_som_grid(weights, samples=samples), plot_samples(weights, samples, labels=labels))
    ]
    assert drawn[:2] == drawn[2:]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns of the name 'a'"),
        (pl.LazyFrame({"a": [1]}), "is not computed yet"),
        ([[1, 2]], "but is of the type list"),
        (None, "but is of the type NoneType"),
    ],
)
def test_what_is_no_table(frame: Any, says: str) -> None:
    with pytest.raises(InvalidTableError, match=says):
        Preparation.fit(frame)


@pytest.mark.parametrize("values", [["x", "y"], ["x", 1], [datetime.timedelta(1), None], [{}, 1]])
def test_samples_are_numbers(values: list[Any]) -> None:
    with pytest.raises(InvalidDataError, match=r"'b' does not hold numbers: kohonen\.Preparation makes"):
        samples_in(pd.DataFrame({"a": [1, 2], "b": values}, dtype=object))


def test_masked_values_are_missing() -> None:
    hidden = np.ma.masked_greater([[1.0, 1e6], [2.0, 3.0], [4.0, 5.0]], 1e5)
    shown = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    som = SelfOrganizingMap(2, 2, iterations=3, random_state=1, missing="mask")
    expected = som.fit(shown).weights_.copy()
    for given in (hidden, list(hidden)):
        np.testing.assert_array_equal(som.fit(given).weights_, expected)
        np.testing.assert_array_equal(som.predict(given), som.predict(shown))
        with pytest.raises(InvalidDataError, match="must be finite numbers"):
            SelfOrganizingMap(2, 2).fit(given)
    np.testing.assert_array_equal(positions(expected, hidden), positions(expected, shown))
    whole = np.ma.array([1, 2, 99], mask=[False, False, True])
    texts = np.ma.array(["a", "b", "c"], mask=[True, False, False])
    found = Preparation.fit({"n": whole, "t": texts})
    assert found == Preparation.fit({"n": [1, 2, None], "t": [None, "b", "c"]})
