"""The command ``kohonen look``, which shows how a table would be read."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from kohonen.cli.data import table_flags, table_options
from kohonen.cli.options import given, options_of
from kohonen.cli.progress import duration
from kohonen.experiments.sources import in_file
from kohonen.experiments.table import ROLES
from kohonen.inputs.tables import look_csv
from kohonen.parameters import DEFINITIONS, Parameters
from kohonen.plan import plan

__all__ = ["look"]

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
#: Characters of a value in the table.
_SHOWN = 20


@click.command()
@click.argument("file", type=_FILE)
@table_flags
@options_of(DEFINITIONS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def look(file: Path, as_json: bool, **options: Any) -> None:
    """Show what each column of a table is, and why, and what a training would do.

    FILE is a table, such as CSV. Nothing is trained.
    """
    wanted = table_options(options)
    parameters = {name: one.default for name, one in DEFINITIONS.items()} | given(options, DEFINITIONS)
    with in_file(file):
        found = look_csv(file, **{name: wanted.get(name) for name in ROLES}, **wanted.get("dialect", {}))
    others: dict[str, Any] = {name: wanted[name] for name in ("normalisation", "missing") if name in wanted}
    document = plan(found, Parameters(**parameters), options=others, file=str(file))
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
