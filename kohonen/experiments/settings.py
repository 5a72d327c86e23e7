"""Settings in one order of precedence: flag, environment or ``.env``, experiment's file, default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

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
from kohonen.parameters import DEFINITIONS, Definition, Parameters

__all__ = ["VARIABLES", "Layer", "Variable", "combine", "environment", "read_environment"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment: the section and the field that it sets, and what that is."""

    section: str
    name: str
    definition: Definition


def _of(names: list[str]) -> dict[str, Variable]:
    return {f"SOM_{name.upper()}": Variable("parameters", name, PARAMETERS[name]) for name in names}


#: What the environment may set. These drive the command line and nothing else.
VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        **_of(["width", "height"]),
        "SOM_INPUT_DIM": Variable("generated", "dimension", GENERATED["dimension"]),
        "SOM_SAMPLES": Variable("generated", "samples", GENERATED["samples"]),
        **_of(["iterations", "learning_rate", "sigma", "batch_size", "random_state"]),
        "SOM_RUN_NAME": Variable("run", "run_name", RUN_NAME),
        "SOM_VERBOSE": Variable("run", "verbose", Definition("Whether to tell more.", bool, default=False)),
    }
)

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(slots=True)
class Layer:
    """What one place says of an experiment; what is None or not there is left to the next.

    Attributes
    ----------
    parameters, generated, output : dict
        Fields of these sections.
    batch_size, data, run_name, keep_data, observers, code
        As in `Experiment`.
    verbose : bool or None
        Whether to tell more.
    stem : str or None
        What the run is called where nobody names it.
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
    """Return the environment over what the file ``.env`` of a folder, by default the current one, says."""
    from dotenv import dotenv_values

    path = (folder or Path.cwd()) / ".env"
    written = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return {**written, **os.environ}


def read_environment(variables: Mapping[str, str]) -> Layer:
    """Read what an environment says; an empty variable says nothing.

    Raises
    ------
    InvalidExperimentError
        When a variable cannot be understood.
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
    """Return what a text stands for, or the text where it does not."""
    if kind is bool:
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    try:
        return kind(text)
    except ValueError:
        return text


def combine(
    *, flags: Layer | None = None, variables: Layer | None = None, file: Layer | None = None
) -> Experiment:
    """Return the experiment that flags over variables over a file over defaults say.

    Raises
    ------
    InvalidParameterError, InvalidExperimentError
        When what they say does not go together.
    """
    layers = [layer for layer in (flags, variables, file) if layer is not None]
    chosen = _merged(layers, "parameters")
    parameters = Parameters(**{name: chosen.get(name, one.default) for name, one in DEFINITIONS.items()})
    output = _merged(layers, "output")
    options: dict[str, Any] = {
        name: value
        for name in ("batch_size", "keep_data", "observers", "code")
        if (value := _first(layers, name)) is not None
    }
    return Experiment(
        run_name=_first(layers, "run_name") or _first(layers, "stem") or _called(parameters),
        data=_data(layers, flags),
        parameters=parameters,
        output=Output(**{name: output.get(name, one.default) for name, one in OUTPUT.items()}),
        **options,
    )


def _called(parameters: Parameters) -> str:
    return f"som-{parameters.width}x{parameters.height}-{parameters.iterations}"


def _merged(layers: list[Layer], section: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged |= getattr(layer, section)
    return merged


def _first(layers: list[Layer], name: str) -> Any:
    return next((value for layer in layers if (value := getattr(layer, name)) is not None), None)


def _data(layers: list[Layer], flags: Layer | None) -> Data:
    """Return the data; how many are generated may be said by every layer, where they are generated."""
    data = _first(layers, "data") or Data("random", {})
    if data.kind != "random":
        if flags is not None and flags.generated:
            raise InvalidExperimentError(
                f"--samples and --input-dim are for generated data, but the data are given ({data.kind})"
            )
        fields = SOURCES[data.kind].fields
        return Data(data.kind, {**_defaults(fields), **data.options}, data.fingerprint)
    return Data("random", {**_defaults(GENERATED), **data.options, **_merged(layers, "generated")})


def _defaults(fields: Mapping[str, Definition]) -> dict[str, Any]:
    return {name: one.default for name, one in fields.items() if one.default is not None}
