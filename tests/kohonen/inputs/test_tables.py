"""Reading CSV: numbers, texts, missing values, and errors with their lines."""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidParameterError, InvalidTableError, Preparation, read_csv
from kohonen.delimited.reader import CHUNK
from kohonen.inputs.tables import look_csv, read_columns


def read(text: str, **options: Any) -> Any:
    return read_csv(io.StringIO(text), **options)


def plain(table: Any) -> dict[str, list[Any]]:
    """Return a table as lists, with None for missing values."""
    lists: dict[str, list[Any]] = {name: list(values) for name, values in table.items()}
    return {
        name: [None if value is None or value != value else value for value in values]
        for name, values in lists.items()
    }


def roles(text: str, **options: Any) -> dict[str, str]:
    return {column.name: column.role for column in look_csv(io.StringIO(text), **options).columns}


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


@pytest.fixture(params=["kernel", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse with the kernel, and without it."""
    if request.param == "python":
        monkeypatch.setattr("kohonen.delimited.chunks.kernel", lambda: None)


def test_numbers_texts_and_what_is_missing() -> None:
    table = read("age,colour\n20,red\n,blue\n 3.5e1 , red \n-.5,\n")
    assert plain(table) == {"age": [20, None, 35, -0.5], "colour": ["red", "blue", "red", None]}
    assert isinstance(table["age"], np.ndarray)


@pytest.mark.parametrize(
    ("delimiter", "text"),
    [
        ("semicolon", "a;b, c;d\n1;2;3\n4;5;6"),
        ("tab", "a\tb, c\td\n1\t2\t3\n4\t5\t6\n"),
        ("comma", 'a,"b, c",d\n1,2,3\n4,5,6\n'),
        ("semicolon", 'a;"b, c";d\r\n1;2;3\r\n4;5;6\r\n'),
        (",", 'a,"b, c",d\r1,2,3\r4,5,6'),
        ("pipe", "a | b, c |d\n1 |2|3\n4|5 | 6\n"),
        ("space", 'a  "b, c" d\n 1 2\t3\n4    5 6 \n'),
        ("comma", 'a, "b, c", d\n1, "2", 3\n"4" ,5,6\n'.replace('"4" ', '"4"')),
        ("comma", 'a,"b, c",d\n# a comment\n1,2,3,\n4,5,6\n'),
    ],
)
def test_the_delimiter_is_found(delimiter: str, text: str) -> None:
    expected = {"a": [1, 4], "b, c": [2, 5], "d": [3, 6]}
    assert plain(read(text)) == expected
    assert plain(read(text, delimiter=delimiter)) == expected


def test_a_delimiter_that_makes_no_row_of_the_first_line_is_not_it() -> None:
    assert plain(read('"a, b";"c"\n1;2\n3;3\n')) == {"a, b": [1, 3], "c": [2, 3]}


def test_one_column_needs_no_delimiter() -> None:
    assert plain(read("a\n1\n\n2\n")) == {"a": [1, 2]}


def test_trailing_cells_may_be_empty_in_some_lines() -> None:
    table = read("a,b,c\n1,2,\n2,3,4\n3,1,5\n4,5,\n")
    assert plain(table) == {"a": [1, 2, 3, 4], "b": [2, 3, 1, 5], "c": [None, 4, 5, None]}


@pytest.mark.parametrize("text", ["é,b\n1,2\n3,4\n", "\ufeffé,b\n1,2\n3,4\n"])
def test_paths_bytes_and_files(text: str, tmp_path: Path) -> None:
    path, zipped = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    path.write_text(text, encoding="utf-8")
    zipped.write_bytes(gzip.compress(text.encode()))
    with path.open(encoding="utf-8") as as_text, path.open("rb") as as_bytes:
        for source in (str(path), path, zipped, text.encode(), io.StringIO(text), as_text, as_bytes):
            assert plain(read_csv(source)) == {"é": [1, 3], "b": [2, 4]}
    for encoding in ("utf-16", "utf-16-le", "latin-1", "shift-jis"):
        encoded = text.removeprefix("\ufeff").replace("é", "e").encode(encoding)
        given = None if encoding == "utf-16" else encoding
        assert plain(read_csv(encoded, encoding=given)) == {"e": [1, 3], "b": [2, 4]}
    with pytest.raises(InvalidTableError, match="a str is a path"):
        read_csv(text)
    with pytest.raises(FileNotFoundError):
        read_csv("a,b")


def test_quoted_values_may_hold_lines_and_quotes() -> None:
    text = 'a,b\n"x\ny","say ""hi"""\nz,u\n'
    table = read(text, label="a")
    assert plain(table) == {"b": ['say "hi"', "u"]}
    assert table.labels == {"a": ["x\ny", "z"]}
    with pytest.raises(InvalidTableError, match=r"control characters: .* ignore=a leaves the column out"):
        read(text)


@pytest.mark.parametrize("word", ["inf", "-Infinity", "1_000", "0x10", "\u0661", "1e", "--1", "1e999", "+-1"])
def test_what_only_looks_like_a_number_is_refused_among_numbers(word: str) -> None:
    with pytest.raises(
        InvalidTableError, match=r"column 'a' holds numbers, but .* in row 3: .*absent=.*categorical=a"
    ):
        read(f'a\n1\n2\n"{word}"\n')
    assert plain(read(f'a\n1\n2\n"{word}"\n', categorical=["a"])) == {"a": ["1", "2", word]}


NUMBERS = """
1 -1.5 +.5 5. 007 1e5 -2.5E-3 1.7976931348623157 0.1257302210933933 12345678901234567 9007199254740993 1e-30
123456789012345678901234567890 2.2250738585072014e-200 4.35 1e22 1e120
"""


@pytest.mark.parametrize("number", NUMBERS.split())
def test_numbers_are_those_of_python(number: str) -> None:
    values = read(f"a,b\n{number},1\n2,3\n")["a"]
    assert float(values[0]) == float(number)


def test_texts_that_stand_for_nothing() -> None:
    text = lines("a,b", "1,u", "-9.00,x", "2,-9", "3,x")
    assert plain(read(text, absent="-9")) == {"a": [1, None, 2, 3], "b": ["u", "x", None, "x"]}


def test_columns_that_are_texts_or_left_out() -> None:
    text = "id,code,a\n7,1,2\n8,2,3\n"
    table = read(text, categorical=["code"], ignore=["id"])
    assert plain(table) == {"code": ["1", "2"], "a": [2, 3]}


def test_numbers_in_a_column_of_texts_are_texts() -> None:
    rows = [str(row % 7) for row in range(2 * CHUNK)]
    text = lines("a,b", *(f"{row},{row}" for row in rows), *(f"x{row},1" for row in rows), "y,2")
    table = read(text)
    assert table["a"] == [*rows, *(f"x{row}" for row in rows), "y"]


def test_equal_texts_are_one_object() -> None:
    first, second, _ = read("a\nlong enough\nlong enough\nother\n")["a"]
    assert first is second


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("", {}, "the table is empty"),
        ("\n\n", {}, "the table is empty"),
        ("a,b\n", {}, "at least one row"),
        ("a,b\n1,2\n\n3\n", {}, "line 4 has 1 values, but the first line names 2 columns"),
        ("a,b\n1,2,3\n", {}, "line 2 has 3 values"),
        ('a,b\n1,"2\n', {}, "line 2 is not valid CSV: unexpected end of data"),
        ('a,b\n1,"2"3\n', {}, "line 2 is not valid CSV: ',' expected after"),
        (b"a\n1\n\xff\n", {"encoding": "utf-8"}, r"line 3 is not UTF-8"),
        (b"a\n1\n\x81\n", {}, "line 3 is not cp1252"),
        (b"a\n1\n\0\n", {}, "holds zero bytes"),
        (b"\x1f\x8b\x08\x00", {}, "compressed with gzip"),
        (f"{'x' * 101},b\n1,2\n", {}, "the name of column 1 has 101 characters, but at most 100 are allowed"),
        ('"a\nb",c\n1,2\n', {}, "the name of column 1 holds control characters"),
        ("5.1,3.5\n4.9,3.0\n", {}, "holds numbers: '5.1', '3.5'. header=false"),
        ("red,big\nred,small\nblue,big\n", {}, "looks like a row: 'red', 'big' stand below, too"),
        ("a,b\n1,2\n", {"ignore": ["c"]}, "there is no column 'c'; there are 'a', 'b'"),
        ("a,b\n1,2\n", {"categorical": ["3"]}, "there is no column '3'"),
        ("a,b\n1,2\n", {"label": "a", "id": "1"}, "column 'a' is named in label and in id"),
        ("a,b,c\n", {"most_columns": 2}, "the table has 3 columns, but at most 2 are allowed"),
        (",".join(f"c{k}" for k in range(12)) + "\n1", {"delimiter": "comma"}, "line 2 has 1 values"),
        ("a:b\n1:2\n3:4\n", {}, "every line holds ':'"),
        ("a,b,c\n1\n2,3\n4,5,6,7\n", {"delimiter": "comma"}, "line 2 has 1"),
        ("name\nx\nx\n", {}, "no column is left to train on .'name' is left out: all its values are 'x'"),
        ("a,b\n,x\n,\n", {"ignore": "b", "categorical": "a"}, "no row has a value"),
        ('a,"b\n', {}, "line 1 is not valid CSV"),
        (b"a,b\n1,2\n", {"encoding": "utf-16"}, "line 1 is not utf-16"),
        ("a;b\n0.750;1\n2;3\n3;1\n", {"decimal": "comma"}, "column 'a' holds numbers, but '0.750' in row 1"),
        (lines("a,b", *(f"x{k % 66},{k % 2}" for k in range(200))), {}, "66 different texts in 200 rows"),
        ("day,x\n1/2/2003,1\n3/4/2003,2\n", {"date": "day"}, "cannot be told apart"),
        ("day,x\nnever,1\n3/4/2003,2\n", {"date": "day"}, "dates of one form"),
        ("day,x\n2003-02-31,1\n2003-02-03,2\n", {"date": "day"}, "'2003-02-31' is no date"),
        ("a,b\n5 kg,1\n6 kg,2\n7,3\n", {}, "the unit 'kg', but a number without it in row 3"),
        ("a,b\n5,1\n6,2\n7 kg,3\n", {}, "a unit is taken off only where every cell has the same"),
        ('a,b\n\x1fc,1\n"d""",2\n', {}, "control characters"),
    ],
)
def test_errors_name_what_is_wrong(source: str | bytes, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTableError, match=message):
        read_csv(io.StringIO(source) if isinstance(source, str) else source, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "|||"}, "delimiter must be one of 'tab'"),
        ({"decimal": "comma", "thousands": ","}, "decimal and thousands must differ"),
        ({"header": "maybe"}, "header must be true or false"),
        ({"encoding": "klingon"}, "encoding must be the name of an encoding"),
        ({"encoding": "base64"}, "encoding must be the name of an encoding"),
        ({"absent": [True]}, "absent must hold texts, but holds True"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        read("a,b\n1,2\n", **options)
    with pytest.raises(TypeError, match="unexpected keyword argument 'labels'"):
        read("a,b\n1,2\n", labels="a")


def test_a_damaged_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    for content in (whole[:-20], whole[:3] + b"\0\0" + whole[5:30], whole[:1] + b"\x8b\x00" + whole[3:]):
        path.write_bytes(content)
        with pytest.raises(InvalidTableError, match="not valid gzip"):
            read_csv(path)


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (["1.234,5", "0,25"], {}, [1234.5, 0.25]),
        (["16,332", "950", "1,204,880"], {"delimiter": "tab"}, [16332, 950, 1204880]),
        (["1'234.5", "2\u2019000"], {"thousands": "apostrophe"}, [1234.5, 2000]),
        (["1 234", "5"], {"thousands": "space"}, [1234, 5]),
        (["1.234", "5"], {"thousands": "point"}, [1234, 5]),
        (["3,5", "4"], {"decimal": "comma"}, [3.5, 4]),
        (["(1)", "5", "6"], {"absent": "(1)"}, [None, 5, 6]),
        (["5 kg", "6kg"], {}, [5, 6]),
        (["US$ 5", "US$ 6.50"], {}, [5, 6.5]),
        (["2024-01-31", "2024-02-01 12:00"], {"date": "a"}, [0, 1.5]),
        (["1:30 PM", "12:30 AM"], {"date": "a"}, [13 / 24, 0]),
        (["3 Feb 99", "1-Feb-1999"], {"date": "a"}, [2, 0]),
        (["2003Q1", "2003Q3"], {"date": "a"}, [0, 181]),
        (["2012-05-03T10:00:00-02:00", "2012-05-03T10:00:00Z"], {"date": "a"}, [1 / 12, 0]),
    ],
)
def test_numbers_in_other_dress(cells: list[str], options: dict[str, Any], expected: list[float]) -> None:
    sign = {"tab": "\t"}.get(options.get("delimiter", ""), ";")
    table = read(lines(f"a{sign}b", *(f"{cell}{sign}x{k % 2}" for k, cell in enumerate(cells))), **options)
    values = plain(table)["a"]
    assert values == [one and pytest.approx(one, abs=1e-9) for one in expected]


