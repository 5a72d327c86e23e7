"""Sources of tables: paths, bytes and open files, as texts of whole lines."""

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from kohonen.errors import InvalidTableError

__all__ = ["CsvSource", "Source"]

#: What a table is read from; a str is a path.
CsvSource: TypeAlias = str | os.PathLike[str] | bytes | IO[str] | IO[bytes]

#: Bytes per block.
BLOCK = 1 << 21

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_EXCEL = "an Excel workbook: save the sheet as CSV, or use kohonen.read_excel"
#: What other files begin with, and the remedy.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _EXCEL),
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"PAR1", "a Parquet file: convert it to CSV, or read it with pyarrow or pandas and pass its columns"),
    (b"\x1f\x8b", "compressed with gzip: unpack it"),
    (b"BZh", "compressed with bzip2: unpack it"),
    (b"\xfd7zXZ\x00", "compressed with xz: unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it"),
    (b"%PDF", "a PDF document: export its table as CSV"),
    (b"\x89PNG", "a PNG picture, and no table"),
    (b"\xff\xd8\xff", "a JPEG picture, and no table"),
    (b"GIF8", "a GIF picture, and no table"),
    (b"II*\x00", "a TIFF picture, and no table"),
    (b"MM\x00*", "a TIFF picture, and no table"),
    (b"RIFF", "a picture or a sound, and no table"),
    (b"ARROW1", "an Arrow file: convert it to CSV, or read it with pyarrow and pass its columns"),
    (b"\x89HDF", "an HDF5 file: convert it to CSV"),
    (b"SQLite format 3", "an SQLite database: export a table as CSV"),
    (b"\x93NUMPY", "a NumPy array: load it with numpy.load, and train on the array"),
    (b"<!DOCTYPE", "a web page: download the table itself"),
    (b"<html", "a web page: download the table itself"),
    (b"<?xml", "an XML document: export the table as CSV"),
)


class Source:
    """A file with a table, which can be read several times.

    Parameters
    ----------
    source : path, bytes or file
        A str is a path. A path may be compressed with gzip.
    encoding : str, optional
        The encoding; by default that of the byte order mark, UTF-8, or Windows-1252.

    Attributes
    ----------
    encoding : str or None
        The encoding; None for a file of text.
    guessed : bool
        Whether the encoding is Windows-1252 because the bytes are not UTF-8.
    """

    def __init__(self, source: CsvSource, encoding: str | None = None) -> None:
        self._content: bytes | str | Path
        if isinstance(source, str | os.PathLike):
            if isinstance(source, str) and "\n" in source:
                raise InvalidTableError("a str is a path: pass the text itself as io.StringIO(text)")
            self._content = Path(source)
        else:
            self._content = source if isinstance(source, bytes) else source.read()
        self.encoding, self.guessed = encoding, False
        if isinstance(self._content, str):
            self.encoding = None
        else:
            self._recognise()
            if encoding is None:
                self._find_encoding()

    def texts(self) -> Iterator[str]:
        """Yield the text in pieces; all lines end in a line feed.

        Raises
        ------
        InvalidTableError
            If bytes are not in the encoding.
        """
        decoder = None if self.encoding is None else codecs.getincrementaldecoder(self.encoding)()
        translated = io.IncrementalNewlineDecoder(decoder, translate=True)
        line = 1
        try:
            with self._open() as file:
                while True:
                    piece = file.read(BLOCK)
                    text = translated.decode(piece, final=not piece)
                    if line == 1:
                        text = text.removeprefix("\ufeff")
                    if "\0" in text:
                        raise InvalidTableError(
                            "the file holds zero bytes, so it is no text: convert it to CSV, or give its "
                            "encoding, such as utf-16-le"
                        )
                    yield text
                    line += text.count("\n")
                    if not piece:
                        return
        except UnicodeError as error:
            where = f"line {line + self._lines_before(error)}"
            name = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8"}.get(str(self.encoding).lower(), self.encoding)
            raise InvalidTableError(
                f"{where} is not {name}: give the file's encoding, such as windows-1252"
            ) from error

    def blocks(self) -> Iterator[str]:
        """Yield the text in blocks of whole lines, each ended by a line feed."""
        rest = ""
        for text in self.texts():
            whole, end, last = (rest + text).rpartition("\n")
            rest = last
            if end:
                yield whole + end
        if rest:
            yield rest + "\n"

    @staticmethod
    def _lines_before(error: UnicodeError) -> int:
        if not isinstance(error, UnicodeDecodeError):
            return 0
        before = error.object[: error.start]
        return max(before.count(b"\n"), before.count(b"\r"))

    @contextmanager
    def _open(self) -> Iterator[IO[Any]]:
        if isinstance(self._content, str):
            yield io.StringIO(self._content, newline="")
        elif isinstance(self._content, bytes):
            yield io.BytesIO(self._content)
        else:
            with self._content.open("rb") as file:
                zipped = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                if zipped:
                    try:
                        with gzip.open(file) as unzipped:
                            yield cast(IO[Any], unzipped)
                    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                        raise InvalidTableError(f"the file is not valid gzip: {error}") from error
                else:
                    yield file

    def _recognise(self) -> None:
        """Refuse a file of another kind, by what it begins with."""
        with self._open() as file:
            head = file.read(4096)
        for begin, what in _OTHERS:
            if head.startswith(begin):
                if begin[:2] == b"PK" and (b"xl/" in head or b"[Content_Types].xml" in head):
                    what = _EXCEL
                raise InvalidTableError(f"the file is no CSV but {what}")

    def _find_encoding(self) -> None:
        with self._open() as file:
            mark = file.read(3)
        self.encoding = next((name for begin, name in _MARKS.items() if mark.startswith(begin)), "utf-8")
        if self.encoding != "utf-8":
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with self._open() as file:
                while piece := file.read(BLOCK):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.encoding, self.guessed = "cp1252", True
