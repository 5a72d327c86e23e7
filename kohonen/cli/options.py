"""Options of commands, from the definitions of what they set."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from kohonen.parameters import Definition

__all__ = ["given", "loudness", "of"]

Command = TypeVar("Command", bound=Callable[..., Any])


def of(
    definitions: Mapping[str, Definition], names: Mapping[str, str] | None = None
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command an option for each definition.

    What is not given is None, so that environment and file have their say.

    Parameters
    ----------
    definitions : mapping of str to Definition
        By the name of the command's argument.
    names : mapping of str to str, optional
        What options are called that are called otherwise.
    """

    def decorate(command: Command) -> Command:
        for name, definition in reversed(list(definitions.items())):
            flag = "--" + (names or {}).get(name, name).replace("_", "-")
            command = click.option(*_spelt(flag, name, definition), **_kind(definition))(command)
        return command

    return decorate


def given(values: Mapping[str, Any], definitions: Mapping[str, Definition]) -> dict[str, Any]:
    """Return the options that were given, checked."""
    return {
        name: definition.check(name, values[name])
        for name, definition in definitions.items()
        if values[name] is not None
    }


def loudness(command: Command) -> Command:
    """Give a command ``--quiet`` and ``--verbose``."""
    command = click.option("-v", "--verbose", is_flag=True, default=None, help="Tell more.")(command)
    return click.option("-q", "--quiet", is_flag=True, help="Tell nothing but errors.")(command)


def _spelt(flag: str, name: str, definition: Definition) -> list[str]:
    return [f"{flag}/--no-{flag[2:]}" if definition.kind is bool else flag, name]


def _kind(definition: Definition) -> dict[str, Any]:
    default = "" if definition.default is None else f"  [default: {_told(definition.default)}]"
    options: dict[str, Any] = {"default": None, "help": definition.help + default}
    if definition.choices:
        options["type"] = click.Choice(definition.choices)
    elif definition.kind is not bool:
        options["type"] = definition.kind
    return options


def _told(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
