"""Command-line options made from parameter definitions."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from kohonen.parameters import AUTO, Definition

__all__ = ["given", "options_of", "verbosity"]

Command = TypeVar("Command", bound=Callable[..., Any])


class _OrAuto(click.types.IntParamType):
    """An integer, or "auto"."""

    name = "integer|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == AUTO else super().convert(value, param, ctx)


def options_of(
    definitions: Mapping[str, Definition], names: Mapping[str, str] | None = None
) -> Callable[[Command], Command]:
    """Return a decorator that adds an option for each definition to a command.

    An option that is not given is None: then the environment, the file or the default applies.

    Parameters
    ----------
    definitions : mapping of str to Definition
        The definitions by the name of the command's argument.
    names : mapping of str to str, optional
        The names of options that differ from the argument's.
    """

    def decorate(command: Command) -> Command:
        for name, definition in reversed(list(definitions.items())):
            flag = "--" + (names or {}).get(name, name).replace("_", "-")
            command = click.option(*_declarations(flag, name, definition), **_settings(definition))(command)
        return command

    return decorate


def given(values: Mapping[str, Any], definitions: Mapping[str, Definition]) -> dict[str, Any]:
    """Return the options that were given, validated."""
    return {
        name: definition.check(name, values[name])
        for name, definition in definitions.items()
        if values[name] is not None
    }


def verbosity(command: Command) -> Command:
    """Add ``--quiet`` and ``--verbose`` to a command."""
    command = click.option("-v", "--verbose", is_flag=True, default=None, help="Print more details.")(command)
    return click.option("-q", "--quiet", is_flag=True, help="Print only errors.")(command)


def _declarations(flag: str, name: str, definition: Definition) -> list[str]:
    return [f"{flag}/--no-{flag[2:]}" if definition.kind is bool else flag, name]


def _settings(definition: Definition) -> dict[str, Any]:
    default = "" if definition.default is None else f"  [default: {_text(definition.default)}]"
    options: dict[str, Any] = {"default": None, "help": definition.help + default}
    if definition.choices:
        options["type"] = click.Choice([*definition.choices, *([AUTO] if definition.auto else [])])
    elif definition.auto:
        options["type"] = _OrAuto()
    elif definition.kind is not bool:
        options["type"] = definition.kind
    return options


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
