"""Sheets of workbooks."""

import datetime
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kohonen import InvalidTableError, read_excel
from kohonen.delimited.excel import csv_of_sheet

pytest.importorskip("python_calamine")

_OFFICE = "http://schemas.openxmlformats.org"
_MAIN = f"{_OFFICE}/spreadsheetml/2006/main"


def workbook(*sheets: list[list[Any]]) -> bytes:
    """Return a workbook of sheets called A, B and so on, with texts, numbers, booleans and dates."""
    relations, entries, file = "", "", io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, rows in enumerate(sheets, start=1):
            cells = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
            archive.writestr(
                f"xl/worksheets/s{number}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>',
            )
            entries += f'<sheet name="{chr(64 + number)}" sheetId="{number}" r:id="r{number}"/>'
            kind = f"{_OFFICE}/officeDocument/2006/relationships/worksheet"
            relations += f'<Relationship Id="r{number}" Type="{kind}" Target="worksheets/s{number}.xml"/>'
        namespace = f'xmlns="{_MAIN}" xmlns:r="{_OFFICE}/officeDocument/2006/relationships"'
        archive.writestr("xl/workbook.xml", f"<workbook {namespace}><sheets>{entries}</sheets></workbook>")
        formats = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{formats}</styleSheet>')
        package = f'xmlns="{_OFFICE}/package/2006/relationships"'
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f"<Relationships {package}>{relations}</Relationships>"
        )
        whole = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument" '
        archive.writestr(
            "_rels/.rels", f'<Relationships {package}>{whole}Target="xl/workbook.xml"/></Relationships>'
        )
        types = f"{_OFFICE}/package/2006/content-types"
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"/>')
    return file.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{int(value)}</v></c>'
        case datetime.datetime():
            return f'<c s="1"><v>{(value - datetime.datetime(1899, 12, 30)) / datetime.timedelta(1)}</v></c>'
        case str():
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        case _:
            return f"<c><v>{value}</v></c>"


ROWS: list[list[Any]] = [
    ["no", "size", "true", "name", "day", "time"],
    [1, 1.5, True, "a, b", datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 12)],
    [2, None, False, 'c "d"', datetime.datetime(2024, 2, 1), datetime.datetime(2024, 1, 31, 18)],
    [4, 12345.25, True, "a, b", None, datetime.datetime(2024, 2, 1, 6)],
]


def test_cells_of_every_kind(tmp_path: Path) -> None:
    book = workbook(ROWS, [["x"], [1], [2]])
    (tmp_path / "a.xlsx").write_bytes(book)
    for source in (book, tmp_path / "a.xlsx", str(tmp_path / "a.xlsx"), io.BytesIO(book)):
        table = read_excel(source, date=["day", "time"], only="no")
        assert {column.name: column.role for column in table.look.columns} == {
            **dict.fromkeys(("no", "day", "time"), "number"),
            **dict.fromkeys(("size", "true", "name"), "left out"),
        }
        np.testing.assert_array_equal(table["no"], [1, 2, 4])
        np.testing.assert_array_equal(table["day"], [0, 1, np.nan])
        np.testing.assert_array_equal(table["time"], [0, 0.25, 0.75])
    table = read_excel(book)
    assert table["true"] == ["True", "False", "True"]
    assert table["name"] == ["a, b", 'c "d"', "a, b"]
    np.testing.assert_array_equal(table["size"], [1.5, np.nan, 12345.25])
    for sheet in ("B", 1):
        assert list(read_excel(book, sheet=sheet)) == ["x"]


@pytest.mark.parametrize(
    ("source", "sheet", "says"),
    [
        (workbook(ROWS), "C", "there is no sheet 'C'; there are 'A'"),
        (workbook(ROWS), 1, "there is no sheet 1; there are 'A'"),
        (workbook(ROWS), -1, "there is no sheet -1; there are 'A'"),
        (b"a,b", 0, "is not a workbook that can be read"),
        (workbook([]), 0, "the table is empty"),
    ],
)
def test_what_is_no_sheet(source: bytes, sheet: str | int, says: str) -> None:
    with pytest.raises(InvalidTableError, match=says):
        read_excel(source, sheet=sheet)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ImportError, match=r"kohonen\[excel\]"):
        csv_of_sheet(b"", 0)