def test_roles_by_the_cells() -> None:
    days = [f"{1 + k % 28:02}.{1 + k % 12:02}.2020" for k in range(20)]
    names = "nr,code,compact,day,name,word,same,x,species_id,part,mark"
    rows = (
        f"{k + 5},{k % 3:04},202001{k % 28 + 1:02},{day},n{k % 19},w{k % 3},s,{k / 7:.3f},{k % 2},{k * 3},"
        f"{k % 5} y"
        for k, day in enumerate(days)
    )
    text = lines(names, *rows)
    found = (
        "id",
        "category",
        "date",
        "date",
        "label",
        "category",
        "left out",
        "number",
        "left out",
        "number",
    )
    assert roles(text) == dict(zip(names.split(","), (*found, "number"), strict=True))
    only = roles(text, only=["nr", "same", "word"])
    assert [name for name, role in only.items() if role in ("number", "category")] == ["nr", "word", "same"]
    assert roles(lines("a,b_id", *(f"{k % 2},k{k}" for k in range(5))))["b_id"] == "id"
    assert roles(lines("a,pets", "1,2 years old", "2,mature", "3,mature"))["pets"] == "category"
    assert roles(lines("a,b", *(f"{k % 3},{k % 7}" for k in range(300))), only=["b"])["a"] == "left out"


