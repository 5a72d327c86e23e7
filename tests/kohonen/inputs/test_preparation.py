"""Conversion of tables to samples and back."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from kohonen import InvalidParameterError, InvalidTableError, Preparation, SelfOrganizingMap, read_csv
from kohonen.analysis.clusters import cluster_units
from kohonen.inputs.columns import Normalisation
from kohonen.inputs.frames import Columns

NAN = math.nan
VALUES = [2.0, 4.0, 4.0, 10.0, 5.0]


@pytest.mark.parametrize(
    ("normalisation", "offset", "scale"),
    [
        ("none", 0, 1),
        ("z-score", np.mean(VALUES), np.std(VALUES)),
        ("min-max", 2, 8),
        ("robust", np.median(VALUES), 1),
    ],
)
def test_each_normalisation(normalisation: Normalisation, offset: float, scale: float) -> None:
    preparation = Preparation.fit({"a": VALUES}, normalisation=normalisation)
    expected = (np.array(VALUES)[:, None] - offset) / scale
    np.testing.assert_allclose(preparation.transform({"a": VALUES}), expected, rtol=1e-15)
    np.testing.assert_allclose(preparation.inverse(expected), np.array(VALUES)[:, None], rtol=1e-15)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_quartiles_are_those_of_numpy(values: list[float]) -> None:
    (column,) = Preparation.fit({"a": values}, normalisation="robust").columns
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    assert column.offset == pytest.approx(middle, rel=1e-12, abs=1e-9)
    assert column.scale == pytest.approx(high - low, rel=1e-9, abs=1e-9) or column.scale == 1.0


@pytest.mark.parametrize("normalisation", ["z-score", "min-max", "robust"])
@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], [7.0], [None, 3.0, NAN]])
def test_what_has_no_spread_is_moved_only(normalisation: Normalisation, values: list[float | None]) -> None:
    (column,) = Preparation.fit({"a": values}, normalisation=normalisation).columns
    assert column.scale == 1.0
    assert column.offset == pytest.approx(next(value for value in values if value))


def test_normalisation_by_name() -> None:
    table: Columns = {"a": [1, 3], "b": [1, 3], "c": ["x", "y"]}
    preparation = Preparation.fit(table, normalisation={"a": "none"})
    assert [column.normalisation for column in preparation.columns] == ["none", "z-score", "none"]
    assert preparation.transform(table).tolist() == [[1, -1, 1, 0], [3, 1, 0, 1]]


def test_categories_and_what_is_missing() -> None:
    table: Columns = {"age": [20, 30, None], "colour": ["red", None, "blue"]}
    preparation = Preparation.fit(table, normalisation="none")
    assert preparation.names == ("age", "colour")
    assert preparation.categorical == ("colour",)
    assert preparation.components == ("age", "colour: blue", "colour: red")
    expected = [[20, 0, 1], [30, NAN, NAN], [NAN, 1, 0]]
    np.testing.assert_array_equal(preparation.transform(table), expected)
    assert preparation.count_missing(preparation.transform(table)) == 2


def test_texts_may_be_missing_as_nan() -> None:
    preparation = Preparation.fit({"a": ["x", NAN, "y"], "b": [1, 2, 3]}, normalisation="none")
    np.testing.assert_array_equal(
        preparation.transform({"a": [NAN, None], "b": np.array([1, 2])}), [[NAN, NAN, 1], [NAN, NAN, 2]]
    )


def test_columns_that_are_not_known_play_no_part() -> None:
    preparation = Preparation.fit({"a": [1, 3]}, normalisation="min-max")
    assert preparation.transform({"z": ["q"], "a": [2]}).tolist() == [[0.5]]


def test_of_what_is_read() -> None:
    table = read_csv(io.StringIO("a;b\n1;x\n;y\n"), only="1", categorical=["b"])
    np.testing.assert_array_equal(
        Preparation.fit(table, normalisation="none").transform(table), [[1, 1, 0], [NAN, 0, 1]]
    )


def test_weights_in_the_units_of_the_table() -> None:
    preparation = Preparation.fit({"a": [10, 30], "b": ["x", "y"]}, normalisation="min-max")
    weights = np.array([[[0.5, 0.25, 0.75]], [[1.0, 1.0, 0.0]]])
    assert preparation.inverse(weights).tolist() == [[[20, 0.25, 0.75]], [[30, 1, 0]]]


def test_what_is_learnt_does_not_depend_on_the_order_of_rows() -> None:
    values = np.random.default_rng(0).random(1000).tolist()
    for normalisation in ("z-score", "min-max", "robust"):
        one, other = (
            Preparation.fit({"a": some}, normalisation=normalisation) for some in (values, values[::-1])
        )
        assert one == other


def test_samples_are_canonical() -> None:
    odd = np.array([np.uint64(0x7FF8DEADBEEF0001)]).view(np.float64)[0]
    table: Columns = {"a": np.array([odd, -0.0]), "b": [1.0, 1.0]}
    samples = Preparation.fit(table, normalisation="none").transform(table)
    assert samples.tobytes() == np.array([[NAN, 1.0], [0.0, 1.0]]).tobytes()


def test_there_and_back_as_json() -> None:
    preparation = Preparation.fit({"a": [1, 3], "b": ["x", "y"]}, missing="error", normalisation="robust")
    assert Preparation.from_json(json.loads(json.dumps(preparation.to_json()))) == preparation
    a = {"name": "a", "normalisation": "robust", "offset": 2.0, "scale": 1.0, "categories": None}
    b = {"name": "b", "normalisation": "none", "offset": 0.0, "scale": 1.0, "categories": ["x", "y"]}
    role = {
        "reason": "given as a column",
        "missing": 0,
        "unit": None,
        "form": None,
        "start": None,
        "knots": None,
    }
    assert preparation.to_json() == {
        "version": 1,
        "missing": "error",
        "rows": "none",
        "columns": [{**a, **role, "role": "number"}, {**b, **role, "role": "category"}],
        "notes": [],
        "dialect": {},
    }
    assert preparation.transformation == {
        "missing": "error",
        "columns": [
            {"name": "a", "offset": a["offset"], "scale": a["scale"]},
            {"name": "b", "categories": ["x", "y"]},
        ],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"missing": "maybe"},
        {"rows": "l1"},
        {"columns": []},
        {"columns": [{}]},
        {"columns": None},
        {"columns": [{"name": "a", "scale": 0.0, "categories": None}]},
        {"columns": [{"name": "a", "offset": NAN, "categories": None}]},
        {"columns": [{"name": "a", "offset": 10**400, "categories": None}]},
        {"columns": [{"name": "a", "categories": []}]},
    ],
)
def test_a_document_that_tells_of_no_preparation(changes: dict[str, Any]) -> None:
    document = Preparation.fit({"a": [1]}).to_json()
    with pytest.raises(InvalidTableError, match="this is not a preparation"):
        Preparation.from_json({**document, **changes})


@pytest.mark.parametrize(
    ("table", "options", "message", "place"),
    [
        ({}, {}, "at least one column", (None, None)),
        ({"a": []}, {}, "at least one row", (None, None)),
        ({"a": [1], "b": [1, 2]}, {}, "column 'b' has 2 values, but 'a' has 1", ("b", None)),
        ({"": [1]}, {}, "the name of a column is empty", (None, None)),
        ({"a": [None, NAN]}, {}, "column 'a' has no values", ("a", None)),
        ({"a": ["x", 5]}, {}, "column 'a' holds texts, but '5' in row 2", ("a", 1)),
        ({"a": [1, None, True]}, {}, "column 'a' holds numbers, but 'True' in row 3", ("a", 2)),
        ({"a": [[1]]}, {}, r"but '\[1\]' in row 1", ("a", 0)),
        ({"a": [1, math.inf]}, {}, "column 'a' holds a number in row 2 that is not finite", ("a", 1)),
        ({"a": [10**400]}, {}, "not finite", ("a", 0)),
        ({"a": ["x" * 101]}, {}, "a category of column 'a' has 101 characters", (None, None)),
        (
            {"a": ["1", "2", "n/a", "4"]},
            {"most_categories": 3},
            "4 different texts.* 'n/a' in row 3",
            ("a", 2),
        ),
        ({"a": ["1", "2"]}, {"most_categories": 1}, "2 different texts.* '1' in row 1", ("a", 0)),
    ],
)
def test_tables_of_which_nothing_can_be_learnt(
    table: Any, options: dict[str, Any], message: str, place: tuple[str | None, int | None]
) -> None:
    with pytest.raises(InvalidTableError, match=message) as caught:
        Preparation.fit(table, **options)
    assert (caught.value.column, caught.value.row) == place


@pytest.mark.parametrize(
    ("table", "message", "place"),
    [
        ({"b": ["x"], "A": [1]}, "there is no column 'a'; there are 'b', 'A'", ("a", None)),
        ({"a": [1, 2], "b": ["x"]}, "column 'b' has 1 values", ("b", None)),
        ({"a": ["1"], "b": ["x"]}, "column 'a' holds numbers, but '1' in row 1", ("a", 0)),
        ({"a": [1], "b": [1]}, "column 'b' holds texts, but '1' in row 1", ("b", 0)),
        ({"a": [1, None], "b": ["x", None]}, "row 2 has no values", (None, 1)),
        ({"a": [1e149], "b": ["x"]}, "too far from the values it was fitted to", ("a", 0)),
    ],
)
def test_tables_that_do_not_suit(table: Any, message: str, place: tuple[str | None, int | None]) -> None:
    preparation = Preparation.fit({"a": [0, 1e-9], "b": ["x", "y"]})
    with pytest.raises(InvalidTableError, match=message) as caught:
        preparation.transform(table)
    assert (caught.value.column, caught.value.row) == place


def test_an_unknown_category_is_missing_and_reported() -> None:
    preparation = Preparation.fit({"a": [0, 1], "b": ["x", "y"]})
    table = {"a": [0, 1, 0], "b": ["q", "x", "r"]}
    says = r"column 'b' holds 2 values that are not among its categories 'x', 'y', such as 'q' in row 1"
    with pytest.warns(UserWarning, match=f"{says}; they count as missing"):
        samples = preparation.transform(table)
    np.testing.assert_array_equal(samples, preparation.transform({**table, "b": [None, "x", None]}))
    np.testing.assert_array_equal(samples, preparation.transform(table, unknown="missing"))
    with pytest.raises(InvalidTableError, match=says) as caught:
        preparation.transform(table, unknown="error")
    assert (caught.value.column, caught.value.row) == ("b", 0)
    assert [str(error) for error in preparation.unknown(table)] == [str(caught.value)]
    assert preparation.unknown({"a": [1]}) == []
    with pytest.raises(InvalidTableError, match="row 1 has no values"):
        preparation.transform({"a": [None], "b": ["q"]}, unknown="missing")


def test_missing_values_may_be_refused() -> None:
    preparation = Preparation.fit({"a": [0, None], "b": ["x", "y"]}, missing="error")
    with pytest.raises(InvalidTableError, match="column 'a' has no value in row 2") as caught:
        preparation.transform({"a": [0, None], "b": ["x", "y"]})
    assert (caught.value.column, caught.value.row) == ("a", 1)
    with pytest.raises(InvalidTableError, match="column 'b' has no value in row 1"):
        preparation.transform({"a": [0], "b": [None]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "guess"}, "missing must be one of 'mask', 'error', but is 'guess'"),
        ({"normalisation": "l3"}, "normalisation must be one of .*, but is 'l3'"),
        ({"normalisation": {"a": 3}}, "but is '3'"),
        ({"normalisation": {"b": "none"}}, "there is no column of numbers 'b'"),
        ({"normalisation": {"c": "none"}}, "there is no column of numbers 'c'"),
    ],
)
def test_choices_that_there_are_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        Preparation.fit({"a": [1], "b": ["x"]}, **options)


def test_samples_are_rows_again() -> None:
    columns: Columns = {"a": [1.5, None, 4.0], "colour": ["red", "blue", None], "b": [None, 2.0, 2.0]}
    preparation = Preparation.fit(columns)
    table = preparation.restore(preparation.transform(columns))
    assert list(table) == ["a", "colour", "b"]
    np.testing.assert_allclose(np.asarray(table["a"]), [1.5, NAN, 4.0])
    np.testing.assert_allclose(np.asarray(table["b"]), [NAN, 2.0, 2.0])
    assert table["colour"] == ["red", "blue", None]


def test_curves_bend_numbers_before_they_are_scaled() -> None:
    values = np.array([0.0, 1.0, 9.0, 99.0, NAN, 1.0, 1e6])
    present = values[~np.isnan(values)]
    mid_ranks = np.array([0, 1.5, 3, 4, NAN, 1.5, 5]) / 5
    for curve, bent in (("log", np.log1p(values)), ("asinh", np.arcsinh(values)), ("rank", mid_ranks)):
        preparation = Preparation.fit({"a": values}, normalisation=curve)  # type: ignore[arg-type]
        samples = preparation.transform({"a": [*present]})
        expected = (bent - np.nanmean(bent)) / np.nanstd(bent)
        np.testing.assert_allclose(samples[:, 0], expected[~np.isnan(expected)], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(preparation.inverse(samples)[:, 0], present, rtol=1e-9, atol=1)
        assert Preparation.from_json(json.loads(json.dumps(preparation.to_json()))) == preparation
        assert preparation.transformation != Preparation.fit({"a": values}).transformation
    ranks = preparation.transform({"a": [-5.0, 0.5, 1e9]})[:, 0] * preparation.columns[0].scale
    np.testing.assert_allclose(ranks + preparation.columns[0].offset, [0, 0.1, 1])
    many = Preparation.fit({"a": np.arange(10_000.0) ** 3}, normalisation="rank")
    assert len(many.columns[0].knots or ()) == 257
    assert abs(many.transform({"a": [5000.0**3]})[0, 0]) < 0.01
    with pytest.raises(InvalidTableError, match="holds -1 in row 2, but the normalisation 'log'"):
        Preparation.fit({"a": [1, -1]}, normalisation="log")


def test_rows_of_length_one() -> None:
    table: Columns = {"a": [3.0, 0.0, None], "b": [4.0, 0.0, 5.0], "c": ["x", None, None]}
    preparation = Preparation.fit(table, normalisation="l2")
    del table["c"]  # type: ignore[attr-defined]
    samples = Preparation.fit(table, normalisation="l2").transform(table)
    np.testing.assert_array_equal(samples, [[0.6, 0.8], [0, 0], [NAN, 1]])
    assert preparation.transformation["rows"] == "l2"
    assert Preparation.from_json(preparation.to_json()) == preparation


@pytest.mark.parametrize("gaps", [(), (0, 1, 2, 3), (3, 53, 103, 143)])
def test_iris_with_a_gap_in_each_column_keeps_its_clusters(gaps: tuple[int, ...]) -> None:
    lines = (Path(__file__).parents[3] / "examples" / "tables" / "iris.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    for column, row in enumerate(gaps):
        rows[row][column] = "NA"
    text = "\n".join([lines[0], *map(",".join, rows)])
    table = read_csv(io.StringIO(text), label="class")
    assert [column.missing for column in table.look.columns] == [*[int(bool(gaps))] * 4, 0]
    preparation = Preparation.fit(table)
    options: dict[str, Any] = {
        "random_state": 1,
        "initialisation": "pca",
        "grid": "hexagonal",
        "missing": "mask",
    }
    som = SelfOrganizingMap(10, 7, iterations=300, **options).fit(preparation.transform(table))
    units = som.predict(preparation.transform(table))
    clusters = cluster_units(som.weights_, 3).labels[units[:, 0], units[:, 1]]
    assert adjusted_rand_score(table.labels["class"], clusters) == pytest.approx(0.67, abs=0.02)
