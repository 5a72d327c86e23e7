"""Tables written to CSV in many dialects are read back."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.delimited.dialects import DELIMITERS
from kohonen.inputs.tables import Table, read_csv

WORDS = [
    "red",
    "a, b",
    "x; y",
    "p|q",
    "größer",
    'say "hi"',
    "two\nlines",
    "tab\there",
    "# no comment",
    "50%",
    "1,5",
]
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False) | st.integers(-(10**6), 10**6).map(float)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Draw a table with a column of numbers and one of categories at least."""
    rows = draw(st.integers(2, 12))

    def column(cells: st.SearchStrategy[Any]) -> list[Any]:
        values = draw(st.lists(st.none() | cells, min_size=rows, max_size=rows))
        return [*values, *draw(st.lists(cells, min_size=2, max_size=2, unique=True))]

    columns = {f"n{k}": column(NUMBERS) for k in range(draw(st.integers(1, 3)))}
    words = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True))
    return {**columns, "größe, c": column(st.sampled_from(words))}


def written(
    table: dict[str, list[Any]], delimiter: str, decimal: str, absent: str, quoting: Any, end: str
) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return absent
        return repr(value).replace(".", decimal) if isinstance(value, float) else value

    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(table)
    writer.writerows([cell(value) for value in row] for row in zip(*table.values(), strict=True))
    return text.getvalue()


@pytest.mark.parametrize("parsed_by", ["kernel", "python"])
@given(
    table=tables(),
    delimiter=st.sampled_from(["comma", "semicolon", "tab", "pipe"]),
    decimal=st.sampled_from([".", ","]),
    absent=st.sampled_from(["", "NA", "-9e99", "?"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]),
)
def test_a_table_is_read_as_it_was_written(
    parsed_by: str,
    table: dict[str, list[Any]],
    delimiter: str,
    decimal: str,
    absent: str,
    encoding: str,
    **how: Any,
) -> None:
    # csv does not quote line feeds where lines end in something else.
    quoting = csv.QUOTE_ALL if how["end"] == "\r" else how["quoting"]
    text = written(table, DELIMITERS[delimiter], decimal, absent, quoting, how["end"])
    with pytest.MonkeyPatch.context() as patch:
        if parsed_by == "python":
            patch.setattr("kohonen.delimited.chunks.kernel", lambda: None)
        read = read_csv(
            text.encode(encoding),
            absent=["-9e99"],
            delimiter=delimiter,
            decimal="comma" if decimal == "," else "point",
            thousands=None if decimal == "," else "apostrophe",
            encoding=encoding if encoding == "latin-1" else None,
            only=[name for name in table if name.startswith("n")],
            label="größe, c",
        )
    assert_equal(read, table)


def assert_equal(read: Table, table: dict[str, list[Any]]) -> None:
    numbers = [values for name, values in table.items() if name not in read.labels]
    kept = [
        row for row, cells in enumerate(zip(*numbers, strict=True)) if any(one is not None for one in cells)
    ]
    assert read.rows.tolist() == kept
    for name, values in {**read, **read.labels}.items():
        wanted = [table[name][row] for row in kept]
        if isinstance(values, np.ndarray):
            np.testing.assert_array_equal(values, [np.nan if one is None else one for one in wanted])
        else:
            assert values == wanted


@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_the_dialect_is_found(table: dict[str, list[Any]], delimiter: str, quoting: Any) -> None:
    del table["größe, c"]
    table["kind"] = ["red", "blue"] * (len(table["n0"]) // 2) + ["grey"] * (len(table["n0"]) % 2)
    text = written(table, delimiter, ".", "", quoting, "\n")
    assert_equal(read_csv(text.encode(), only=list(table)), table)