def test_names_above_the_rows() -> None:
    numpy = lines("# x y", "1.0 2.0", "3.0 4.0")
    assert list(read(numpy)) == ["x", "y"]
    assert list(read(numpy.replace(" ", ",").replace("#,", "# "))) == ["x", "y"]
    written_by_r = lines('"a" "b"', '"one" 1 2', '"two" 3 1')
    assert roles(written_by_r) == {"c1": "id", "a": "number", "b": "number"}
    assert roles(lines("a,b", "1,5,2", "2,3,1")) == {"c1": "id", "a": "number", "b": "number"}
    assert list(read(lines("a,b", "4,2", "3,1"), header=True)) == ["a", "b"]
    assert list(read(lines("4,2", "3,1"), header=False)) == ["c1", "c2"]
    assert list(read(lines(",c1,,c1", "r,4,2,1", "s,3,1,2"))) == ["c1", "c3", "c1_3"]
    assert list(read(lines("#ff0000,b", "#00ff00,2", "#0000ff,1", "#00ff00,3"))) == ["#ff0000", "b"]


def test_tables_of_columns() -> None:
    columns: dict[str, Any] = {
        "nr": list(range(20)),
        "a": [0.5, None, -0.5, 0] * 5,
        "b": ["x", "y", None, "x"] * 5,
        "day": ["2020-01-01", "2020-01-03"] * 10,
    }
    table = read_columns(columns, date="day", label="b")
    assert [column.role for column in table.look.columns] == ["id", "number", "label", "number"]
    np.testing.assert_array_equal(table["day"], [0, 2] * 10)
    assert table.labels == {"b": columns["b"]}
    assert table.ids == {"nr": [str(k) for k in range(20)]}
    preparation = Preparation.fit(table)
    samples = preparation.transform({"a": [0], "day": ["2020-01-02"]})
    np.testing.assert_array_equal(samples, [[0, 0]])
    with pytest.raises(InvalidTableError, match="column 'day', row 1: 'x' is not a date"):
        preparation.transform({"a": [0.5], "day": ["x"]})
    assert preparation.transform({"a": [0.5, 1], "day": [None, "2020-01-02"]}).shape == (2, 2)


