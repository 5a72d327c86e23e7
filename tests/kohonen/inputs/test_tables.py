"""Reading CSV: numbers, texts, missing values, and errors with their lines."""

import io
import re
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidTableError, read_csv
from kohonen.inputs.tables import CHUNK, Table, refuse_commas


def plain(table: Table) -> dict[str, list[Any]]:
    """Return a table as lists, with None for missing values."""
    lists: dict[str, list[Any]] = {name: list(values) for name, values in table.items()}
    return {
        name: [None if value is None or value != value else value for value in values]
        for name, values in lists.items()
    }


def test_numbers_texts_and_what_is_missing() -> None:
    table = read_csv("age,colour\n20,red\n,blue\n 3.5e1 , red \n-.5,\n")
    assert plain(table) == {"age": [20, None, 35, -0.5], "colour": ["red", "blue", "red", None]}
    assert isinstance(table["age"], np.ndarray)


@pytest.mark.parametrize(
    ("delimiter", "text"),
    [
        (";", "a;b, c;d\n1;2;3\n"),
        ("\t", "a\tb, c\td\n1\t2\t3\n"),
        (",", 'a,"b, c",d\n1,2,3\n'),
        (";", 'a;"b, c";d\r\n1;2;3\r\n'),
        (",", 'a,"b, c",d\r1,2,3'),
    ],
)
def test_the_delimiter_is_found(delimiter: str, text: str) -> None:
    assert plain(read_csv(text)) == {"a": [1], "b, c": [2], "d": [3]}
    assert plain(read_csv(text, delimiter=delimiter)) == {"a": [1], "b, c": [2], "d": [3]}


def test_a_delimiter_that_makes_no_row_of_the_first_line_is_not_it() -> None:
    assert plain(read_csv('"a, b";"c"\n1;2\n')) == {"a, b": [1], "c": [2]}


def test_one_column_needs_no_delimiter() -> None:
    assert plain(read_csv("a\n1\n\n2\n")) == {"a": [1, 2]}


@pytest.mark.parametrize(
    "source", ["é,b\n1,2\n", "\ufeffé,b\n1,2\n", "é,b\n1,2\n".encode(), io.StringIO("é,b\n1,2")]
)
def test_texts_bytes_and_files(source: Any) -> None:
    assert plain(read_csv(source)) == {"é": [1], "b": [2]}
    assert plain(read_csv("é,b\n1,2\n".encode("utf-8-sig"))) == {"é": [1], "b": [2]}


def test_quoted_values_may_hold_lines_and_quotes() -> None:
    table = read_csv('a,b\n"x\ny","say ""hi"""\n')
    assert plain(table) == {"a": ["x\ny"], "b": ['say "hi"']}


@pytest.mark.parametrize("word", ["nan", "inf", "-Infinity", "1_000", "0x10", "1,5", "\u0661", "1e", "--1"])
def test_what_only_looks_like_a_number_is_text(word: str) -> None:
    assert plain(read_csv(f'a\n1\n"{word}"\n')) == {"a": ["1", word]}


def test_texts_that_stand_for_nothing() -> None:
    assert plain(read_csv("a,b\n1,NA\nNA,x\n-9,-9\n", absent=["NA", "-9"])) == {
        "a": [1, None, None],
        "b": [None, "x", None],
    }


def test_columns_that_are_texts_or_left_out() -> None:
    text = "id,code,a\n7,1,2\n8,2,3\n"
    table = read_csv(text, categorical=["code"], ignore=["id"])
    assert plain(table) == {"code": ["1", "2"], "a": [2, 3]}


def test_a_text_in_the_last_row_makes_a_column_of_texts() -> None:
    rows = [str(row) for row in range(CHUNK + 10)]
    table = read_csv("a,b\n" + "".join(f"{row},{row}\n" for row in rows) + "x,1\n")
    assert table["a"] == [*rows, "x"]
    np.testing.assert_array_equal(table["b"], [*range(CHUNK + 10), 1])


def test_equal_texts_are_one_object() -> None:
    first, second = read_csv("a\nlong enough\nlong enough\n")["a"]
    assert first is second


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("", {}, "the table is empty"),
        ("\n\n", {}, "the table is empty"),
        ("a,b\n1,2\n\n3\n", {}, "line 4 has 1 values, but the first line names 2 columns"),
        ("a,b\n1,2,3\n", {}, "line 2 has 3 values"),
        ('a,b\n1,"2\n', {}, "line 2 is not valid CSV: unexpected end of data"),
        ('a,b\n1,"2"3\n', {}, "line 2 is not valid CSV: ',' expected after"),
        (f"a\n{'x' * 200_000}\n", {}, "line 2 is not valid CSV: field larger than field limit"),
        (b"a\n1\n\xff\n", {}, r"line 3 is not UTF-8 \(byte 4\)"),
        ("a,,b\n", {}, "the name of column 2 is empty"),
        ("a,b,a\n", {}, "two columns are called 'a'"),
        (f"{'x' * 101},b\n", {}, "the name of column 1 has 101 characters, but at most 100 are allowed"),
        ('"a\nb",c\n', {}, "the name of column 1 holds control characters"),
        ("5.1,3.5\n4.9,3.0\n", {}, "holds numbers only: '5.1', '3.5'; insert a line of names"),
        ("a,b\n", {"delimiter": "|"}, r"must be a comma, a semicolon or a tab, but is '\|'"),
        ("a,b\n", {"ignore": ["c"]}, "there is no column 'c'; there are 'a', 'b'"),
        ("a,b\n", {"categorical": ["c"]}, "there is no column 'c'"),
        ("a,b,c\n", {"most_columns": 2}, "the table has 3 columns, but at most 2 are allowed"),
        (",".join(f"c{k}" for k in range(12)), {"ignore": ["x"]}, "'c9' and 2 more"),
    ],
)
def test_errors_name_what_is_wrong(source: str | bytes, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTableError, match=message):
        read_csv(source, **options)


@pytest.mark.parametrize("number", ["3,5", "-,5", "1.234,5", "1,234", "+1,5e-3"])
def test_numbers_with_commas_are_no_categories(number: str) -> None:
    table = read_csv(f"a;b\n1;7\n2;\n3;{number}\n")
    says = f"column 'b' holds numbers with a comma, such as '{number}' in row 3: write them with a point"
    with pytest.raises(InvalidTableError, match=re.escape(says)):
        refuse_commas(table)
    refuse_commas(table, categorical=["b"])


def test_a_column_of_nothing_has_no_commas() -> None:
    refuse_commas({"a": [None, None]})


@pytest.mark.parametrize("texts", ["7;8", "red,5;1,5", "1,2,3;1,5", ",;1,5", "1,;2,5"])
def test_other_texts_may_be_categories(texts: str) -> None:
    one, other = texts.split(";")
    refuse_commas(read_csv(f"a;b\n{one};x\n{other};y\n"))
