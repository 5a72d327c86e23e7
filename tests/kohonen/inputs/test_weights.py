"""Sample weights in a column of a table."""

import io
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidTableError, Parameters, Preparation, read_csv
from kohonen.inputs.tables import look_csv
from kohonen.plan import plan

TEXT = "id,a,count,b\n7,0,1,x\n8,,,\n9,1,2.5,y\n10,,0,x\n"


def test_weights_stay_with_the_rows() -> None:
    table = read_csv(io.StringIO(TEXT), sample_weight="count")
    assert list(table) == ["a", "b"]
    assert table.rows.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(table.sample_weight, [1.0, 2.5, 0.0])
    assert read_csv(io.StringIO(TEXT)).sample_weight is None
    preparation = Preparation.fit(table)
    rows = preparation.read_rows(TEXT.encode(), sample_weight="count")
    assert list(rows) == ["id", "a", "count", "b"]
    assert Preparation.from_json(preparation.to_json()).roles == preparation.roles


@pytest.mark.parametrize("only", [None, "a"])
def test_weights_have_a_role(only: str | None) -> None:
    look = look_csv(io.StringIO(TEXT), sample_weight="3", only=only)
    column = look.columns[2]
    assert (column.name, column.role, column.missing, column.first) == ("count", "weight", 0, 1.0)
    assert look.columns[3].role == ("left out" if only else "category")
    document = plan(look, Parameters(width=2, height=2, algorithm="batch"))
    assert document["dimension"] == (1 if only else 3)
    assert "--sample-weight count" in document["command"]
    assert "sample_weight=count" in document["call"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,w\n1,1\n,\n2,\n", {}, "column 'w' has no weight in row 3: use 0"),
        ("a,w\n1,1\n2,-1\n", {}, "column 'w': sample weights must not be negative"),
        ("a,w\n1,x\n2,y\n", {}, "column 'w' holds texts, and no sample weights"),
        ("a,w\n1,\n2,\n", {}, "column 'w' holds no value, and no sample weights"),
        ("a,w\n1,1\n2,2\n3,3\n4,x\n", {}, "column 'w' holds numbers, but 'x' in row 4"),
        ("a,w\n1,1\n", {"ignore": "w"}, "column 'w' is named in ignore and in sample_weight"),
        ("a,v\n1,1\n", {}, "there is no column 'w' of sample weights; there are 'a', 'v'"),
    ],
)
def test_weights_that_cannot_be_used(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTableError, match=message):
        read_csv(io.StringIO(text), sample_weight="w", **options)
