"""Command-line flags for the training data."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from kohonen.cli.options import options_of
from kohonen.experiments.experiment import GENERATED, SOURCES, Data
from kohonen.experiments.table import DIALECT, ROLES, TABLE

__all__ = ["GENERATED_BY_FLAGS", "data_flags", "data_of", "table_flags", "table_options"]

Command = TypeVar("Command", bound=Callable[..., Any])

#: The settings of generated data that have flags.
GENERATED_BY_FLAGS = {name: GENERATED[name] for name in ("samples", "dimension")}

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
#: Flags that may be given several times.
_SEVERAL = {
    name: definition
    for name, definition in {**ROLES, **DIALECT, **TABLE}.items()
    if definition.kind is object
}
_ONE = {
    name: definition._replace(choices=("true", "false")) if name == "header" else definition
    for name, definition in {**DIALECT, **TABLE}.items()
    if name == "header" or name not in (*_SEVERAL, "dialect")
}


def table_flags(command: Command) -> Command:
    """Add the flags of a table's columns and file to a command."""
    command = options_of(_ONE)(command)
    for name, definition in reversed(_SEVERAL.items()):
        if name != "header":
            flag = click.option(f"--{name}", multiple=True, help=f"{definition.help} Repeatable.")
            command = flag(command)
    return command


def data_flags(command: Command) -> Command:
    """Add the flags of the training data to a command."""
    decorators = [
        click.option("--csv", type=_FILE, help="Train on a table."),
        table_flags,
        click.option("--npy", type=_FILE, help="Train on an array of shape (samples, values)."),
        click.option("--image", type=_FILE, help="Train on the colours of an image."),
        click.option(
            "--image-colours", type=int, help="Number of these colours, at most 256.  [default: 40]"
        ),
        click.option("--colour", "colours", multiple=True, help="Train on a CSS colour. Repeatable."),
        options_of(GENERATED_BY_FLAGS, {"dimension": "input-dim"}),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def table_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a table that are given by flags, as an experiment has them."""
    given = {
        name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value
    }
    found = {name: given[name] for name in (*ROLES, "missing") if name in given}
    if "normalisation" in given:
        found["normalisation"] = _normalisation(given["normalisation"])
    dialect = {name: given[name] for name in DIALECT if name in given}
    return {**found, "dialect": dialect} if dialect else found


def data_of(options: Mapping[str, Any]) -> Data | None:
    """Return the data given by flags, of one kind at most."""
    named = {
        kind: Data(kind, {"path": str(options[kind].absolute())})
        for kind in ("csv", "npy", "image")
        if options[kind] is not None
    }
    if options["colours"]:
        named["colours"] = Data("colours", {"values": list(options["colours"])})
    if len(named) > 1:
        raise click.UsageError("use only one of --csv, --npy, --image and --colour")
    if options["image_colours"] is not None:
        _only_with(named, "image", "--image-colours")
        count = SOURCES["image"].fields["colours"].check("--image-colours", options["image_colours"])
        named["image"].options["colours"] = count
    for name, value in table_options(options).items():
        _only_with(named, "csv", f"--{next(iter(value)) if name == 'dialect' else name.replace('_', '-')}")
        named["csv"].options[name] = value
    return next(iter(named.values()), None)


def _only_with(named: Mapping[str, Data], kind: str, flag: str) -> None:
    if kind not in named:
        raise click.UsageError(f"{flag} needs --{kind}")


def _normalisation(texts: Sequence[str]) -> str | dict[str, str]:
    """Parse a normalisation of all columns, as in ``none``, or of columns, as in ``price:robust``."""
    if len(texts) == 1 and ":" not in texts[0]:
        return texts[0]
    if not all(":" in text for text in texts):
        raise click.UsageError(
            "--normalisation must be one normalisation for all columns, or COLUMN:NORMALISATION for each"
        )
    return {name: chosen for name, _, chosen in (text.rpartition(":") for text in texts)}
