"""Flags that say what to train on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from kohonen.cli.options import of
from kohonen.experiments.experiment import GENERATED, SOURCES, TABLE, Data

__all__ = ["GENERATED_BY_FLAGS", "data_flags", "data_of"]

Command = TypeVar("Command", bound=Callable[..., Any])

#: What flags say of data that are generated.
GENERATED_BY_FLAGS = {name: GENERATED[name] for name in ("samples", "dimension")}

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_SEVERAL = ("ignore", "categorical", "absent", "normalisation")
_ONE = {name: definition for name, definition in TABLE.items() if name not in _SEVERAL}


def data_flags(command: Command) -> Command:
    """Give a command the flags that say what to train on."""
    decorators = [
        click.option("--csv", type=_FILE, help="Train on a table, whose first line names its columns."),
        *(
            click.option(f"--{name}", multiple=True, help=f"Of --csv: {TABLE[name].help} May be given again.")
            for name in _SEVERAL
        ),
        of(_ONE),
        click.option("--npy", type=_FILE, help="Train on an array of shape (samples, values)."),
        click.option("--image", type=_FILE, help="Train on the colours of an image."),
        click.option("--image-colours", type=int, help="How many of them, 256 at most.  [default: 40]"),
        click.option("--colour", "colours", multiple=True, help="Train on CSS colours; may be given again."),
        of(GENERATED_BY_FLAGS, {"dimension": "input-dim"}),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def data_of(options: Mapping[str, Any]) -> Data | None:
    """Return the data that flags name, of which there may be one kind."""
    named = {
        kind: Data(kind, {"path": str(options[kind].absolute())})
        for kind in ("csv", "npy", "image")
        if options[kind] is not None
    }
    if options["colours"]:
        named["colours"] = Data("colours", {"values": list(options["colours"])})
    if len(named) > 1:
        raise click.UsageError("give one of --csv, --npy, --image and --colour")
    if options["image_colours"] is not None:
        _only_with(named, "image", "--image-colours")
        count = SOURCES["image"].fields["colours"].check("--image-colours", options["image_colours"])
        named["image"].options["colours"] = count
    for name in TABLE:
        if options[name]:
            _only_with(named, "csv", f"--{name}")
            value = options[name]
            if name == "normalisation":
                value = _normalisation(value)
            named["csv"].options[name] = list(value) if isinstance(value, tuple) else value
    return next(iter(named.values()), None)


def _only_with(named: Mapping[str, Data], kind: str, flag: str) -> None:
    if kind not in named:
        raise click.UsageError(f"{flag} goes with --{kind}")


def _normalisation(texts: tuple[str, ...]) -> str | dict[str, str]:
    """Return one for all columns, or by name: ``none``, or ``price:robust`` and so on."""
    if len(texts) == 1 and ":" not in texts[0]:
        return texts[0]
    if not all(":" in text for text in texts):
        raise click.UsageError("--normalisation is one for all columns, or COLUMN:NORMALISATION for each")
    return {name: chosen for name, _, chosen in (text.rpartition(":") for text in texts)}
