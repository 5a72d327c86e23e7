"""The command ``kohonen look``, which shows how a table would be read."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from kohonen.cli.data import table_flags, table_options
from kohonen.cli.options import given, options_of
from kohonen.cli.progress import duration
from kohonen.engines.sizes import WANTED, settled, sized
from kohonen.experiments.sources import in_file
from kohonen.experiments.table import ROLES
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.tables import read_csv
from kohonen.plan import plan

__all__ = ["look"]

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
#: The number of rows of a longer table that decide the ratio of the sides of the map.
_MOST_ROWS = 10_000
#: Characters of a value in the table.
_SHOWN = 20


@click.command()
@click.argument("file", type=_FILE)
@table_flags
@options_of(WANTED)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def look(file: Path, as_json: bool, **options: Any) -> None:
    """Show what each column of a table is, and why, and what a training would do.

    FILE is a table, such as CSV. Nothing is trained.
    """
    wanted = table_options(options)
    parameters, auto = settled(given(options, WANTED))
    others: dict[str, Any] = {name: wanted[name] for name in ("normalisation", "missing") if name in wanted}
    roles, dialect = {name: wanted.get(name) for name in ROLES}, wanted.get("dialect", {})
    with in_file(file):
        table = read_csv(file, most_rows=_MOST_ROWS, **roles, **dialect)
        samples = Preparation.fit(table, **others).encode(table)
    parameters = sized(parameters, auto, samples, table.sample_weight, rows=table.look.rows)
    document = plan(table.look, parameters, options=others, file=str(file))
    click.echo(json.dumps(document) if as_json else "\n".join(_lines(document)))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a short report."""
    rows = [("column", "role", "missing", "first", "reason")]
    for column in document["columns"]:
        first = column["first"]
        text = "" if first is None else f"{first:.10g}" if isinstance(first, float) else first
        missing = f"{column['missing']:,}"
        rows.append((column["name"][:_SHOWN], column["role"], missing, text[:_SHOWN], column["reason"]))
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield from (f"note: {note}" for note in document["notes"])
    size = f"{document['parameters']['width']} x {document['parameters']['height']}"
    yield (
        f"{document['rows']:,} rows of {document['dimension']:,} values on a map of {size} units take some "
        f"{duration(document['seconds'])}; the weights have {document['bytes']:,} bytes"
    )
    yield document["command"]
