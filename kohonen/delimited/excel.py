"""Sheets of Excel and OpenDocument workbooks as CSV; needs ``pip install kohonen[excel]``."""

import csv
import datetime
import io
import os
from typing import IO, Any

from kohonen.errors import InvalidTableError

__all__ = ["csv_of_sheet"]


def csv_of_sheet(source: str | os.PathLike[str] | bytes | IO[bytes], sheet: str | int) -> io.StringIO:
    """Return a sheet of a workbook, by its name or its position from 0, as CSV.

    `InvalidTableError` is raised if the file is not a workbook, or has no such sheet.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise ImportError("read_excel needs python-calamine: pip install 'kohonen[excel]'") from error
    file: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        book = CalamineWorkbook.from_object(file)
        names = book.sheet_names
        if sheet not in names and not (isinstance(sheet, int) and 0 <= sheet < len(names)):
            raise InvalidTableError(f"there is no sheet {sheet!r}; there are {', '.join(map(repr, names))}")
        found = book.get_sheet_by_name(sheet if isinstance(sheet, str) else names[sheet])
        rows = found.to_python(skip_empty_area=True)
    except CalamineError as error:
        raise InvalidTableError(f"the file is not a workbook that can be read: {error}") from error
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([_written(cell) for cell in row] for row in rows)
    text.seek(0)
    return text


def _written(cell: Any) -> str:
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)