def test_rows_for_a_model_are_read_as_its_table_was() -> None:
    text = lines("mass;when;kind", "1,5 kg;2020-01-01;a", "2,5 kg;2020-01-03;b", "-;2020-01-02;a")
    preparation = Preparation.fit(read(text, date="when", absent="none"))
    rows = preparation.read_rows(
        io.StringIO(lines("kind;other;mass;when", "b;z;1,5;2020-01-02", "none;;2,5;none"))
    )
    assert plain(rows) == {"kind": ["b", None], "mass": [1.5, 2.5], "when": ["2020-01-02", None]}
    assert preparation.transform(rows).shape == (2, 4)
    with pytest.raises(InvalidTableError, match="has the unit 'lb', but the model was trained on 'kg'"):
        preparation.read_rows(io.StringIO("mass\n2 lb\n"))
    assert preparation.read_rows(io.StringIO("b\n2\n")) == {}


def test_columns_are_looked_at_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kohonen.delimited.reader.CHUNK", 4)
    text = lines("a b c d", *(f"{k // 2} {k} {k * k} t{k % 2 or k}" for k in range(30)))
    assert roles(text) == {"a": "number", "b": "id", "c": "number", "d": "category"}
    mixed = lines("a b", *(f"{k} {k % 3}" for k in range(9)), *(f"t{k % 2} 1" for k in range(20)))
    assert roles(mixed)["a"] == "category"


