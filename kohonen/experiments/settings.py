"""Merges settings by precedence: flags, environment or ``.env``, experiment's file, defaults."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kohonen.engines.sizes import settled
from kohonen.errors import InvalidExperimentError, KohonenError
from kohonen.experiments.experiment import (
    GENERATED,
    OUTPUT,
    PARAMETERS,
    RUN_NAME,
    SOURCES,
    Data,
    Experiment,
    Output,
    check_run_name,
)
from kohonen.parameters import Definition

__all__ = ["VARIABLES", "Layer", "Variable", "combine", "environment", "read_environment"]


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: the section and the field that it sets, and the field's definition."""

    section: str
    name: str
    definition: Definition


def _of(names: list[str]) -> dict[str, Variable]:
    return {f"SOM_{name.upper()}": Variable("parameters", name, PARAMETERS[name]) for name in names}


#: The environment variables of the command line; the service does not read them.
VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        **_of(["width", "height"]),
        "SOM_INPUT_DIM": Variable("generated", "dimension", GENERATED["dimension"]),
        "SOM_SAMPLES": Variable("generated", "samples", GENERATED["samples"]),
        **_of(["iterations", "learning_rate", "sigma", "final_sigma", "batch_size", "random_state"]),
        "SOM_RUN_NAME": Variable("run", "run_name", RUN_NAME),
        "SOM_VERBOSE": Variable(
            "run", "verbose", Definition("Whether to print more details.", bool, default=False)
        ),
    }
)

#: Characters of a file's name that the name of a run does not have.
_UNNAMED = re.compile("[^A-Za-z0-9._-]+")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(slots=True)
class Layer:
    """The settings of an experiment from one source; absent and None are left to the next source.

    `stem` is the default name of the run: the name of the file without its suffix.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    generated: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    data: Data | None = None
    run_name: str | None = None
    keep_data: bool | None = None
    observers: tuple[str, ...] | None = None
    code: Path | None = None
    verbose: bool | None = None
    stem: str | None = None


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return the environment merged over the file ``.env`` of a folder, by default the current one."""
    from dotenv import dotenv_values

    path = (folder or Path.cwd()) / ".env"
    written = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return {**written, **os.environ}


def read_environment(variables: Mapping[str, str]) -> Layer:
    """Read the settings in environment variables; empty variables are ignored.

    `InvalidExperimentError` is raised when the value of a variable is invalid.
    """
    layer = Layer()
    for name, variable in VARIABLES.items():
        text = variables.get(name, "").strip()
        if not text:
            continue
        try:
            value = variable.definition.check(name, _parse(text, variable.definition.kind))
            if variable.name == "run_name":
                value = check_run_name(value)
        except KohonenError as error:
            raise InvalidExperimentError(f"the variable {name}: {error}") from error
        match variable.section:
            case "parameters" if variable.name != "batch_size":
                layer.parameters[variable.name] = value
            case "generated":
                layer.generated[variable.name] = value
            case _:
                setattr(layer, variable.name, value)
    return layer


def _parse(text: str, kind: type) -> Any:
    """Parse a text as a value of a type; return the text itself if that fails."""
    if kind is bool:
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    try:
        return kind(text)
    except ValueError:
        return text


def combine(
    *, flags: Layer | None = None, variables: Layer | None = None, file: Layer | None = None
) -> Experiment:
    """Merge flags, variables, a file and defaults, in this precedence, into an experiment.

    `InvalidParameterError` or `InvalidExperimentError` is raised when the merged settings are inconsistent.
    """
    layers = [layer for layer in (flags, variables, file) if layer is not None]
    data = _data(layers, flags)
    parameters, auto = settled(_merged(layers, "parameters"))
    if data.are_colours:
        auto = frozenset()
    default_name = f"som-{parameters.width}x{parameters.height}-{parameters.iterations}"
    if auto & {"width", "height", "iterations"}:
        default_name = f"som-{_UNNAMED.sub('-', Path(data.options.get('path', data.kind)).stem)}"
    output = _merged(layers, "output")
    options: dict[str, Any] = {
        name: value
        for name in ("batch_size", "keep_data", "observers", "code")
        if (value := _first(layers, name)) is not None
    }
    return Experiment(
        run_name=_first(layers, "run_name") or _first(layers, "stem") or default_name,
        data=data,
        parameters=parameters,
        auto=auto,
        output=Output(**{name: output.get(name, one.default) for name, one in OUTPUT.items()}),
        **options,
    )


def _merged(layers: list[Layer], section: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged |= getattr(layer, section)
    return merged


def _first(layers: list[Layer], name: str) -> Any:
    return next((value for layer in layers if (value := getattr(layer, name)) is not None), None)


def _data(layers: list[Layer], flags: Layer | None) -> Data:
    """Return the data; for generated data, merge the settings of all layers."""
    data = _first(layers, "data") or Data("random", {})
    if data.kind != "random":
        if flags is not None and flags.generated:
            raise InvalidExperimentError(
                f"--samples and --input-dim are for generated data only, but the data are {data.kind!r}"
            )
        fields = SOURCES[data.kind].fields
        return Data(data.kind, {**_defaults(fields), **data.options}, data.fingerprint)
    return Data("random", {**_defaults(GENERATED), **data.options, **_merged(layers, "generated")})


def _defaults(fields: Mapping[str, Definition]) -> dict[str, Any]:
    return {name: one.default for name, one in fields.items() if one.default is not None}