def test_many_kinds_of_cells() -> None:
    text = lines("a,b", *(f"{k} u{'abcdefghij'[k % 10] * (1 + k // 10)},{k % 3}" for k in range(60)))
    assert roles(text)["a"] == "id"


def test_long_texts_are_not_taken_apart() -> None:
    text = lines("a,b,day", *(f"+{' ' * 50_000}x{k % 3},{k % 2},1{' ' * 50_000}x{k % 4}" for k in range(20)))
    found = roles(text, label=["a", "day"])
    assert found == {"a": "label", "b": "number", "day": "label"}
    with pytest.raises(
        InvalidTableError, match=r"a category of column 'a' has 50,003 characters.*label=a keeps it"
    ):
        roles(text)


def test_texts_in_memory_are_numbers_only_with_a_sign() -> None:
    columns: dict[str, Any] = {
        "code": ["1", "2", "none"],
        "price": ["1,5", "2,5", "1.000"],
        "size": [1.5, -9, 2],
    }
    plain = read_columns(columns, absent=[-9, "none"])
    assert plain == {
        "code": ["1", "2", None],
        "price": columns["price"],
        "size": pytest.approx([1.5, np.nan, 2], nan_ok=True),
    }
    numbers = read_columns(columns, absent=[-9.0, "none", 7.5], decimal="comma")
    assert [list(values) for values in numbers.values()] == [
        pytest.approx(values, nan_ok=True) for values in ([1, 2, np.nan], [1.5, 2.5, 1000], [1.5, np.nan, 2])
    ]
    again = Preparation.fit(numbers).read_rows(columns)
    assert [values.tolist() for values in again.values() if isinstance(values, np.ndarray)] == [
        pytest.approx(list(values), nan_ok=True) for values in numbers.values()
    ]
    with pytest.raises(InvalidParameterError, match="header is for a file"):
        read_columns(columns, header=True)


def test_some_rows_of_a_longer_table() -> None:
    text = "a,b,c\n" + "".join(f"{row / 7},{'x' if row == 999 else ''},1.5\n" for row in range(1000))
    table = read_csv(io.StringIO(text), most_rows=50, categorical="b", only=["a", "b"])
    assert list(table) == ["a"], "no row that was read has a value in the other column"
    assert 40 <= len(table["a"]) <= 50
    np.testing.assert_array_equal(table["a"], np.array(table.rows) / 7)
    assert len(read_csv(io.StringIO(text), most_rows=1000, only="a")["a"]) == 1000
